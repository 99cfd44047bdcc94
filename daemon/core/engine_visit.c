#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/message.h"

#include <string.h>

#define KIND(kind)      FASCIA__PROBLEM__KIND__##kind
#define VERDICT(kind)   FASCIA__RESULT__VERDICT__##kind
#define LONGEST_MINUTES 480

static Fascia__Result *check_treated(const struct engine *engine, const struct referral *referral)
{
    if (engine_has_therapist((Fascia__State)referral->state))
        return NULL;
    return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "referral",
                                 referral->open == NULL || referral->state == FASCIA__STATE__STATE_COMPLETED
                                     ? "this referral is finished"
                                     : "no therapist has accepted this referral");
}

/* ---- booking ---- */

static Fascia__Result *check_book(const struct engine *engine, const struct referral *referral,
                                  const Fascia__Book *book)
{
    Fascia__Result *refusal = check_treated(engine, referral);

    if (refusal != NULL)
        return refusal;
    if (book->from == 0)
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(MISSING), "from",
                                     "say when the visit begins");
    if (book->minutes % 15 != 0 || book->minutes > LONGEST_MINUTES)
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(BAD_TYPE), "minutes",
                                     "a visit lasts a multiple of 15 minutes, at most 480");
    if (book->move && referral->open->visit_count == 0)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER), "move",
                                     "there is no booked visit to move");
    if (!book->move && referral->open->visit_count >= VISITS_MOST)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER), "referral",
                                     "this referral has 100 visits booked already");
    return engine_check_start(engine, referral, book->from);
}

/* The referrer's last date is that of the first treatment; further visits may come after it. */
static Fascia__Need *need_of_visit(const struct referral *referral, const Fascia__Book *book)
{
    const struct referral_open *open = referral->open;
    Fascia__Need *need = engine_need_of(referral);

    if (book->minutes != 0)
        need->duration_minutes = book->minutes;
    if (open->visits_done > 0 || open->visit_count > (book->move ? 1u : 0u))
        message_clear(&need->not_after);
    return need;
}

Fascia__Result *engine_do_book(struct engine *engine, const Fascia__Book *book)
{
    struct referral *referral = engine_find_referral(engine, book->referral);
    struct visit wanted = {0}, freed = {0};
    Fascia__Result *refusal;
    Fascia__Need *need;
    enum match_gate gate;

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    refusal = check_book(engine, referral, book);
    if (refusal != NULL)
        return refusal;
    if (book->move)
        freed = referral->open->visits[0];
    need = need_of_visit(referral, book);
    wanted.from = book->from;
    wanted.to = book->from + (int64_t)need->duration_minutes * MINUTE_MS;
    gate = engine_check_gates(engine, referral, need, &wanted, &freed);
    fascia__need__free_unpacked(need, NULL);
    if (gate != GATE_NONE)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER),
                                     gate == GATE_TIME ? "from" : "therapist", engine_gate_text(gate));
    if (book->move)
        engine_emit_visit_ended(engine, referral, freed.number, FASCIA__VISIT_ENDED__HOW__MOVED);
    wanted.number = engine_emit_visit_booked(engine, referral, wanted.from, wanted.to, freed.appointment);
    wanted.appointment = book->move ? freed.appointment : wanted.number;
    engine_tell_of_visit(engine, referral, &wanted,
                         book->move ? FASCIA__APPOINTMENT_CHANGE__HOW__MOVED : FASCIA__APPOINTMENT_CHANGE__HOW__BOOKED);
    return engine_answer(engine, referral, VERDICT(OK));
}

/* ---- how a visit went ---- */

/* Whether the visit that is next has yet to begin. */
static bool is_early(const struct engine *engine, const struct referral_open *open)
{
    return open->visit_count > 0 && open->visits[0].from > engine->now;
}

/* A visit without an appointment may have taken place; one that was missed or called off was booked. */
static Fascia__Result *check_end(const struct engine *engine, const struct referral *referral,
                                 const Fascia__EndVisit *end)
{
    Fascia__Result *refusal = check_treated(engine, referral);
    bool walk_in = end->how == FASCIA__VISIT_ENDED__HOW__DONE && (referral->state == FASCIA__STATE__STATE_ACCEPTED ||
                                                                  referral->state == FASCIA__STATE__STATE_IN_PROGRESS);

    if (refusal != NULL)
        return refusal;
    if (end->how != FASCIA__VISIT_ENDED__HOW__DONE && end->how != FASCIA__VISIT_ENDED__HOW__NO_SHOW &&
        end->how != FASCIA__VISIT_ENDED__HOW__CANCELLED)
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(BAD_TYPE), "how",
                                     "a visit was done, missed or called off; to move it, book another time");
    if (referral->open->visit_count == 0 && !walk_in)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER), "referral",
                                     "no visit is booked");
    if (end->how != FASCIA__VISIT_ENDED__HOW__CANCELLED && !end->anyway && is_early(engine, referral->open))
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER), "how",
                                     "the booked visit has not begun yet: report it when it has, move or call it off "
                                     "when it was at another time, or say that it is so anyway");
    return NULL;
}

/* The next that is booked; one that took place without an appointment gets a number of its own. */
static struct visit visit_in_hand(const struct referral_open *open)
{
    uint32_t number = open->visits_numbered + 1;

    return open->visit_count > 0 ? open->visits[0] : (struct visit){number, 0, 0, number};
}

static Fascia__AppointmentChange__How change_of(Fascia__VisitEnded__How how)
{
    if (how == FASCIA__VISIT_ENDED__HOW__NO_SHOW)
        return FASCIA__APPOINTMENT_CHANGE__HOW__NO_SHOW;
    return how == FASCIA__VISIT_ENDED__HOW__CANCELLED ? FASCIA__APPOINTMENT_CHANGE__HOW__CANCELLED
                                                      : FASCIA__APPOINTMENT_CHANGE__HOW__TOOK_PLACE;
}

Fascia__Result *engine_do_end_visit(struct engine *engine, const Fascia__EndVisit *end)
{
    struct referral *referral = engine_find_referral(engine, end->referral);
    Fascia__Result *refusal;
    struct visit visit;
    uint8_t before;

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    refusal = check_end(engine, referral, end);
    if (refusal != NULL)
        return refusal;
    before = referral->state;
    visit = visit_in_hand(referral->open);
    engine_emit_visit_reported(engine, referral, visit.number, end, end->anyway && is_early(engine, referral->open));
    if (end->how != FASCIA__VISIT_ENDED__HOW__DONE || referral->state != before)
        engine_tell_of_visit(engine, referral, &visit, change_of(end->how));
    return engine_answer(engine, referral, VERDICT(OK));
}

/* ---- the outcome ---- */

static bool is_goal(const char *goal)
{
    return *goal == '\0' || strcmp(goal, "met") == 0 || strcmp(goal, "partly-met") == 0 || strcmp(goal, "not-met") == 0;
}

static Fascia__Result *check_outcome(const struct engine *engine, const struct referral *referral,
                                     const Fascia__OutcomeReported *outcome)
{
    if (outcome == NULL)
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(MISSING), "outcome",
                                     "there is no outcome in it");
    if (outcome->pain_before < -1 || outcome->pain_before > 10 || outcome->pain_after < -1 || outcome->pain_after > 10)
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(BAD_TYPE), "outcome.pain_before",
                                     "pain is 0 to 10, or -1 when unknown");
    if (!is_goal(outcome->goal))
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(UNKNOWN_CODE), "outcome.goal",
                                     "the goal was met, partly-met or not-met");
    return check_treated(engine, referral);
}

/* A visit that has begun counts: the outcome ends it as one that took place (engine_emit_let_go). */
static bool was_never_seen(const struct engine *engine, const struct referral_open *open,
                           const Fascia__OutcomeReported *outcome)
{
    return outcome->visits == 0 && open->visits_done == 0 && (open->visit_count == 0 || is_early(engine, open));
}

Fascia__Result *engine_do_report_outcome(struct engine *engine, const Fascia__ReportOutcome *report)
{
    struct referral *referral = engine_find_referral(engine, report->referral);
    Fascia__Event event = FASCIA__EVENT__INIT;
    Fascia__OutcomeReported outcome;
    Fascia__Result *refusal;

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    refusal = check_outcome(engine, referral, report->outcome);
    if (refusal == NULL && !report->outcome->anyway && was_never_seen(engine, referral->open, report->outcome))
        refusal = engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER), "outcome.visits",
                                        "no visit took place: report those that did, say how many there were, or say "
                                        "that there was none and this is the outcome anyway");
    if (refusal != NULL)
        return refusal;
    engine_emit_let_go(engine, referral, true);
    outcome = *report->outcome;
    if (outcome.visits == 0)
        outcome.visits = referral->open->visits_done;
    outcome.anyway = outcome.anyway && outcome.visits == 0;
    outcome.outbox = engine->last_outbox + 1;
    event.body_case = FASCIA__EVENT__BODY_OUTCOME;
    event.outcome = &outcome;
    engine_emit(engine, referral->number, &event);
    outcome.outbox = 0;
    engine_tell_sender(engine, referral, &(struct telling){.outcome = &outcome});
    INVARIANT(referral->open->outcome_outbox == engine->last_outbox);
    return engine_answer(engine, referral, VERDICT(OK));
}
