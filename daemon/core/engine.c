#include "core/engine.h"

#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define MAXIMUM_OFFERS 25
#define MAXIMUM_OPEN   10000000

static void take_settings(struct engine *engine, const struct engine_settings *settings)
{
    engine->settings = *settings;
    if (engine->settings.maximum_offers == 0)
        engine->settings.maximum_offers = MAXIMUM_OFFERS;
    if (engine->settings.maximum_open == 0)
        engine->settings.maximum_open = MAXIMUM_OPEN;
}

static void take_weights(struct engine *engine, const struct engine_settings *settings)
{
    if (settings->match != NULL)
        engine->weights = *settings->match;
    else
        match_settings_default(&engine->weights);
}

/* Days of the node's own zone begin even while the directory is empty. */
static void watch_default_zone(struct engine *engine)
{
    const struct zone *zone = engine->zones.find(engine->zones.context, engine->settings.default_zone);

    directory_watch(engine->directory, zone != NULL ? zone : zone_utc(), engine->now);
}

struct engine *engine_create(const struct engine_settings *settings, const struct codes *codes,
                             const struct zone_source *zones, const struct engine_hash *hash)
{
    struct engine *engine = memory_allocate(1, sizeof *engine);

    take_settings(engine, settings);
    take_weights(engine, settings);
    arena_begin(&engine->messages);
    engine->codes = codes;
    engine->zones = *zones;
    engine->hash = *hash;
    engine->directory = directory_create(&engine->zones);
    engine->index = match_index_create(&engine->weights, codes, directory_names(engine->directory));
    directory_serve(engine->directory, engine->index);
    watch_default_zone(engine);
    engine_waiting_init(engine);
    return engine;
}

void engine_destroy(struct engine *engine)
{
    if (engine == NULL)
        return;
    while (engine->open_first != NULL)
        engine_open_end(engine, engine->open_first);
    for (size_t i = 0; i < engine->referral_room; i++)
        free(engine->referrals[i]);
    free(engine->referrals);
    free(engine->by_sender);
    free(engine->by_patient);
    for (size_t i = 0; i < CLASSES; i++) {
        order_finish(&engine->pending[i]);
    }
    order_finish(&engine->offers);
    for (size_t i = 0; i <= RECENT_DAYS; i++)
        free(engine->recent[i].referrals);
    for (size_t i = 0; i < engine->source_count; i++)
        free(engine->sources[i]);
    free(engine->sources);
    senders_finish(&engine->senders);
    engine_waiting_finish(engine);
    engine_asking_finish(engine);
    accounts_finish(&engine->accounts);
    match_index_destroy(engine->index);
    directory_destroy(engine->directory);
    arena_finish(&engine->messages);
    free(engine);
}

void engine_reconfigure(struct engine *engine, const struct engine_settings *settings)
{
    for (struct referral *referral = engine->open_first; referral != NULL; referral = referral->open->open_after)
        engine_index_leave(engine, referral);
    take_settings(engine, settings);
    watch_default_zone(engine);
    for (struct referral *referral = engine->open_first; referral != NULL; referral = referral->open->open_after)
        engine_index_enter(engine, referral);
    take_weights(engine, settings);
    match_index_configure(engine->index, &engine->weights);
    engine_note_sweep(engine);
}

void engine_let_time_pass(struct engine *engine, int64_t now)
{
    if (now > engine->now)
        engine->now = now; /* a clock that is set back does not undo what was done */
    if (directory_advance(engine->directory, engine->now))
        engine_note_sweep(engine);
    engine_recent_advance(engine, engine->now);
}

static Fascia__Result *do_command(struct engine *engine, const Fascia__Command *command)
{
    switch (command->body_case) {
    case FASCIA__COMMAND__BODY_SUBMIT:
        return engine_do_submit(engine, command->submit);
    case FASCIA__COMMAND__BODY_ACCEPT:
        return engine_do_accept(engine, command->accept);
    case FASCIA__COMMAND__BODY_DECLINE:
        return engine_do_decline(engine, command->decline);
    case FASCIA__COMMAND__BODY_BOOK:
        return engine_do_book(engine, command->book);
    case FASCIA__COMMAND__BODY_END_VISIT:
        return engine_do_end_visit(engine, command->end_visit);
    case FASCIA__COMMAND__BODY_REPORT_OUTCOME:
        return engine_do_report_outcome(engine, command->report_outcome);
    case FASCIA__COMMAND__BODY_CLEAR:
        return engine_do_clear(engine, command->clear);
    case FASCIA__COMMAND__BODY_WITHDRAW:
        return engine_do_withdraw(engine, command->withdraw);
    case FASCIA__COMMAND__BODY_ERASE:
        return engine_do_erase(engine, command->erase);
    case FASCIA__COMMAND__BODY_VIEW:
        return engine_do_view(engine, command->view);
    case FASCIA__COMMAND__BODY_PUT_THERAPIST:
        return engine_do_put_therapist(engine, command->put_therapist);
    case FASCIA__COMMAND__BODY_REMOVE_THERAPIST:
        return engine_do_remove_therapist(engine, command->remove_therapist);
    case FASCIA__COMMAND__BODY_PUT_ACCOUNT:
        return engine_do_put_account(engine, command->put_account);
    case FASCIA__COMMAND__BODY_REMOVE_ACCOUNT:
        return engine_do_remove_account(engine, command->remove_account);
    case FASCIA__COMMAND__BODY_JUDGED:
        return engine_do_judged(engine, command->judged);
    case FASCIA__COMMAND__BODY_OUTBOX_DONE:
        return engine_do_outbox_done(engine, command->outbox_done);
    default:
        return engine_answer_problem(engine, NULL, FASCIA__RESULT__VERDICT__REFUSED, FASCIA__PROBLEM__KIND__OTHER, "",
                                     "this node knows no such command");
    }
}

void engine_execute(struct engine *engine, const Fascia__Command *command, int64_t now, struct record_batch *batch,
                    Fascia__Result **result)
{
    INVARIANT(!engine->loading);
    engine_let_time_pass(engine, now);
    engine->actor = command->actor;
    engine->batch = batch;
    *result = engine_check_reach(engine, command);
    if (*result == NULL)
        *result = do_command(engine, command);
    engine->actor = NULL;
    engine->batch = NULL;
}

void engine_counts(const struct engine *engine, struct engine_counts *counts)
{
    *counts = (struct engine_counts){.referrals_open = engine->open_count,
                                     .therapists = directory_count(engine->directory),
                                     .last_sequence = engine->last_sequence,
                                     .offers_open = engine->by_state[FASCIA__STATE__STATE_OFFERED],
                                     .waitlisted = engine->by_state[FASCIA__STATE__STATE_WAITLISTED],
                                     .pending_matches = engine->by_state[FASCIA__STATE__STATE_MATCHING]};
    memcpy(counts->by_state, engine->by_state, sizeof counts->by_state);
}
