/*
 * Somebody at the desk of the clinic: gives the engine commands, one a line, and keeps on a shelf what comes of them.
 */
#ifndef FASCIA_TESTS_DESK_H
#define FASCIA_TESTS_DESK_H

#include "clinic.h"
#include "shelf.h"

struct desk {
    struct clinic *clinic;
    struct engine *engine;
    struct shelf shelf;
    int64_t now;
    Fascia__Result *result; /* of the last command */
    size_t records;         /* that it left behind */
    const char *wrong;      /* the first thing that the shelf found */
    const char *source_actor;
    bool waits; /* visits and outcomes are reported in their time, and nobody insists */
};

static inline void desk_begin(struct desk *desk, struct clinic *clinic)
{
    memset(desk, 0, sizeof *desk);
    desk->clinic = clinic;
    desk->engine = clinic_engine(clinic);
    desk->now = CLINIC_NOW;
    desk->source_actor = "source:clinic-hl7";
}

static inline void desk_end(struct desk *desk)
{
    if (desk->result != NULL)
        fascia__result__free_unpacked(desk->result, NULL);
    engine_destroy(desk->engine);
    shelf_finish(&desk->shelf);
}

/* desk_end() of a test's teardown: what the shelf found wrong fails it. */
static inline int desk_close(struct desk *desk)
{
    if (desk->wrong != NULL)
        fprintf(stderr, "shelf: %s\n", desk->wrong);
    desk_end(desk);
    return desk->wrong == NULL ? 0 : -1;
}

static inline void desk_keep(struct desk *desk, struct record_batch *batch)
{
    const char *wrong = shelf_take(&desk->shelf, batch);

    if (desk->wrong == NULL)
        desk->wrong = wrong;
    desk->records = batch->event_count + batch->referral_count + batch->slot_count + batch->outbox_count +
                    batch->therapist_count + batch->account_count + batch->erasure_count;
    record_batch_finish(batch);
}

/* The verdict. */
static inline Fascia__Result__Verdict desk_do(struct desk *desk, const char *actor, Fascia__Command *command)
{
    struct record_batch batch;

    record_batch_init(&batch);
    command->actor = (char *)actor;
    if (desk->result != NULL)
        fascia__result__free_unpacked(desk->result, NULL);
    engine_execute(desk->engine, command, desk->now, &batch, &desk->result);
    desk_keep(desk, &batch);
    return desk->result->verdict;
}

/* The referral is freed. */
static inline Fascia__Result__Verdict desk_submit(struct desk *desk, Fascia__Submit__Action action,
                                                  Fascia__Referral *referral, bool update)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Submit submit = FASCIA__SUBMIT__INIT;
    Fascia__Result__Verdict verdict;

    submit.action = action;
    submit.referral = referral;
    submit.update_if_changed = update;
    command.body_case = FASCIA__COMMAND__BODY_SUBMIT;
    command.submit = &submit;
    verdict = desk_do(desk, desk->source_actor, &command);
    fascia__referral__free_unpacked(referral, NULL);
    return verdict;
}

static inline Fascia__Result__Verdict desk_new(struct desk *desk, Fascia__Referral *referral)
{
    return desk_submit(desk, FASCIA__SUBMIT__ACTION__NEW, referral, false);
}

/* The therapist is freed. */
static inline Fascia__Result__Verdict desk_put(struct desk *desk, Fascia__Therapist *therapist)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Result__Verdict verdict;

    command.body_case = FASCIA__COMMAND__BODY_PUT_THERAPIST;
    command.put_therapist = therapist;
    verdict = desk_do(desk, "user:office", &command);
    fascia__therapist__free_unpacked(therapist, NULL);
    return verdict;
}

static inline Fascia__Result__Verdict desk_remove(struct desk *desk, const char *identifier)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;

    command.body_case = FASCIA__COMMAND__BODY_REMOVE_THERAPIST;
    command.remove_therapist = (char *)identifier;
    return desk_do(desk, "user:office", &command);
}

static inline Fascia__Result__Verdict desk_accept(struct desk *desk, uint64_t referral, const char *therapist,
                                                  int64_t from)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Accept accept = FASCIA__ACCEPT__INIT;

    accept.referral = referral;
    accept.therapist = (char *)therapist;
    accept.from = from;
    command.body_case = FASCIA__COMMAND__BODY_ACCEPT;
    command.accept = &accept;
    return desk_do(desk, "user:therapist", &command);
}

static inline Fascia__Result__Verdict desk_decline(struct desk *desk, uint64_t referral, const char *therapist,
                                                   const char *reason)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Decline decline = FASCIA__DECLINE__INIT;

    decline.referral = referral;
    decline.therapist = (char *)therapist;
    decline.reason_code = (char *)reason;
    command.body_case = FASCIA__COMMAND__BODY_DECLINE;
    command.decline = &decline;
    return desk_do(desk, "user:therapist", &command);
}

static inline Fascia__Result__Verdict desk_book(struct desk *desk, uint64_t referral, int64_t from, uint32_t minutes,
                                                bool move)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Book book = FASCIA__BOOK__INIT;

    book.referral = referral;
    book.from = from;
    book.minutes = minutes;
    book.move = move;
    command.body_case = FASCIA__COMMAND__BODY_BOOK;
    command.book = &book;
    return desk_do(desk, "user:therapist", &command);
}

static inline Fascia__Result__Verdict desk_end_visit(struct desk *desk, uint64_t referral, Fascia__VisitEnded__How how)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__EndVisit end = FASCIA__END_VISIT__INIT;

    end.referral = referral;
    end.how = how;
    end.anyway = !desk->waits;
    command.body_case = FASCIA__COMMAND__BODY_END_VISIT;
    command.end_visit = &end;
    return desk_do(desk, "user:therapist", &command);
}

static inline Fascia__Result__Verdict desk_outcome(struct desk *desk, uint64_t referral)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__ReportOutcome report = FASCIA__REPORT_OUTCOME__INIT;
    Fascia__OutcomeReported outcome = FASCIA__OUTCOME_REPORTED__INIT;

    outcome.summary = (char *)"walks without pain";
    outcome.pain_before = 7;
    outcome.pain_after = 2;
    outcome.goal = (char *)"met";
    outcome.anyway = !desk->waits;
    report.referral = referral;
    report.outcome = &outcome;
    command.body_case = FASCIA__COMMAND__BODY_REPORT_OUTCOME;
    command.report_outcome = &report;
    return desk_do(desk, "user:therapist", &command);
}

static inline Fascia__Result__Verdict desk_clear(struct desk *desk, uint64_t referral, const char *clinician)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Clear clear = FASCIA__CLEAR__INIT;

    clear.referral = referral;
    clear.clinician = (char *)clinician;
    command.body_case = FASCIA__COMMAND__BODY_CLEAR;
    command.clear = &clear;
    return desk_do(desk, "user:office", &command);
}

static inline Fascia__Result__Verdict desk_withdraw(struct desk *desk, uint64_t referral)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Withdraw withdraw = FASCIA__WITHDRAW__INIT;

    withdraw.referral = referral;
    command.body_case = FASCIA__COMMAND__BODY_WITHDRAW;
    command.withdraw = &withdraw;
    return desk_do(desk, "user:office", &command);
}

static inline Fascia__Result__Verdict desk_erase(struct desk *desk, uint64_t referral)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Erase erase = FASCIA__ERASE__INIT;

    erase.referral = referral;
    erase.reason = (char *)"patient's wish";
    command.body_case = FASCIA__COMMAND__BODY_ERASE;
    command.erase = &erase;
    return desk_do(desk, "user:office", &command);
}

static inline Fascia__Result__Verdict desk_view(struct desk *desk, uint64_t referral)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__View view = FASCIA__VIEW__INIT;

    view.referral = referral;
    view.what = (char *)"referral";
    command.body_case = FASCIA__COMMAND__BODY_VIEW;
    command.view = &view;
    return desk_do(desk, "user:office", &command);
}

static inline Fascia__Result__Verdict desk_delivered(struct desk *desk, uint64_t outbox, bool given_up)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__OutboxDone done = FASCIA__OUTBOX_DONE__INIT;

    done.outbox = outbox;
    done.referral = desk->shelf.outbox[outbox - 1].referral;
    done.given_up = given_up;
    command.body_case = FASCIA__COMMAND__BODY_OUTBOX_DONE;
    command.outbox_done = &done;
    return desk_do(desk, "node", &command);
}

static inline size_t desk_work_some(struct desk *desk, size_t limit)
{
    struct record_batch batch;
    size_t done;

    record_batch_init(&batch);
    done = engine_work(desk->engine, desk->now, limit, &batch);
    desk_keep(desk, &batch);
    return done;
}

static inline size_t desk_work(struct desk *desk)
{
    size_t done, all = 0;

    while ((done = desk_work_some(desk, 7)) > 0)
        all += done;
    return all;
}

/* ---- looking ---- */

static inline const struct referral_row *desk_row(const struct desk *desk, uint64_t referral)
{
    return &desk->shelf.referrals[referral];
}

static inline Fascia__State desk_state(const struct desk *desk, uint64_t referral)
{
    return (Fascia__State)desk->shelf.referrals[referral].state;
}

static inline const char *desk_therapist(const struct desk *desk, uint64_t referral)
{
    return desk->shelf.referrals[referral].therapist;
}

/* The only slot of a referral; NULL when there is none or more. */
static inline const struct slot_row *desk_slot(const struct desk *desk, uint64_t referral)
{
    const struct slot_row *found = NULL;
    size_t count = 0;

    for (size_t i = 0; i < desk->shelf.slot_count; i++) {
        if (desk->shelf.slots[i].referral == referral) {
            found = &desk->shelf.slots[i];
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

/* The last message to the sender; the caller frees it. NULL when there is none. */
static inline Fascia__Status *desk_last_status(const struct desk *desk)
{
    const struct outbox_row *row;

    if (desk->shelf.outbox_count == 0)
        return NULL;
    row = &desk->shelf.outbox[desk->shelf.outbox_count - 1];
    return fascia__status__unpack(NULL, row->size, row->payload);
}

/* The kinds of a referral's events, oldest first, as one text: "received screened moved". */
static inline void desk_history(const struct desk *desk, uint64_t referral, char *text, size_t size)
{
    static const char *const names[] = {[FASCIA__EVENT__BODY_RECEIVED] = "received",
                                        [FASCIA__EVENT__BODY_MODIFIED] = "modified",
                                        [FASCIA__EVENT__BODY_SCREENED] = "screened",
                                        [FASCIA__EVENT__BODY_MOVED] = "moved",
                                        [FASCIA__EVENT__BODY_MATCHED] = "matched",
                                        [FASCIA__EVENT__BODY_OFFERED] = "offered",
                                        [FASCIA__EVENT__BODY_OFFER_CLOSED] = "offer-closed",
                                        [FASCIA__EVENT__BODY_ACCEPTED] = "accepted",
                                        [FASCIA__EVENT__BODY_VISIT_BOOKED] = "booked",
                                        [FASCIA__EVENT__BODY_VISIT_ENDED] = "ended",
                                        [FASCIA__EVENT__BODY_OUTCOME] = "outcome",
                                        [FASCIA__EVENT__BODY_FLAG_CLEARED] = "cleared",
                                        [FASCIA__EVENT__BODY_VIEWED] = "viewed",
                                        [FASCIA__EVENT__BODY_ERASED] = "erased",
                                        [FASCIA__EVENT__BODY_STATUS_DELIVERED] = "delivered"};
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < desk->shelf.event_count && used < size; i++)
        if (desk->shelf.events[i].referral == referral)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used == 0 ? "" : " ",
                                     names[desk->shelf.events[i].kind]);
}

#endif
