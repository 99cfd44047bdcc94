#include "fhir/decode_parts.h"
#include "fhir/schema.h"
#include "fhir/task_moves.h"
#include "fhir/types.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- what is wanted --------------------------------------------------------------------------------------------------- */

struct wish {
    struct fhir_decoder decoder; /* arena, issues and resources are what is used of it */
    const struct fhir_task_now *now;
    const struct fhir_task_request *request;
    struct fhir_place *task;
    const char *status, *business; /* as they were sent; business "": none */
    char from[40], to[40];         /* places */
    int64_t visit_from, visit_to;  /* of an appointment that is spoken of; 0 */
    struct fhir_place *visit;      /* where that stands */
    bool says_more;                /* a note or an output that was not there */
    Fascia__Command *command;
};

static const char *path(struct wish *wish, const char *name)
{
    return fhir_arena_format(wish->decoder.arena, "Task.%s", name);
}

static void conflict(struct wish *wish, const char *expression, const char *text)
{
    fhir_issue_add(
        wish->decoder.issues,
        (struct fhir_issue){
            .severity = FHIR_ERROR, .code = "conflict", .text = text, .expression = expression, .status = 409});
}

/* "5.1.1" by its code, or at the beginning of its words. "": there is none. */
static const char *business_code(struct wish *wish, struct fhir_place *concept)
{
    struct fhir_place *list = fhir_at(&wish->decoder, concept, "coding"), *coding;
    const char *words = fhir_words(&wish->decoder, concept);

    for (size_t i = 0; (coding = fhir_nth(&wish->decoder, list, i)) != NULL; i++)
        if (strspn(fhir_peek(coding, "code"), "0123456789.") == strlen(fhir_peek(coding, "code")))
            return fhir_peek(coding, "code");
    return fhir_arena_text(wish->decoder.arena, words, strspn(words, "0123456789."));
}

static const char *status_of_business(const char *code)
{
    static const char *const statuses[][2] = {
        {"2.0", "received"},      {"3.0", "accepted"},      {"4.0", "rejected"},      {"5.1", "in-progress"},
        {"5.1.1", "in-progress"}, {"5.1.2", "in-progress"}, {"5.1.3", "in-progress"}, {"5.1.4", "in-progress"},
        {"5.2", "in-progress"},   {"6.0", "cancelled"},     {"7.0", "completed"}};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (strcmp(code, statuses[i][0]) == 0)
            return statuses[i][1];
    return NULL;
}

static void write_place(char place[40], const char *status, const char *business)
{
    bool moving = strcmp(status, "in-progress") == 0;

    snprintf(place, 40, "%.20s%s%.10s", status, moving ? " " : "", moving ? business : "");
}

/* What says the same as before was not changed: of two that differ, the one that was changed counts. */
static bool read_wish(struct wish *wish)
{
    const struct fhir_task_now *now = wish->now;
    struct fhir_place *concept = fhir_at(&wish->decoder, wish->task, "businessStatus");
    const char *of_business;
    bool status_changed, business_changed;

    wish->status = fhir_peek(wish->task, "status");
    wish->business = business_code(wish, concept);
    of_business = status_of_business(wish->business);
    if (concept != NULL && of_business == NULL && wish->business[0] != '\0') {
        fhir_issue_rule(
            wish->decoder.issues, "code-invalid", path(wish, "businessStatus"),
            "the business status is one of 2.0, 3.0, 4.0, 5.1, 5.1.1, 5.1.2, 5.1.3, 5.1.4, 5.2, 6.0 and 7.0");
        return false;
    }
    status_changed = strcmp(wish->status, now->status) != 0;
    business_changed = wish->business[0] != '\0' && strcmp(wish->business, now->business_status) != 0;
    if (!business_changed)
        wish->business = status_changed ? "" : now->business_status;
    if (business_changed && !status_changed)
        wish->status = of_business;
    if (status_changed && business_changed && strcmp(of_business, wish->status) != 0) {
        fhir_issue_rule(wish->decoder.issues, "business-rule", path(wish, "businessStatus"),
                        "status and businessStatus contradict one another: this business status goes with status %s",
                        of_business);
        return false;
    }
    write_place(wish->from, now->status, now->business_status);
    write_place(wish->to, wish->status, wish->business);
    return true;
}

/* ---- what else the Task says ------------------------------------------------------------------------------------------- */

/* Of a Task these may change; all the rest is the node's, or stands as the referrer wrote it. */
static bool may_change(const char *name)
{
    static const char *const names[] = {"status", "businessStatus", "statusReason", "executionPeriod", "note",
                                        "input",  "output",         "contained",    "lastModified",    "meta",
                                        "text",   "owner",          "description",  "resourceType",    "id"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static void check_unchanged(struct wish *wish)
{
    const struct fhir_json *before = wish->now->task;

    if (before == NULL)
        return;
    for (struct fhir_json_walk walk = fhir_json_walk(wish->task->value); fhir_json_next(&walk);) {
        const struct fhir_json *was = fhir_json_get(before, walk.name);
        if (!may_change(walk.name) && !fhir_json_same(was, walk.value))
            fhir_issue_rule(wish->decoder.issues, "business-rule",
                            fhir_path(&wish->decoder, fhir_at(&wish->decoder, wish->task, walk.name)),
                            "this element of a Task can't be changed");
    }
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "note" : "output";
        const struct fhir_json *list = fhir_json_get(wish->task->value, name);
        wish->says_more = wish->says_more || (list != NULL && !fhir_json_same(list, fhir_json_get(before, name)));
    }
}

static bool read_stretch(struct wish *wish, struct fhir_place *place, const char *from, const char *to)
{
    int64_t begin, end = 0;

    if (place == NULL || !fhir_instant_of(fhir_peek(place, from), &begin))
        return false;
    fhir_instant_of(fhir_peek(place, to), &end);
    wish->visit_from = begin;
    wish->visit_to = end > begin ? end : 0;
    wish->visit = place;
    return true;
}

/* An Appointment that is contained, else the period of execution. An Appointment elsewhere was made by somebody else. */
static void read_visit(struct wish *wish)
{
    static const char *const lists[] = {"output", "input"};
    struct fhir_decoder *decoder = &wish->decoder;
    struct fhir_place *entry;

    for (size_t i = 0; i < 2; i++) {
        struct fhir_place *list = fhir_at(decoder, wish->task, lists[i]);
        for (size_t j = 0; (entry = fhir_nth(decoder, list, j)) != NULL; j++) {
            struct fhir_resource *found = fhir_resolve(decoder, fhir_at(decoder, entry, "valueReference"));
            if (found != NULL && strcmp(found->type, "Appointment") == 0 &&
                read_stretch(wish, found->place, "start", "end"))
                return;
            if (read_stretch(wish, fhir_at(decoder, entry, "valuePeriod"), "start", "end"))
                return;
        }
    }
    /* As it was shown, it is of visits that took place. */
    entry = fhir_at(decoder, wish->task, "executionPeriod");
    if (entry != NULL && !fhir_json_same(entry->value, fhir_json_get(wish->now->task, "executionPeriod")))
        read_stretch(wish, entry, "start", "end");
}

static const char *notes_of(struct wish *wish)
{
    struct fhir_place *list = fhir_at(&wish->decoder, wish->task, "note"), *note;
    size_t before = fhir_json_size(fhir_json_get(wish->now->task, "note"));
    const char *text = "";

    for (size_t i = before; i < before + FHIR_PARTS && (note = fhir_nth(&wish->decoder, list, i)) != NULL; i++)
        text = text[0] == '\0' ? fhir_peek(note, "text")
                               : fhir_arena_format(wish->decoder.arena, "%s\n%s", text, fhir_peek(note, "text"));
    return text;
}

/* ---- the outcome ---------------------------------------------------------------------------------------------------------- */

static bool is_about(struct wish *wish, struct fhir_place *output, const char *code, const char *word, const char *also)
{
    struct fhir_place *type = fhir_at(&wish->decoder, output, "type");
    const char *words = fhir_words(&wish->decoder, type);

    return fhir_has_code(&wish->decoder, type, code) ||
           (strcasestr(words, word) != NULL && (also == NULL || strcasestr(words, also) != NULL));
}

/* Of valueInteger, valueUnsignedInt, valueDecimal, valueQuantity. */
static bool number_of(struct wish *wish, struct fhir_place *output, uint32_t *number)
{
    static const char *const names[] = {"valueInteger", "valueUnsignedInt", "valuePositiveInt", "valueDecimal"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (fhir_read_count(&wish->decoder, output, names[i], number))
            return true;
    return fhir_read_count(&wish->decoder, fhir_at(&wish->decoder, output, "valueQuantity"), "value", number);
}

static const char *text_of(struct wish *wish, struct fhir_place *output)
{
    static const char *const names[] = {"valueString", "valueMarkdown", "valueCode"};
    const char *text = "";

    for (size_t i = 0; text[0] == '\0' && i < sizeof names / sizeof names[0]; i++)
        text = fhir_peek(output, names[i]);
    if (text[0] == '\0')
        text = fhir_words(&wish->decoder, fhir_at(&wish->decoder, output, "valueCodeableConcept"));
    return text;
}

/* FHIR's goal-achievement, and plain words. "": none of them. */
static const char *goal_of(struct wish *wish, struct fhir_place *output)
{
    static const char *const goals[][2] = {{"not-met", "not-met"},
                                           {"not-achieved", "not-met"},
                                           {"not-attainable", "not-met"},
                                           {"no-progress", "not-met"},
                                           {"partly-met", "partly-met"},
                                           {"in-progress", "partly-met"},
                                           {"improving", "partly-met"},
                                           {"partially met", "partly-met"},
                                           {"met", "met"},
                                           {"achieved", "met"},
                                           {"sustaining", "met"}};
    const char *text = text_of(wish, output);

    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++)
        if (strcasecmp(text, goals[i][0]) == 0 ||
            fhir_has_code(&wish->decoder, fhir_at(&wish->decoder, output, "valueCodeableConcept"), goals[i][0]))
            return goals[i][1];
    return "";
}

static void read_output(struct wish *wish, struct fhir_place *output, Fascia__OutcomeReported *outcome)
{
    uint32_t number = 0;
    bool counted = number_of(wish, output, &number);
    const char *where = fhir_path(&wish->decoder, output);

    if (is_about(wish, output, "pain-before", "pain", "before") ||
        is_about(wish, output, "pain-after", "pain", "after")) {
        bool before = is_about(wish, output, "pain-before", "pain", "before");
        if (!counted || number > 10)
            fhir_issue_rule(wish->decoder.issues, "value", where, "pain is a whole number from 0 to 10");
        else if (before)
            outcome->pain_before = (int32_t)number;
        else
            outcome->pain_after = (int32_t)number;
    } else if (is_about(wish, output, "visits", "visits", NULL)) {
        if (!counted)
            fhir_issue_rule(wish->decoder.issues, "value", where, "the number of visits is a whole number");
        outcome->visits = number;
    } else if (is_about(wish, output, "goal", "goal", NULL)) {
        outcome->goal = OWNED(goal_of(wish, output));
        if (outcome->goal[0] == '\0')
            fhir_issue_rule(wish->decoder.issues, "code-invalid", where,
                            "whether the goal was met is told as met, partly-met or not-met");
    } else if (text_of(wish, output)[0] != '\0') {
        const char *text = text_of(wish, output);
        outcome->summary = OWNED(outcome->summary[0] == '\0'
                                     ? text
                                     : fhir_arena_format(wish->decoder.arena, "%s\n%s", outcome->summary, text));
    }
}

static Fascia__OutcomeReported *outcome_of(struct wish *wish)
{
    struct fhir_place *list = fhir_at(&wish->decoder, wish->task, "output"), *output;
    Fascia__OutcomeReported *outcome = fhir_arena_take(wish->decoder.arena, sizeof *outcome);

    fascia__outcome_reported__init(outcome);
    outcome->pain_before = outcome->pain_after = -1;
    for (size_t i = 0; i < 5 * FHIR_PARTS && (output = fhir_nth(&wish->decoder, list, i)) != NULL; i++)
        read_output(wish, output, outcome);
    if (outcome->summary[0] == '\0')
        outcome->summary = OWNED(notes_of(wish));
    if (outcome->summary[0] == '\0')
        fhir_issue_rule(wish->decoder.issues, "required", path(wish, "output"),
                        "say how it went: an output of type summary with a valueString, or a note");
    return outcome;
}

/* ---- commands ---------------------------------------------------------------------------------------------------------------- */

static void make_accept(struct wish *wish)
{
    Fascia__Accept *accept = fhir_arena_take(wish->decoder.arena, sizeof *accept);

    fascia__accept__init(accept);
    accept->referral = wish->now->referral;
    accept->therapist = OWNED(wish->now->therapist);
    accept->from = wish->visit_from;
    wish->command->accept = accept;
    wish->command->body_case = FASCIA__COMMAND__BODY_ACCEPT;
}

static void make_decline(struct wish *wish)
{
    static const char *const codes[] = {"no-time", "not-my-field", "too-far", "patient-known"};
    struct fhir_place *reason = fhir_at(&wish->decoder, wish->task, "statusReason");
    Fascia__Decline *decline = fhir_arena_take(wish->decoder.arena, sizeof *decline);

    fascia__decline__init(decline);
    decline->referral = wish->now->referral;
    decline->therapist = OWNED(wish->now->therapist);
    decline->reason_code = OWNED("other");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (fhir_has_code(&wish->decoder, reason, codes[i]))
            decline->reason_code = OWNED(codes[i]);
    decline->reason = OWNED(fhir_words(&wish->decoder, reason));
    if (strcmp(decline->reason, decline->reason_code) == 0)
        decline->reason = OWNED("");
    wish->command->decline = decline;
    wish->command->body_case = FASCIA__COMMAND__BODY_DECLINE;
}

static void make_book(struct wish *wish, bool move)
{
    Fascia__Book *book = fhir_arena_take(wish->decoder.arena, sizeof *book);
    int64_t minutes = wish->visit_to > wish->visit_from ? (wish->visit_to - wish->visit_from) / 60000 : 0;

    fascia__book__init(book);
    book->referral = wish->now->referral;
    book->from = wish->visit_from;
    book->minutes = minutes <= 1440 ? (uint32_t)minutes : 1440;
    /* A missed visit is over: another time for it is another visit. */
    book->move = move && wish->now->visit_from != 0;
    if (wish->visit_from == 0)
        fhir_issue_rule(wish->decoder.issues, "required", path(wish, "executionPeriod"),
                        "say when: a contained Appointment in output, or executionPeriod, with time and zone");
    wish->command->book = book;
    wish->command->body_case = FASCIA__COMMAND__BODY_BOOK;
}

static void make_end(struct wish *wish, Fascia__VisitEnded__How how)
{
    Fascia__EndVisit *end = fhir_arena_take(wish->decoder.arena, sizeof *end);
    const char *reason = fhir_words(&wish->decoder, fhir_at(&wish->decoder, wish->task, "statusReason"));

    fascia__end_visit__init(end);
    end->referral = wish->now->referral;
    end->how = how;
    end->note = OWNED(notes_of(wish));
    if (end->note[0] == '\0' && how != FASCIA__VISIT_ENDED__HOW__DONE)
        end->note = OWNED(reason);
    wish->command->end_visit = end;
    wish->command->body_case = FASCIA__COMMAND__BODY_END_VISIT;
}

static void make_outcome(struct wish *wish)
{
    Fascia__ReportOutcome *report = fhir_arena_take(wish->decoder.arena, sizeof *report);

    fascia__report_outcome__init(report);
    report->referral = wish->now->referral;
    report->outcome = outcome_of(wish);
    wish->command->report_outcome = report;
    wish->command->body_case = FASCIA__COMMAND__BODY_REPORT_OUTCOME;
}

static void make_cancel(struct wish *wish)
{
    struct fhir_arena *arena = wish->decoder.arena;
    Fascia__Submit *submit = fhir_arena_take(arena, sizeof *submit);
    Fascia__Referral *referral = fhir_arena_take(arena, sizeof *referral);
    const char *reason = fhir_words(&wish->decoder, fhir_at(&wish->decoder, wish->task, "statusReason"));

    fascia__submit__init(submit);
    fascia__referral__init(referral);
    submit->action = FASCIA__SUBMIT__ACTION__CANCEL;
    submit->referral = referral;
    submit->reason = OWNED(reason[0] != '\0' ? reason : notes_of(wish));
    if (wish->request != NULL) {
        referral->sender = OWNED(wish->request->sender);
        referral->sender_referral_id = OWNED(wish->request->sender_referral_id);
    }
    wish->command->submit = submit;
    wish->command->body_case = FASCIA__COMMAND__BODY_SUBMIT;
}

static void make(struct wish *wish, enum fhir_task_trigger trigger)
{
    switch (trigger) {
    case FHIR_TASK_ACCEPT:
        make_accept(wish);
        break;
    case FHIR_TASK_DECLINE:
        make_decline(wish);
        break;
    case FHIR_TASK_REQUEST_CANCELLATION:
        make_cancel(wish);
        break;
    case FHIR_TASK_SCHEDULE:
    case FHIR_TASK_RESCHEDULE:
        make_book(wish, trigger == FHIR_TASK_RESCHEDULE);
        break;
    case FHIR_TASK_NO_SHOW:
        make_end(wish, FASCIA__VISIT_ENDED__HOW__NO_SHOW);
        break;
    case FHIR_TASK_CANCEL_APPOINTMENT:
        make_end(wish, FASCIA__VISIT_ENDED__HOW__CANCELLED);
        break;
    case FHIR_TASK_INTERIM_NOTE:
        make_end(wish, FASCIA__VISIT_ENDED__HOW__DONE);
        break;
    case FHIR_TASK_OUTCOME:
        make_outcome(wish);
        break;
    default: /* sent already; a cancellation needs no confirming here */
        break;
    }
}

/* ---- choosing the row ----------------------------------------------------------------------------------------------------------- */

/* "in-progress" without more is what the rest says: an appointment, or else that it has begun. */
static bool fits(struct wish *wish, const struct fhir_task_row *row)
{
    bool booking = row->trigger == FHIR_TASK_SCHEDULE || row->trigger == FHIR_TASK_RESCHEDULE;

    if (strcmp(row->from, wish->from) != 0)
        return false;
    if (strcmp(row->from, row->to) == 0 && strcmp(row->to, wish->to) == 0)
        return booking ? wish->visit_from != 0 && wish->visit_from != wish->now->visit_from : wish->says_more;
    if (strcmp(wish->to, "in-progress ") == 0)
        return strcmp(row->to, wish->visit_from != 0 ? "in-progress 5.1.1" : "in-progress 5.1.4") == 0;
    if (strcmp(row->to, wish->to) != 0)
        return false;
    return strcmp(row->to, "in-progress 5.1") != 0 || booking == (wish->visit_from != 0);
}

static const char *ways_out(struct wish *wish)
{
    const char *ways = "";
    size_t count;
    const struct fhir_task_row *rows = fhir_task_rows(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].from, wish->from) != 0 || (rows[i].actor & wish->now->actors) == 0 ||
            strstr(ways, rows[i].to) != NULL)
            continue;
        ways = ways[0] == '\0' ? rows[i].to : fhir_arena_format(wish->decoder.arena, "%s, %s", ways, rows[i].to);
    }
    return ways;
}

static void refuse(struct wish *wish, const struct fhir_task_row *other)
{
    const char *ways = ways_out(wish);

    if (other != NULL) {
        fhir_issue_rule(wish->decoder.issues, "forbidden", path(wish, "status"), "%s is for %s to do: %s",
                        fhir_task_trigger_name(other->trigger),
                        other->actor == FHIR_INITIATOR ? "who refers" : "who treats",
                        ways[0] != '\0' ? fhir_arena_format(wish->decoder.arena, "from here you may make it %s", ways)
                                        : "there is nothing here that you may change");
        return;
    }
    conflict(wish, path(wish, "status"),
             fhir_arena_format(wish->decoder.arena, "a Task that is %s can't become this; %s%s", wish->from,
                               ways[0] != '\0' ? "you may make it " : "it is not yours to change any more", ways));
}

static void choose(struct wish *wish)
{
    size_t count;
    const struct fhir_task_row *rows = fhir_task_rows(&count), *other = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!fits(wish, &rows[i]))
            continue;
        if ((rows[i].actor & wish->now->actors) == 0) {
            other = &rows[i];
            continue;
        }
        make(wish, rows[i].trigger);
        return;
    }
    if (strcmp(wish->from, wish->to) != 0 || other != NULL)
        refuse(wish, other);
}

Fascia__Command *fhir_task_command(struct fhir_arena *arena, const struct fhir_task_now *now,
                                   const struct fhir_task_request *request, struct fhir_place *place,
                                   struct fhir_issues *issues)
{
    struct fhir_resources resources = {0, 0, NULL};
    struct wish wish = {.now = now, .request = request, .task = place};
    size_t errors = issues->errors;

    wish.decoder = (struct fhir_decoder){.arena = arena, .issues = issues, .resources = &resources};
    wish.command = fhir_arena_take(arena, sizeof *wish.command);
    fascia__command__init(wish.command);
    if (strcmp(fhir_peek(place, "resourceType"), "Task") != 0) {
        fhir_issue_shape(issues, "structure", "", "a Task is expected: the object's resourceType says something else");
        return NULL;
    }
    fhir_schema_check(arena, place, issues);
    if (!fhir_resources_find(arena, place, &resources, issues) || !read_wish(&wish))
        return NULL;
    check_unchanged(&wish);
    read_visit(&wish);
    choose(&wish);
    return issues->errors > errors || wish.command->body_case == FASCIA__COMMAND__BODY__NOT_SET ? NULL : wish.command;
}
