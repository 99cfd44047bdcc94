#include "ctl/history.h"

#include "ctl/show.h"
#include "ctl/words.h"

#include <inttypes.h>
#include <stdlib.h>

typedef void write_event(FILE *out, const Fascia__Event *event, const struct zone *zone);

static void write_received(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fprintf(out, "received by %s", event->received->source);
}

static void write_modified(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)event;
    (void)zone;
    fputs("changed by its sender", out);
}

enum { WARNINGS_SHOWN = 10 };

/* Nothing waits for them, so that only here a person hears of them. */
static void write_warnings(FILE *out, const Fascia__Screened *screened)
{
    unsigned shown = 0;

    for (size_t i = 0; i < screened->n_problems && shown < WARNINGS_SHOWN; i++) {
        const Fascia__Problem *problem = screened->problems[i];
        if (problem->severity != FASCIA__PROBLEM__SEVERITY__WARNING)
            continue;
        shown++;
        fputs("; warning: ", out);
        if (problem->field[0] != '\0')
            fprintf(out, "%s: ", problem->field);
        ctl_show_text(out, problem->message);
    }
}

static void write_screened(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    size_t errors = 0;

    (void)zone;
    for (size_t i = 0; i < event->screened->n_problems; i++)
        errors += event->screened->problems[i]->severity == FASCIA__PROBLEM__SEVERITY__ERROR;
    if (errors == 0)
        fputs("screened: nothing in the way", out);
    else
        fprintf(out, "screened: %zu problems hold it", errors);
    write_warnings(out, event->screened);
}

static void write_moved(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fprintf(out, "%s", ctl_state_word(event->moved->to));
    if (event->moved->reason[0] != '\0')
        fprintf(out, ": %s", event->moved->reason);
}

static void write_matched(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    const Fascia__Explanation *explanation = event->matched->explanation;

    (void)zone;
    if (explanation == NULL)
        fputs("matched", out);
    else
        fprintf(out, "matched: %u of %u therapists pass", explanation->passed, explanation->considered);
}

static void write_offered(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    char until[40];
    char from[40];

    fprintf(out, "offered to %s until %s", event->offered->therapist, ctl_when(zone, event->offered->expires, until));
    if (event->offered->hold_to > event->offered->hold_from)
        fprintf(out, ", %s is kept free", ctl_when(zone, event->offered->hold_from, from));
}

static void write_offer_closed(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    const Fascia__OfferClosed *closed = event->offer_closed;
    char word[64];

    (void)zone;
    fprintf(out, "offer to %s %s", closed->therapist,
            ctl_word(&fascia__offer_closed__how__descriptor, (int)closed->how, word));
    if (closed->reason_code[0] != '\0')
        fprintf(out, ": %s", closed->reason_code);
    if (closed->reason[0] != '\0')
        fprintf(out, " (%s)", closed->reason);
}

static void write_accepted(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fprintf(out, "accepted by %s", event->accepted->therapist);
}

static void write_visit_booked(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    char from[40];

    fprintf(out, "visit %u booked with %s: %s, %" PRId64 " minutes", event->visit_booked->visit,
            event->visit_booked->therapist, ctl_when(zone, event->visit_booked->from, from),
            (event->visit_booked->to - event->visit_booked->from) / MINUTE_MS);
}

static void write_visit_ended(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    char word[64];

    (void)zone;
    fprintf(out, "visit %u %s", event->visit_ended->visit,
            ctl_word(&fascia__visit_ended__how__descriptor, (int)event->visit_ended->how, word));
    if (event->visit_ended->anyway)
        fputs(" before it had begun", out);
    if (event->visit_ended->note[0] != '\0')
        fprintf(out, ": %s", event->visit_ended->note);
}

static void write_outcome(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fprintf(out, "outcome after %u visits, goal %s: %s", event->outcome->visits, event->outcome->goal,
            event->outcome->summary);
}

static void write_flag_cleared(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fprintf(out, "%s cleared by %s", event->flag_cleared->flag, event->flag_cleared->clinician);
}

static void write_viewed(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fprintf(out, "looked at: %s", event->viewed->what);
}

static void write_erased(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fprintf(out, "erased: %s", event->erased->reason);
}

static void write_status_delivered(FILE *out, const Fascia__Event *event, const struct zone *zone)
{
    (void)zone;
    fputs(event->status_delivered->given_up ? "the sender could not be told" : "the sender was told", out);
}

static write_event *const writers[] = {
    [FASCIA__EVENT__BODY_RECEIVED] = write_received,
    [FASCIA__EVENT__BODY_MODIFIED] = write_modified,
    [FASCIA__EVENT__BODY_SCREENED] = write_screened,
    [FASCIA__EVENT__BODY_MOVED] = write_moved,
    [FASCIA__EVENT__BODY_MATCHED] = write_matched,
    [FASCIA__EVENT__BODY_OFFERED] = write_offered,
    [FASCIA__EVENT__BODY_OFFER_CLOSED] = write_offer_closed,
    [FASCIA__EVENT__BODY_ACCEPTED] = write_accepted,
    [FASCIA__EVENT__BODY_VISIT_BOOKED] = write_visit_booked,
    [FASCIA__EVENT__BODY_VISIT_ENDED] = write_visit_ended,
    [FASCIA__EVENT__BODY_OUTCOME] = write_outcome,
    [FASCIA__EVENT__BODY_FLAG_CLEARED] = write_flag_cleared,
    [FASCIA__EVENT__BODY_VIEWED] = write_viewed,
    [FASCIA__EVENT__BODY_ERASED] = write_erased,
    [FASCIA__EVENT__BODY_STATUS_DELIVERED] = write_status_delivered,
};

static char *describe(const Fascia__HistoryEntry *entry, const struct zone *zone)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const unsigned kind = entry->event != NULL ? (unsigned)entry->event->body_case : 0;

    INVARIANT(out != NULL);
    if (kind > 0 && kind < sizeof writers / sizeof *writers && writers[kind] != NULL)
        writers[kind](out, entry->event, zone);
    else
        fputs(entry->erased ? "(erased)" : "(of a kind that this release does not know)", out);
    fclose(out);
    return text;
}

void ctl_show_history(struct ctl_call *call, const Fascia__ReferralDetail *detail, const struct zone *zone)
{
    struct ctl_table *table = ctl_table_create("WHEN|WHO|WHAT");

    fprintf(call->out, "history\n");
    for (size_t i = 0; i < detail->n_history; i++) {
        char *text = describe(detail->history[i], zone);
        ctl_table_row(table);
        ctl_table_when(table, zone, detail->history[i]->at);
        ctl_table_cell(table, "%s", detail->history[i]->actor);
        ctl_table_cell(table, "%s", text);
        free(text);
    }
    ctl_table_finish(table, call, "nothing happened yet");
}
