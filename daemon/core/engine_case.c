#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/message.h"
#include "core/screen.h"

#include <string.h>

#define KIND(kind)    FASCIA__PROBLEM__KIND__##kind
#define VERDICT(kind) FASCIA__RESULT__VERDICT__##kind

/* ---- clearing a red flag ---- */

static void emit_flag_cleared(struct engine *engine, const struct referral *referral, const char *clinician,
                              const char *flag)
{
    Fascia__FlagCleared cleared = FASCIA__FLAG_CLEARED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    cleared.clinician = (char *)clinician;
    cleared.flag = (char *)flag;
    event.body_case = FASCIA__EVENT__BODY_FLAG_CLEARED;
    event.flag_cleared = &cleared;
    engine_emit(engine, referral->number, &event);
}

/* How many flags there were. */
static size_t clear_flags(struct engine *engine, const struct referral *referral, const char *clinician)
{
    Fascia__Screened *screened;
    size_t cleared = 0;

    if (referral->open->problems == NULL)
        return 0;
    screened = fascia__screened__unpack(NULL, referral->open->problems_size, referral->open->problems);
    INVARIANT(screened != NULL);
    for (size_t i = 0; i < screened->n_problems; i++) {
        const char *flag = screen_flag_of(screened->problems[i]);

        if (flag == NULL)
            continue;
        emit_flag_cleared(engine, referral, clinician, flag);
        cleared++;
    }
    fascia__screened__free_unpacked(screened, NULL);
    return cleared;
}

Fascia__Result *engine_do_clear(struct engine *engine, const Fascia__Clear *clear)
{
    struct referral *referral = engine_find_referral(engine, clear->referral);

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    if (clear->clinician[strspn(clear->clinician, " \t")] == '\0')
        return engine_answer_problem(engine, referral, VERDICT(REFUSED), KIND(MISSING), "clinician",
                                     "say which clinician takes responsibility for clearing it");
    if (referral->state != FASCIA__STATE__STATE_NEEDS_INFORMATION ||
        clear_flags(engine, referral, clear->clinician) == 0)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(OTHER), "referral",
                                     "no red flag holds this referral");
    if (referral->state == FASCIA__STATE__STATE_MATCHING)
        engine_tell_sender(engine, referral,
                           &(struct telling){.text = "cleared by a clinician; looking for a therapist"});
    return engine_answer(engine, referral, VERDICT(OK));
}

/* ---- taking a referral out ---- */

Fascia__Result *engine_do_withdraw(struct engine *engine, const Fascia__Withdraw *withdraw)
{
    struct referral *referral = engine_find_referral(engine, withdraw->referral);

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    if (referral->state == FASCIA__STATE__STATE_WITHDRAWN)
        return engine_answer(engine, referral, VERDICT(DUPLICATE));
    if (referral->open == NULL || referral->state == FASCIA__STATE__STATE_COMPLETED)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "referral",
                                     "this referral is finished");
    engine_emit_let_go(engine, referral, true);
    engine_emit_moved(engine, referral, FASCIA__STATE__STATE_WITHDRAWN, withdraw->reason);
    engine_tell_sender(engine, referral, &(struct telling){.reason = withdraw->reason});
    return engine_answer(engine, referral, VERDICT(OK));
}

static void emit_erased(struct engine *engine, const struct referral *referral, const char *reason)
{
    Fascia__Erased erased = FASCIA__ERASED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    erased.reason = (char *)reason;
    event.body_case = FASCIA__EVENT__BODY_ERASED;
    event.erased = &erased;
    engine_emit(engine, referral->number, &event);
    record_add_erasure(engine->batch, referral->number);
}

/* A completed one whose sender could not be told is closed by this: it would otherwise stay for ever. */
Fascia__Result *engine_do_erase(struct engine *engine, const Fascia__Erase *erase)
{
    struct referral *referral = engine_find_referral(engine, erase->referral);

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    if (referral->erased)
        return engine_answer(engine, referral, VERDICT(DUPLICATE));
    if (referral->open != NULL && !referral->open->outcome_undelivered)
        return engine_answer_problem(engine, referral, VERDICT(CONFLICT), KIND(LOCKED), "referral",
                                     "only a closed, cancelled, rejected or withdrawn referral can be erased");
    if (referral->open != NULL)
        engine_emit_moved(engine, referral, FASCIA__STATE__STATE_CLOSED, "");
    emit_erased(engine, referral, erase->reason);
    return engine_answer(engine, referral, VERDICT(OK));
}

/* ---- the audit trail's own ---- */

Fascia__Result *engine_do_view(struct engine *engine, const Fascia__View *view)
{
    struct referral *referral = engine_find_referral(engine, view->referral);
    Fascia__Viewed viewed = FASCIA__VIEWED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    if (referral == NULL)
        return engine_answer_no_referral(engine);
    viewed.what = view->what;
    event.body_case = FASCIA__EVENT__BODY_VIEWED;
    event.viewed = &viewed;
    engine_emit(engine, referral->number, &event);
    return engine_answer(engine, referral, VERDICT(OK));
}

/* The dispatcher writes the message's own row; here is what it means for the referral. */
Fascia__Result *engine_do_outbox_done(struct engine *engine, const Fascia__OutboxDone *done)
{
    struct referral *referral = engine_find_referral(engine, done->referral);
    Fascia__StatusDelivered delivered = FASCIA__STATUS_DELIVERED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    if (referral == NULL || done->outbox == 0 || done->outbox > engine->last_outbox)
        return engine_answer_no_referral(engine);
    delivered.outbox = done->outbox;
    delivered.given_up = done->given_up;
    event.body_case = FASCIA__EVENT__BODY_STATUS_DELIVERED;
    event.status_delivered = &delivered;
    engine_emit(engine, referral->number, &event);
    if (!done->given_up && referral->state == FASCIA__STATE__STATE_COMPLETED &&
        referral->open->outcome_outbox == done->outbox)
        engine_emit_moved(engine, referral, FASCIA__STATE__STATE_CLOSED, "");
    return engine_answer(engine, referral, VERDICT(OK));
}
