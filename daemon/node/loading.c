/*
 * Building an engine from the store, and telling how far that is.
 *
 * A million therapists take seconds, and a slow disk takes minutes: about once a second the log and the service manager hear how much is there, so that
 * nobody waits in the dark and a start that goes on is not taken for one that hangs.
 */
#include "core/memory.h"
#include "io/log.h"
#include "node/load_line.h"
#include "node/stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define TELL_MS    1000
#define LOOK_EVERY 256 /* rows between two looks at the clock */
#define EXTEND_US  60000000
#define FINISH_US  300000000 /* the last piece of work tells nothing while it goes on */

struct loading {
    struct engine *engine;
    struct load_line *line; /* has the engine while therapists come; NULL before and after */
    bool starting;
    uint64_t therapists, referrals, events;
    uint64_t therapists_most, referrals_most; /* that will come */
    int64_t began, told;                      /* monotonic */
    unsigned since_look;
    struct account_row *accounts; /* of which the loop is told when all is there */
    size_t account_count, account_room;
    bool refused; /* at the very end, and why */
    struct fault fault;
};

static void keep_waiting(const struct loading *loading, int microseconds)
{
    if (loading->starting)
        sd_notifyf(0,
                   "EXTEND_TIMEOUT_USEC=%d\n"
                   "STATUS=Loading: %llu of %llu therapists, %llu of %llu referrals",
                   microseconds, (unsigned long long)loading->therapists, (unsigned long long)loading->therapists_most,
                   (unsigned long long)loading->referrals, (unsigned long long)loading->referrals_most);
}

static void write_line(const struct loading *loading, const char *event, int64_t now)
{
    LOG(LOG_LEVEL_INFO, event, LOG_NUMBER("therapists", loading->therapists),
        LOG_NUMBER("of_therapists", loading->therapists_most), LOG_NUMBER("referrals", loading->referrals),
        LOG_NUMBER("of_referrals", loading->referrals_most), LOG_NUMBER("events", loading->events),
        LOG_NUMBER("milliseconds", now - loading->began));
}

static void tell(struct loading *loading)
{
    int64_t now;

    if (++loading->since_look < LOOK_EVERY)
        return;
    loading->since_look = 0;
    now = io_monotonic();
    if (now - loading->told < TELL_MS)
        return;
    loading->told = now;
    write_line(loading, "store.loading", now);
    keep_waiting(loading, EXTEND_US);
}

static void begin(void *context, uint64_t therapists, uint64_t referrals)
{
    struct loading *loading = context;

    loading->therapists_most = therapists;
    loading->referrals_most = referrals;
}

static bool load_account(void *context, const uint8_t *packed, size_t size, struct fault *fault)
{
    struct loading *loading = context;
    struct account_row row = {.size = size};
    Fascia__Account *account;

    if (!engine_load_account(loading->engine, packed, size, fault))
        return false;
    account = fascia__account__unpack(NULL, size, packed);
    INVARIANT(account != NULL);
    snprintf(row.name, sizeof row.name, "%s", account->name);
    fascia__account__free_unpacked(account, NULL);
    row.payload = memory_allocate(size, 1);
    memcpy(row.payload, packed, size);
    loading->accounts = memory_grow(loading->accounts, &loading->account_room, loading->account_count + 1, sizeof row);
    loading->accounts[loading->account_count++] = row;
    return true;
}

static bool load_therapist(void *context, const uint8_t *packed, size_t size, struct fault *fault)
{
    struct loading *loading = context;

    loading->therapists++;
    tell(loading);
    if (loading->line == NULL)
        loading->line = load_line_begin(loading->engine);
    return load_line_add(loading->line, packed, size, fault);
}

/* From now on the engine is this thread's. */
static bool end_therapists(struct loading *loading, struct fault *fault)
{
    struct load_line *line = loading->line;

    loading->line = NULL;
    return line == NULL || load_line_end(line, fault);
}

static bool load_referral(void *context, const struct referral_row *row, struct fault *fault)
{
    struct loading *loading = context;

    loading->referrals++;
    tell(loading);
    return end_therapists(loading, fault) && engine_load_referral(loading->engine, row, fault);
}

static bool load_event(void *context, const struct event_record *event, struct fault *fault)
{
    struct loading *loading = context;

    loading->events++;
    tell(loading);
    return end_therapists(loading, fault) && engine_load_event(loading->engine, event, fault);
}

static void finish(void *context, uint64_t last_referral, uint64_t last_sequence, uint64_t last_outbox)
{
    struct loading *loading = context;
    int64_t now;

    loading->refused = !end_therapists(loading, &loading->fault);
    if (loading->refused)
        return;
    if (io_monotonic() - loading->began >= TELL_MS)
        keep_waiting(loading, FINISH_US);
    engine_load_finish(loading->engine, last_referral, last_sequence, last_outbox, io_now());
    now = io_monotonic();
    if (now - loading->began >= TELL_MS)
        write_line(loading, "store.loaded", now);
}

/* ---- who hears of accounts ---- */

struct all_accounts {
    const struct stages *stages;
    struct account_row *accounts;
    size_t count;
};

static void tell_accounts(void *context)
{
    struct all_accounts *all = context;
    const struct stages_settings *settings = &all->stages->settings;

    if (settings->accounts != NULL)
        settings->accounts(settings->context, all->accounts, all->count, true);
    stages_free_accounts(all->accounts, all->count);
    free(all);
}

/* A start is the loop's own thread's; behind a commit that failed nobody knows which of them came to be, until now. */
static void hand_accounts_over(const struct stages *stages, struct loading *loading)
{
    struct all_accounts *all = memory_allocate(1, sizeof *all);

    *all = (struct all_accounts){stages, loading->accounts, loading->account_count};
    loading->accounts = NULL;
    loading->account_count = 0;
    if (loading->starting || !io_post(stages->settings.loop, tell_accounts, all))
        tell_accounts(all);
}

void stages_free_accounts(struct account_row *accounts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(accounts[i].payload);
    free(accounts);
}

struct engine *stages_load_engine(struct stages *stages, bool starting, enum store_status *status, struct fault *fault)
{
    struct loading loading = {.starting = starting, .began = io_monotonic()};
    const struct store_loader loader = {.context = &loading,
                                        .begin = begin,
                                        .account = load_account,
                                        .therapist = load_therapist,
                                        .referral = load_referral,
                                        .event = load_event,
                                        .finish = finish};

    loading.told = loading.began;
    loading.engine =
        engine_create(&stages->engine_settings, stages->settings.codes, stages->settings.zones, &stages->hash);
    *status = store_load(stages->store, &loader, fault);
    if (!end_therapists(&loading, &loading.fault)) /* of a load that ended early: its own fault says why */
        loading.refused = true;
    if (*status == STORE_OK && !loading.refused) {
        hand_accounts_over(stages, &loading);
        return loading.engine;
    }
    stages_free_accounts(loading.accounts, loading.account_count);
    if (*status == STORE_OK) {
        *status = STORE_DAMAGED; /* as when it is refused sooner */
        *fault = loading.fault;
    }
    engine_destroy(loading.engine);
    return NULL;
}
