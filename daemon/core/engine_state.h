/*
 * What the files of the engine share: its state, and what each lends the others.
 *
 * Truth changes in engine_apply.c alone. engine_index.c keeps what follows from it (queues, counts, loads of
 * therapists). Commands decide and then emit events (engine_event.c); nothing else is written anywhere.
 */
#ifndef FASCIA_CORE_ENGINE_STATE_H
#define FASCIA_CORE_ENGINE_STATE_H

#include "core/account.h"
#include "core/arena.h"
#include "core/directory.h"
#include "core/engine.h"
#include "core/engine_waiting.h"
#include "core/order.h"
#include "core/referral.h"
#include "match/match.h"

#define RECENT_DAYS  90      /* a therapist's recent cases: of referrals that came in so long ago */
#define NOTICE_MS    HOUR_MS /* no slot is offered that begins sooner than this */
#define VISITS_MOST  100     /* booked at one time for one referral */
#define TREATED_MOST 64      /* therapists who treated one patient, for continuity */
#define STATES       20
#define ENGINE_BATCH 128 /* referrals that are placed at once */

/* Why a waiting referral waits, as Moved.reason. */
#define REASON_NOBODY   "nobody-passes"
#define REASON_DECLINED "all-declined"

struct recent_day {
    uint64_t *referrals; /* that came in on this day and were accepted */
    size_t count, room;
};

struct engine {
    struct engine_settings settings;
    struct match_settings weights;
    const struct codes *codes;
    struct zone_source zones;
    struct engine_hash hash;
    struct directory *directory;
    struct match_index *index;

    struct referral **referrals; /* by number; NULL where there is none */
    size_t referral_room;
    uint64_t last_referral, last_sequence, last_outbox;
    struct referral **by_sender, **by_patient;
    size_t key_buckets, keyed;
    struct referral *open_first, *open_last;
    uint64_t open_count, by_state[STATES];

    struct order pending[CLASSES], offers;
    struct engine_waiting list;

    struct recent_day recent[RECENT_DAYS + 1]; /* by day modulo */
    int32_t recent_today;                      /* UTC day */

    struct senders senders;
    char **sources;
    size_t source_count, source_room;

    struct arena messages; /* that are looked at and dropped while loading */

    struct accounts accounts; /* engine_account.c */

    struct asking *asking; /* engine_policy.c; NULL: no policy was ever asked */

    int64_t now;
    bool loading;
    /* of the command or piece of work in hand */
    const char *actor;
    struct record_batch *batch;
};

/* ---- engine_apply.c ---- */
/* The one way in which truth changes. false with a fault when the event can't follow from what is there. */
MUST_CHECK bool engine_apply(struct engine *engine, const struct event_record *record, const Fascia__Event *event,
                             struct fault *fault);

/* ---- engine_event.c ---- */
/* Numbers the event, applies it, and adds it with the referral's row to the batch. */
void engine_emit(struct engine *engine, uint64_t referral, const Fascia__Event *event);
void engine_emit_moved(struct engine *engine, const struct referral *referral, Fascia__State to, const char *reason);
void engine_emit_offer_closed(struct engine *engine, const struct referral *referral, Fascia__OfferClosed__How how,
                              const char *reason_code, const char *reason);
/* appointment: of the visit that this one takes the place of; 0: none. Its number. */
uint32_t engine_emit_visit_booked(struct engine *engine, const struct referral *referral, int64_t from, int64_t to,
                                  uint32_t appointment);
void engine_emit_visit_ended(struct engine *engine, const struct referral *referral, uint32_t visit,
                             Fascia__VisitEnded__How how);
/* As somebody reported it; anyway: who insisted that it is over though it has yet to begin. */
void engine_emit_visit_reported(struct engine *engine, const struct referral *referral, uint32_t visit,
                                const Fascia__EndVisit *end, bool anyway);
/* content NULL: removed. */
void engine_emit_therapist_changed(struct engine *engine, const char *identifier, const Fascia__Therapist *content);
/* Takes every booked visit and the offer off the referral: visits that began count as done when `done`, and of the others the sender is told
 * one by one. What becomes of the referral is the caller's to tell. */
void engine_emit_let_go(struct engine *engine, struct referral *referral, bool done);
void engine_write_row(struct engine *engine, const struct referral *referral);

/* ---- engine_notice.c ---- */
void engine_tell_notifiers(struct engine *engine, const struct event_record *record, const Fascia__Event *event);

/* ---- engine_index.c ---- */
struct referral *engine_find_referral(const struct engine *engine, uint64_t number);
struct referral *engine_make_referral(struct engine *engine, uint64_t number);
struct referral *engine_find_by_sender(const struct engine *engine, const uint8_t key[RECORD_KEY_BYTES]);
void engine_link_sender(struct engine *engine, struct referral *referral);
void engine_link_patient(struct engine *engine, struct referral *referral);
void engine_unlink_patient(struct engine *engine, struct referral *referral);
struct referral *engine_first_of_patient(const struct engine *engine, const uint8_t key[RECORD_KEY_BYTES]);
const char *engine_intern_source(struct engine *engine, const char *name);
/* Lists of senders and therapists: of a new referral's sender, of a change of its therapist (who `had` it), and of all when they were loaded,
 * by number. */
void engine_list_new(const struct engine *engine, struct referral *referral);
void engine_list_changed(const struct engine *engine, struct referral *referral, struct therapist *had);
void engine_list_loaded(struct referral *referral);
/* Around every change of a referral: takes it out of, and puts it into, all that is derived. */
void engine_index_leave(struct engine *engine, struct referral *referral);
void engine_index_enter(struct engine *engine, struct referral *referral);
void engine_open_begin(struct engine *engine, struct referral *referral);
void engine_open_end(struct engine *engine, struct referral *referral);
void engine_recent_add(struct engine *engine, struct referral *referral);
void engine_recent_drop(struct engine *engine, struct referral *referral);
void engine_recent_advance(struct engine *engine, int64_t now);
bool engine_has_therapist(Fascia__State state); /* a therapist has it, and it is not finished */
unsigned engine_class_of(const struct referral *referral);

/* ---- engine_status.c ---- */
Fascia__Status *engine_status_of(const struct engine *engine, const struct referral *referral);
/* What a message to the sender says beside where the referral stands; each may be NULL. */
struct telling {
    const char *text;   /* in place of the state's own line */
    const char *reason; /* why it ended */
    const Fascia__OutcomeReported *outcome;
    const Fascia__AppointmentChange *appointment;
};
/* telling may be NULL. */
void engine_tell_sender(struct engine *engine, struct referral *referral, const struct telling *telling);
/* The same, because of a visit. */
void engine_tell_of_visit(struct engine *engine, struct referral *referral, const struct visit *visit,
                          Fascia__AppointmentChange__How how);
/* Only that a visit is off, because of what is told next. */
void engine_tell_of_freed_visit(struct engine *engine, struct referral *referral, const struct visit *visit);
/* Answers. */
Fascia__Result *engine_answer(const struct engine *engine, const struct referral *referral,
                              Fascia__Result__Verdict verdict);
Fascia__Result *engine_answer_problem(const struct engine *engine, const struct referral *referral,
                                      Fascia__Result__Verdict verdict, Fascia__Problem__Kind kind, const char *field,
                                      const char *text);

Fascia__Result *engine_answer_no_referral(const struct engine *engine);
/* The same of a sender's own id. */
Fascia__Result *engine_answer_unknown_id(const struct engine *engine);

/* ---- engine_reach.c ---- */
/* NULL when the command's reach allows it. */
Fascia__Result *engine_check_reach(const struct engine *engine, const Fascia__Command *command);
/* reach NULL: all. */
bool engine_reaches(const struct engine *engine, const struct referral *referral, const Fascia__Reach *reach);
/* Whether who reaches it must not see to whom it is offered. */
bool engine_hides_offer(const struct engine *engine, const struct referral *referral, const Fascia__Reach *reach);

/* ---- engine_key.c ---- */
struct engine_keys {
    uint8_t sender[RECORD_KEY_BYTES], content[RECORD_KEY_BYTES], patient[RECORD_KEY_BYTES];
};
void engine_make_keys(const struct engine *engine, const char *source, const Fascia__Referral *referral,
                      struct engine_keys *keys);
bool engine_key_is_set(const uint8_t key[RECORD_KEY_BYTES]);

/* ---- engine_match.c ---- */
struct question {
    Fascia__Need *need;
    struct match_query query;
    uint32_t *declined;
    uint32_t treated_by[TREATED_MOST];
};
/* need NULL: the referral's own. */
void engine_question_begin(const struct engine *engine, const struct referral *referral, const Fascia__Need *need,
                           int64_t now, struct question *question);
void engine_question_end(struct question *question);
/* match_run(), with what a replay needs to ask the same again. */
Fascia__Explanation *engine_ask(struct engine *engine, const struct question *question);
/* Matches a referral in MATCHING: an offer, or the waiting list. */
void engine_match_referral(struct engine *engine, struct referral *referral);
/* Tries one that waits. */
void engine_try_waiting(struct engine *engine, struct referral *referral);
/* Whether the matcher is to be asked at all for one of these two: then the question is begun, and the caller ends it. */
bool engine_may_match(struct engine *engine, struct referral *referral, struct question *question);
/* To whom a referral of a batch goes, and to whom the others of it go. */
struct assigned {
    const struct therapist *therapist;
    const struct therapist *others[ENGINE_BATCH];
    size_t other_count;
    uint32_t together;
};
/* As the two above, but the offer goes to the one assigned; or to one who scores more by now, and to whom none of the others goes.
 * false, and nothing done, when the one assigned is no candidate any more. */
MUST_CHECK bool engine_offer_assigned(struct engine *engine, struct referral *referral, const struct question *question,
                                      const struct assigned *assigned);
void engine_expire_offer(struct engine *engine, struct referral *referral);
Fascia__Need *engine_need_of(const struct referral *referral);
const char *engine_gate_text(enum match_gate gate); /* for people */

/* Records the match, and offers to the best or waits: what follows from an explanation to which nothing is to be added. */
void engine_conclude_match(struct engine *engine, struct referral *referral, const struct question *question,
                           Fascia__Explanation *explanation);
/* The same of one that waits: where nobody is left nothing is recorded, and it has been tried. */
void engine_conclude_waiting(struct engine *engine, struct referral *referral, const struct question *question,
                             Fascia__Explanation *explanation);
/* What stands in the way of asking the matcher at all, done: false when it did. Else the question is begun. */
MUST_CHECK bool engine_begin_match(struct engine *engine, struct referral *referral, struct question *question);

/* ---- engine_policy.c ---- */
/* Asks the policies about these candidates. false: there are none of either, and the match can be concluded at once. */
MUST_CHECK bool engine_ask_policies(struct engine *engine, struct referral *referral,
                                    const Fascia__Explanation *explanation);
/* Goes on without the policies whose time is up: false when there is nothing to go on with. */
MUST_CHECK bool engine_judge_overdue(struct engine *engine);
bool engine_may_ask(const struct engine *engine); /* another referral, now */
int64_t engine_judge_deadline(const struct engine *engine);
Fascia__Result *engine_do_judged(struct engine *engine, const Fascia__Judged *judged);
void engine_asking_finish(struct engine *engine);
/* Says in an explanation that is only looked at that no policy was asked. */
void engine_note_not_asked(const struct engine *engine, Fascia__Explanation *explanation);

/* ---- engine_view.c ---- */
/* The last answer to a request, empty. */
Fascia__ControlResponse *engine_response_new(void);
/* How many rows a list gives when it is asked for so many (0: it was not said). */
uint32_t engine_rows_of(uint32_t limit);

/* ---- engine_batch.c ---- */
/* Places at most ENGINE_BATCH referrals that are due, pending or waiting, as well as can be over all of them, or over the first of them when
 * there are many more than limit; makes at most limit (1..) of the offers. due is by class, then age. How many are not due any more. */
size_t engine_place_batch(struct engine *engine, struct referral *const *due, size_t count, size_t limit);

/* ---- engine_offer.c ---- */
/* NULL when a visit may begin then. */
Fascia__Result *engine_check_start(const struct engine *engine, const struct referral *referral, int64_t from);
/* Every gate once more at the time that is wanted (none: from == to); `freed` is the own hold or visit that makes way. */
enum match_gate engine_check_gates(const struct engine *engine, const struct referral *referral,
                                   const Fascia__Need *need, const struct visit *wanted, const struct visit *freed);

/* ---- commands, a file a subject: each answers, and emits only when it does what was asked ---- */
Fascia__Result *engine_do_submit(struct engine *engine, const Fascia__Submit *submit);
Fascia__Result *engine_do_accept(struct engine *engine, const Fascia__Accept *accept);
Fascia__Result *engine_do_decline(struct engine *engine, const Fascia__Decline *decline);
Fascia__Result *engine_do_book(struct engine *engine, const Fascia__Book *book);
Fascia__Result *engine_do_end_visit(struct engine *engine, const Fascia__EndVisit *end);
Fascia__Result *engine_do_report_outcome(struct engine *engine, const Fascia__ReportOutcome *report);
Fascia__Result *engine_do_clear(struct engine *engine, const Fascia__Clear *clear);
Fascia__Result *engine_do_withdraw(struct engine *engine, const Fascia__Withdraw *withdraw);
Fascia__Result *engine_do_erase(struct engine *engine, const Fascia__Erase *erase);
Fascia__Result *engine_do_view(struct engine *engine, const Fascia__View *view);
Fascia__Result *engine_do_outbox_done(struct engine *engine, const Fascia__OutboxDone *done);
Fascia__Result *engine_do_put_therapist(struct engine *engine, const Fascia__Therapist *content);
Fascia__Result *engine_do_remove_therapist(struct engine *engine, const char *identifier);
Fascia__Result *engine_do_put_account(struct engine *engine, const Fascia__Account *wanted);
Fascia__Result *engine_do_remove_account(struct engine *engine, const char *name);
MUST_CHECK bool engine_apply_account(struct engine *engine, const Fascia__AccountChanged *changed, struct fault *fault);
/* Lets the time pass: days begin, cases stop being recent. */
void engine_let_time_pass(struct engine *engine, int64_t now);
/* Takes for the holds and bookings of a therapist whose calendar is new. false when two of them overlap. */
MUST_CHECK bool engine_retake_time(struct engine *engine, struct therapist *therapist);
/* What a change of the directory does to it; for engine_apply. */
MUST_CHECK bool engine_apply_therapist(struct engine *engine, const Fascia__TherapistChanged *changed,
                                       struct fault *fault);

#endif
