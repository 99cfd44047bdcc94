#include "ctl/explanation.h"

#include "ctl/need.h"
#include "ctl/show.h"
#include "ctl/words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_MOST 14
#define BAR_SIZE   10
#define FATE_SIZE  120

int ctl_ask_explanation(struct ctl_call *call, uint64_t referral, uint64_t event, Fascia__ControlResponse **response)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ExplainMatch query = FASCIA__EXPLAIN_MATCH__INIT;

    query.referral = referral;
    query.event = event;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_EXPLAIN_MATCH;
    request.explain_match = &query;
    return ctl_ask(call, &request, response);
}

/* ---- gates in words ---- */

static const struct gate_words {
    const char *gate, *words;
    bool wish;
} gate_words[] = {{"named", "is the therapist that the referrer named", true},
                  {"distance", "is near enough", true},
                  {"mode", "makes this kind of visit", true},
                  {"accepting", "is accepting patients", false},
                  {"declined", "has not declined it, or let its offer expire", true},
                  {"profession", "is of a profession that fits", false},
                  {"licence", "has a valid licence where the patient is", false},
                  {"certification", "has the certifications", true},
                  {"technique", "offers the techniques", true},
                  {"condition", "treats the conditions", true},
                  {"caution", "offers what no caution rules out", false},
                  {"payer", "takes the patient's payer", true},
                  {"language", "speaks the language", true},
                  {"gender", "is of the gender asked for", true},
                  {"capacity", "has room for another case", false},
                  {"time", "has time when the patient has", true}};

static const struct gate_words *find_words(const char *gate)
{
    for (size_t i = 0; i < sizeof gate_words / sizeof gate_words[0]; i++)
        if (strcmp(gate_words[i].gate, gate) == 0)
            return &gate_words[i];
    return NULL;
}

const char *ctl_gate_words(const char *gate)
{
    const struct gate_words *words = find_words(gate);

    return words != NULL ? words->words : gate;
}

bool ctl_gate_is_wish(const char *gate)
{
    const struct gate_words *words = find_words(gate);

    return words != NULL && words->wish;
}

/* ---- bars ---- */

/* "#######..." */
static const char *bar(int64_t part, int64_t whole, char text[BAR_SIZE + 1])
{
    const int64_t filled = whole <= 0 || part <= 0 ? 0
                           : part >= whole         ? BAR_SIZE
                                                   : (part * BAR_SIZE + whole / 2) / whole;

    for (int i = 0; i < BAR_SIZE; i++)
        text[i] = i < filled ? '#' : '.';
    text[BAR_SIZE] = '\0';
    return text;
}

/* ---- the smallest thing to change ---- */

/* What is the law's, or the therapist's own, nobody can wish away. */
static bool can_be_wished(const Fascia__NearMiss *miss)
{
    for (size_t i = 0; i < miss->n_gates; i++)
        if (!ctl_gate_is_wish(miss->gates[i]))
            return false;
    return miss->n_gates > 0 && !miss->beyond_home_radius;
}

static bool is_measured_distance(const Fascia__NearMiss *miss, size_t gate)
{
    return strcmp(miss->gates[gate], "distance") == 0 && miss->distance > 0;
}

/* A distance that is known is asked for, a tenth of a kilometre rounded up; other wishes are dropped, with those that were dropped before. */
static void show_how_to_try(struct ctl_call *call, uint64_t referral, const Fascia__NearMiss *miss)
{
    const bool before = referral == 0 && call->without != NULL;
    const char *between = " --without ";

    if (!can_be_wished(miss))
        return;
    if (referral != 0)
        fprintf(call->out, "     try it: fasciactl match try R%" PRIu64, referral);
    else
        fputs("     try it: the same with", call->out);
    for (size_t i = 0; i < miss->n_gates; i++) {
        const uint32_t tenths = (miss->distance + 99) / 100;

        if (is_measured_distance(miss, i))
            fprintf(call->out, " --within %u.%u", tenths / 10, tenths % 10);
    }
    for (size_t i = 0; i < miss->n_gates; i++) {
        if (is_measured_distance(miss, i))
            continue;
        fputs(between, call->out);
        if (before && strcmp(between, ",") != 0)
            fprintf(call->out, "%s,", call->without);
        ctl_show_text(call->out, miss->gates[i]);
        between = ",";
    }
    fputc('\n', call->out);
}

static void show_misses(struct ctl_call *call, const Fascia__Explanation *explanation, uint64_t referral)
{
    for (size_t i = 0; i < explanation->n_near_misses; i++) {
        const Fascia__NearMiss *miss = explanation->near_misses[i];

        if (i == 0)
            fputs("the smallest change that finds somebody\n", call->out);
        else if (i == 1)
            fputs("other changes\n", call->out);
        fprintf(call->out, "  %zu  ", i + 1);
        ctl_show_text(call->out, miss->relaxation);
        if (miss->nearest[0] != '\0') {
            fputs("; the best of them is ", call->out);
            ctl_show_text(call->out, miss->nearest);
        }
        fputc('\n', call->out);
        if (i == 0)
            show_how_to_try(call, referral, miss);
    }
    if (explanation->passed == 0 && explanation->n_near_misses == 0)
        fputs(explanation->considered == 0       ? "there is nobody in the directory\n"
              : explanation->not_looked_into > 0 ? "whether a change would find somebody is not known before all have "
                                                   "been looked into: with a shorter distance they are fewer\n"
              : explanation->bounded             ? "no change was found, but not all calendars were looked into\n"
                                                 : "no change of one gate, or of two, would find somebody\n",
              call->out);
    if (explanation->passed == 0 || explanation->n_near_misses > 0)
        fputc('\n', call->out);
}

/* ---- what became of a candidate ---- */

static uint64_t event_of(const Fascia__ControlResponse *response, uint64_t event)
{
    const Fascia__ReferralDetail *detail = response->detail;

    for (size_t i = detail != NULL ? detail->n_history : 0; i > 0 && event == 0; i--)
        if (detail->history[i - 1]->event != NULL &&
            detail->history[i - 1]->event->body_case == FASCIA__EVENT__BODY_MATCHED)
            event = detail->history[i - 1]->sequence;
    return event;
}

static void describe_closed(const Fascia__OfferClosed *closed, char text[FATE_SIZE])
{
    char word[64];

    ctl_word(&fascia__offer_closed__how__descriptor, (int)closed->how, word);
    snprintf(text, FATE_SIZE, "%s%s%.40s", word, closed->reason_code[0] != '\0' ? ": " : "", closed->reason_code);
}

/* The last that the events after this one say of the therapist; "". */
static void find_fate(const Fascia__ControlResponse *response, uint64_t after, const char *therapist,
                      char text[FATE_SIZE])
{
    const Fascia__ReferralDetail *detail = response->detail;

    text[0] = '\0';
    for (size_t i = 0; detail != NULL && i < detail->n_history; i++) {
        const Fascia__Event *event = detail->history[i]->sequence > after ? detail->history[i]->event : NULL;

        if (event == NULL)
            continue;
        if (event->body_case == FASCIA__EVENT__BODY_OFFERED && strcmp(event->offered->therapist, therapist) == 0)
            snprintf(text, FATE_SIZE, "offered");
        else if (event->body_case == FASCIA__EVENT__BODY_ACCEPTED && strcmp(event->accepted->therapist, therapist) == 0)
            snprintf(text, FATE_SIZE, "accepted");
        else if (event->body_case == FASCIA__EVENT__BODY_OFFER_CLOSED &&
                 strcmp(event->offer_closed->therapist, therapist) == 0)
            describe_closed(event->offer_closed, text);
    }
}

/* ---- candidates ---- */

/* The parts of the first candidate are those of all; each is a column. */
static size_t part_columns(const Fascia__Explanation *explanation)
{
    const size_t count = explanation->n_candidates > 0 ? explanation->candidates[0]->n_parts : 0;

    return count < PARTS_MOST ? count : PARTS_MOST;
}

static char *name_columns(const Fascia__Explanation *explanation)
{
    char *titles = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&titles, &size);

    INVARIANT(out != NULL);
    fputs(">#|THERAPIST|>SCORE|OF ALL", out);
    for (size_t i = 0; i < part_columns(explanation); i++) {
        fputs("|>", out);
        for (const char *at = explanation->candidates[0]->parts[i]->name; *at != '\0'; at++)
            fputc(*at == '|' ? ' ' : toupper((unsigned char)*at), out);
    }
    fputs("|>KM|FIRST FREE|SINCE", out);
    fclose(out);
    return titles;
}

/* Of a part of the matcher's own, or of a policy's. */
static int32_t weight_of(const Fascia__Explanation *explanation, size_t part)
{
    const char *name = explanation->candidates[0]->parts[part]->name;

    for (size_t i = 0; i < explanation->n_policies; i++)
        if (strncmp(name, "policy:", 7) == 0 && strcmp(name + 7, explanation->policies[i]->name) == 0)
            return explanation->policies[i]->weight;
    return explanation->weights != NULL && part < explanation->weights->n_parts ? explanation->weights->parts[part] : 0;
}

static int64_t best_score(const Fascia__Explanation *explanation)
{
    int64_t all = 0;

    for (size_t i = 0; i < part_columns(explanation); i++)
        all += weight_of(explanation, i);
    return all;
}

static bool was_kept(const Fascia__Assignment *assignment, const char *therapist)
{
    for (size_t i = 0; assignment != NULL && i < assignment->n_kept; i++)
        if (strcmp(assignment->kept[i], therapist) == 0)
            return true;
    return false;
}

static void add_candidate(struct ctl_table *table, const Fascia__Explanation *explanation, size_t number,
                          const char *fate, const struct zone *zone)
{
    const Fascia__Candidate *candidate = explanation->candidates[number];
    char text[BAR_SIZE + 1];

    ctl_table_row(table);
    ctl_table_cell(table, "%zu", number + 1);
    ctl_table_cell(table, "%s", candidate->therapist);
    ctl_table_cell(table, "%d", candidate->score);
    ctl_table_cell(table, "%s", bar(candidate->score, best_score(explanation), text));
    for (size_t i = 0; i < part_columns(explanation); i++) {
        if (i < candidate->n_parts)
            ctl_table_cell(table, "%d", candidate->parts[i]->points);
        else
            ctl_table_cell(table, "%s", "");
    }
    ctl_table_cell(table, "%.1f", candidate->distance / 1000.0);
    ctl_table_when(table, zone, candidate->first_free);
    ctl_table_cell(table, "%s",
                   fate[0] == '\0' && was_kept(explanation->assignment, candidate->therapist)
                       ? "kept for another referral"
                       : fate);
}

/* What each part could have been. */
static void add_weights(struct ctl_table *table, const Fascia__Explanation *explanation)
{
    ctl_table_row(table);
    ctl_table_cell(table, "%s", "");
    ctl_table_cell(table, "%s", "(at most)");
    ctl_table_cell(table, "%" PRId64, best_score(explanation));
    ctl_table_cell(table, "%s", "");
    for (size_t i = 0; i < part_columns(explanation); i++)
        ctl_table_cell(table, "%d", weight_of(explanation, i));
}

/* Only when the best for all was not the best for this one. */
static void show_assignment(struct ctl_call *call, const Fascia__Assignment *assignment)
{
    if (assignment == NULL)
        return;
    fputs("\noffered to ", call->out);
    ctl_show_text(call->out, assignment->therapist);
    fprintf(call->out, ": %u referrals were placed at once, %s", assignment->together,
            assignment->n_kept > 0 ? "and these were kept for others of them, more urgent or better served so:"
                                   : "and of those who score the same this one has time first");
    for (size_t i = 0; i < assignment->n_kept; i++) {
        fputs(i == 0 ? " " : ", ", call->out);
        ctl_show_text(call->out, assignment->kept[i]);
    }
    fputc('\n', call->out);
}

static void show_why(struct ctl_call *call, const Fascia__Candidate *candidate)
{
    fputs("\nwhy the first\n", call->out);
    for (size_t i = 0; i < candidate->n_parts; i++)
        ctl_show_field(call, candidate->parts[i]->name, "%s", candidate->parts[i]->because);
}

static void show_candidates(struct ctl_call *call, const Fascia__ControlResponse *response, uint64_t event,
                            const struct zone *zone)
{
    const Fascia__Explanation *explanation = response->explanation;
    struct ctl_table *table;
    char *titles;

    if (explanation->n_candidates == 0)
        return;
    titles = name_columns(explanation);
    table = ctl_table_create(titles);
    free(titles);
    fputc('\n', call->out);
    for (size_t i = 0; i < explanation->n_candidates; i++) {
        char fate[FATE_SIZE];

        find_fate(response, event, explanation->candidates[i]->therapist, fate);
        add_candidate(table, explanation, i, fate, zone);
    }
    add_weights(table, explanation);
    ctl_table_finish(table, call, "");
    show_assignment(call, explanation->assignment);
    show_why(call, explanation->candidates[0]);
}

/* ---- gates ---- */

static void show_gates(struct ctl_call *call, const Fascia__Explanation *explanation)
{
    struct ctl_table *table = ctl_table_create("GATE|>REMOVED|>LEFT|OF ALL|>ONLY THIS|WHO PASSES");
    uint32_t left = explanation->considered;
    char text[BAR_SIZE + 1];

    for (size_t i = 0; i < explanation->n_gates; i++) {
        const Fascia__GateCount *gate = explanation->gates[i];

        left = left >= gate->removed ? left - gate->removed : 0;
        if (gate->removed == 0 && gate->only == 0)
            continue;
        ctl_table_row(table);
        ctl_table_cell(table, "%s", gate->gate);
        ctl_table_cell(table, "%u", gate->removed);
        ctl_table_cell(table, "%u", left);
        ctl_table_cell(table, "%s", bar(left, explanation->considered, text));
        if (gate->only > 0)
            ctl_table_cell(table, "%u", gate->only);
        else
            ctl_table_cell(table, "%s", "");
        ctl_table_cell(table, "%s", ctl_gate_words(gate->gate));
    }
    fputc('\n', call->out);
    ctl_table_finish(table, call, "no gate removed anybody");
}

/* ---- policies ---- */

static void describe_opinion(const Fascia__PolicyOpinion *opinion, FILE *out)
{
    size_t failed = 0, scored = 0;

    for (size_t i = 0; i < opinion->n_rulings; i++) {
        failed += opinion->rulings[i]->fails;
        scored += opinion->rulings[i]->score != 0;
    }
    fprintf(out, "asked about %u", opinion->asked);
    if (opinion->may_gate)
        fprintf(out, "; %zu fail", failed);
    if (opinion->may_score)
        fprintf(out, "; points for %zu, of %d", scored, opinion->weight);
    for (size_t i = 0; opinion->may_gate && i < opinion->n_rulings; i++)
        if (opinion->rulings[i]->fails)
            fprintf(out, "; %s fails%s%s", opinion->rulings[i]->therapist,
                    opinion->rulings[i]->reason[0] != '\0' ? ": " : "", opinion->rulings[i]->reason);
}

static void show_policies(struct ctl_call *call, const Fascia__Explanation *explanation)
{
    if (explanation->n_policies > 0)
        fputs("\npolicies\n", call->out);
    for (size_t i = 0; i < explanation->n_policies; i++) {
        const Fascia__PolicyOpinion *opinion = explanation->policies[i];
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        INVARIANT(out != NULL);
        if (opinion->abstained[0] != '\0')
            fputs(opinion->abstained, out);
        else
            describe_opinion(opinion, out);
        fclose(out);
        ctl_show_field(call, opinion->name, "%s", text);
        free(text);
    }
}

/* ---- how it was made ---- */

static void show_weights(struct ctl_call *call, const Fascia__MatchWeights *weights)
{
    ctl_show_field(call, "weights",
                   "reviews count towards %u of 100 as %u would; experience is full at %u cases; "
                   "earliest earns within %" PRId64 " days",
                   weights->rating_mean, weights->rating_prior, weights->experience_full,
                   weights->earliest_span / DAY_MS);
}

static void show_other_matches(struct ctl_call *call, const Fascia__ReferralDetail *detail, uint64_t shown)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    for (size_t i = 0; detail != NULL && i < detail->n_history; i++)
        if (detail->history[i]->event != NULL && detail->history[i]->event->body_case == FASCIA__EVENT__BODY_MATCHED &&
            detail->history[i]->sequence != shown)
            fprintf(out, "%s%" PRIu64, ftell(out) > 0 ? ", " : "", detail->history[i]->sequence);
    fclose(out);
    ctl_show_field(call, "also matched", "%s%s", text[0] != '\0' ? "see --event " : "", text);
    free(text);
}

static void show_how(struct ctl_call *call, const Fascia__ControlResponse *response, uint64_t event)
{
    const Fascia__Explanation *explanation = response->explanation;

    fputs("\nhow it was made\n", call->out);
    ctl_show_list(call, "left out, declined", explanation->declined, explanation->n_declined);
    ctl_show_list(call, "treated before by", explanation->treated_by, explanation->n_treated_by);
    if (explanation->weights != NULL)
        show_weights(call, explanation->weights);
    if (explanation->bounded)
        ctl_show_field(call, "bounded",
                       "only so many calendars are looked into at once (%u; sixteen times as many while nobody has "
                       "time), the best first: there may be others",
                       explanation->weights != NULL ? explanation->weights->opened_most : 0);
    if (event != 0)
        ctl_show_field(call, "recorded as", "event %" PRIu64, event);
    show_other_matches(call, response->detail, event);
}

static uint32_t removed_by(const Fascia__Explanation *explanation, const char *gate)
{
    for (size_t i = 0; i < explanation->n_gates; i++)
        if (strcmp(explanation->gates[i]->gate, gate) == 0)
            return explanation->gates[i]->removed;
    return 0;
}

/* Who was not looked into neither passed nor failed. */
static void show_passed(struct ctl_call *call, const Fascia__Explanation *explanation, const struct zone *zone)
{
    const uint32_t left = explanation->not_looked_into;
    char when[40];

    ctl_when(zone, explanation->at, when);
    if (left == 0 && explanation->passed == 0)
        fprintf(call->out, "nobody of %u therapists passes every gate (%s)\n\n", explanation->considered, when);
    else if (left == 0)
        fprintf(call->out, "%u of %u therapists pass every gate (%s)\n\n", explanation->passed, explanation->considered,
                when);
    else if (explanation->passed == 0)
        fprintf(call->out,
                "nobody of the %u whose calendars were looked into has the time; %u more, of %u therapists, meet every "
                "other gate and were not looked into (%s)\n\n",
                removed_by(explanation, "time"), left, explanation->considered, when);
    else
        fprintf(
            call->out,
            "%u of %u therapists pass every gate; %u more meet every gate but time, and were not looked into (%s)\n\n",
            explanation->passed, explanation->considered, left, when);
}

void ctl_show_explanation(struct ctl_call *call, const Fascia__ControlResponse *response, uint64_t event,
                          const struct zone *zone)
{
    const Fascia__Explanation *explanation = response->explanation;
    const uint64_t recorded = event_of(response, event);
    const uint64_t referral =
        response->detail != NULL && response->detail->row != NULL ? response->detail->row->referral : 0;

    show_passed(call, explanation, zone);
    show_misses(call, explanation, referral);
    if (explanation->need != NULL)
        ctl_show_need(call, explanation->need);
    show_candidates(call, response, recorded, zone);
    show_gates(call, explanation);
    show_policies(call, explanation);
    show_how(call, response, recorded);
}
