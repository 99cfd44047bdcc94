#include "core/engine_state.h"
#include "core/lifecycle.h"

#include <string.h>

#define KIND(kind)    FASCIA__PROBLEM__KIND__##kind
#define VERDICT(kind) FASCIA__RESULT__VERDICT__##kind

/* ---- accepting ---- */

/* NULL when the named therapist may accept now. */
static Fascia__Result *check_offer(const struct engine *engine, const struct referral *referral, const char *therapist)
{
    if (engine_has_therapist((Fascia__State)referral->state) && strcmp(referral->therapist->identifier, therapist) == 0)
        return engine_answer(engine, referral, VERDICT(DUPLICATE));
    if (referral->state != FASCIA__STATE__STATE_OFFERED)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "referral",
                                     "this referral has no open offer");
    if (strcmp(referral->therapist->identifier, therapist) != 0)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "therapist",
                                     "this referral is not offered to this therapist");
    if (engine->now >= referral->open->due)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "referral",
                                     "the offer has expired");
    return NULL;
}

Fascia__Result *engine_check_start(const struct engine *engine, const struct referral *referral, int64_t from)
{
    if (from % QUARTER_MS != 0)
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(BAD_TYPE), "from",
                                     "a visit begins on a quarter of an hour");
    if (from < engine->now)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER), "from", "this time has passed");
    return NULL;
}

enum match_gate engine_check_gates(const struct engine *engine, const struct referral *referral,
                                   const Fascia__Need *need, const struct visit *wanted, const struct visit *freed)
{
    const struct therapist *therapist = referral->therapist;
    bool same = wanted->from == freed->from && wanted->to == freed->to && freed->to > freed->from;
    bool lift = !same && freed->to > freed->from;
    struct question question;
    enum match_gate gate;

    if (!therapist->present)
        return GATE_ACCEPTING;
    engine_question_begin(engine, referral, need, engine->now, &question);
    if (lift)
        lift = calendar_give(therapist->calendar, freed->from, freed->to);
    question.query.has_case = engine_has_therapist((Fascia__State)referral->state);
    gate = match_check(engine->index, &question.query, therapist->number, wanted->from, wanted->to, same, true);
    if (lift)
        INVARIANT(calendar_take(therapist->calendar, freed->from, freed->to, true));
    engine_question_end(&question);
    return gate;
}

static void emit_accepted(struct engine *engine, struct referral *referral)
{
    Fascia__Accepted accepted = FASCIA__ACCEPTED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    accepted.therapist = referral->therapist->identifier;
    event.body_case = FASCIA__EVENT__BODY_ACCEPTED;
    event.accepted = &accepted;
    engine_emit(engine, referral->number, &event);
    engine_tell_sender(engine, referral, NULL);
}

static struct visit wanted_time(const struct referral *referral, int64_t from)
{
    struct visit wanted = {0, referral->open->hold_from, referral->open->hold_to, 0};
    Fascia__Need *need;

    if (from == 0)
        return wanted;
    need = engine_need_of(referral);
    wanted.from = from;
    wanted.to = from + (int64_t)need->duration_minutes * MINUTE_MS;
    fascia__need__free_unpacked(need, NULL);
    return wanted;
}

Fascia__Result *engine_do_accept(struct engine *engine, const Fascia__Accept *accept)
{
    struct referral *referral = engine_find_referral(engine, accept->referral);
    Fascia__Result *refusal;
    struct visit wanted, hold;
    enum match_gate gate;

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    if (*accept->therapist == '\0')
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(MISSING), "therapist",
                                     "say which therapist accepts");
    refusal = check_offer(engine, referral, accept->therapist);
    if (refusal == NULL && accept->from != 0)
        refusal = engine_check_start(engine, referral, accept->from);
    if (refusal != NULL)
        return refusal;
    hold = (struct visit){0, referral->open->hold_from, referral->open->hold_to, 0};
    wanted = wanted_time(referral, accept->from);
    gate = engine_check_gates(engine, referral, NULL, &wanted, &hold);
    if (gate != GATE_NONE)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED),
                                     gate == GATE_TIME ? "from" : "therapist", engine_gate_text(gate));
    emit_accepted(engine, referral);
    if (wanted.to > wanted.from) {
        wanted.number = wanted.appointment = engine_emit_visit_booked(engine, referral, wanted.from, wanted.to, 0);
        engine_tell_of_visit(engine, referral, &wanted, FASCIA__APPOINTMENT_CHANGE__HOW__BOOKED);
    }
    return engine_answer(engine, referral, VERDICT(OK));
}

/* ---- declining, before or after accepting ---- */

static bool is_reason(const char *code)
{
    static const char *const codes[] = {"no-time", "not-my-field", "too-far", "patient-known", "other"};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

static Fascia__Result *check_decline(const struct engine *engine, const struct referral *referral,
                                     const Fascia__Decline *decline)
{
    if (*decline->therapist == '\0')
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(MISSING), "therapist",
                                     "say which therapist declines");
    if (!is_reason(decline->reason_code))
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(UNKNOWN_CODE), "reason_code",
                                     "the reason is one of no-time, not-my-field, too-far, patient-known, other");
    if (referral->state != FASCIA__STATE__STATE_OFFERED && !engine_has_therapist((Fascia__State)referral->state))
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "referral",
                                     "this referral is with no therapist");
    if (strcmp(referral->therapist->identifier, decline->therapist) != 0)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "therapist",
                                     "this referral is not with this therapist");
    return NULL;
}

Fascia__Result *engine_do_decline(struct engine *engine, const Fascia__Decline *decline)
{
    struct referral *referral = engine_find_referral(engine, decline->referral);
    Fascia__Result *refusal;

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    refusal = check_decline(engine, referral, decline);
    if (refusal != NULL)
        return refusal;
    if (referral->state == FASCIA__STATE__STATE_OFFERED) {
        engine_emit_offer_closed(engine, referral, FASCIA__OFFER_CLOSED__HOW__DECLINED, decline->reason_code,
                                 decline->reason);
        return engine_answer(engine, referral, VERDICT(OK));
    }
    engine_emit_let_go(engine, referral, true);
    engine_emit_offer_closed(engine, referral, FASCIA__OFFER_CLOSED__HOW__DECLINED, decline->reason_code,
                             decline->reason);
    engine_tell_sender(engine, referral,
                       &(struct telling){.text = "the therapist has given the case back; looking for another"});
    return engine_answer(engine, referral, VERDICT(OK));
}
