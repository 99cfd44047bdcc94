/*
 * 1,000 changes a second beside 100,000 who wait, through the engine: each change is a command, its events, and all work that comes of it.
 *
 * waking_bench [--referrals N] [--therapists N] [--changes N]
 *
 * A city whose therapists are full; everybody else waits. Changes by turns: a therapist takes one case more, and whoever of those who wait is
 * next is matched and offered; a therapist who stays full takes a payer more, and nobody is helped; an offer is declined, and goes to the next.
 * Nothing is stored: records are dropped. The engine's clock goes on by a millisecond a change, so that whatever it does by the clock is done.
 * Timed is the processor time of this thread.
 */
#include "clinic.h"

#include "core/engine_state.h"

#include <getopt.h>
#include <time.h>

static const char *const places[] = {"40202", "40203", "40204", "40205", "40206", "40207", "40208", "40210", "40211"};
static const char *const languages[] = {"es", "vi", "ar", "so"};
#define COUNT(list) (sizeof(list) / sizeof *(list))

enum kind { ROOM, PAYER, DECLINE, KINDS };
static const char *const kind_names[KINDS] = {"room", "payer", "decline"};

struct city {
    struct engine *engine;
    int64_t now;
    size_t therapists, offers; /* offers made by the last command and the work after it */
    uint32_t *capacities, *payers;
};

static int64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void drop(struct city *city, struct record_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++)
        city->offers += batch->events[i].kind == FASCIA__EVENT__BODY_OFFERED;
    record_batch_finish(batch);
}

static void execute(struct city *city, Fascia__Command *command)
{
    Fascia__Result *result = NULL;
    struct record_batch batch;

    record_batch_init(&batch);
    command->actor =
        command->body_case == FASCIA__COMMAND__BODY_SUBMIT ? (char *)"source:clinic-hl7" : (char *)"user:office";
    engine_execute(city->engine, command, city->now, &batch, &result);
    INVARIANT(result->verdict == FASCIA__RESULT__VERDICT__OK);
    fascia__result__free_unpacked(result, NULL);
    drop(city, &batch);
}

/* As the daemon's loop does beside other work: in pieces, until nothing is due. */
static void work(struct city *city)
{
    size_t done;

    do {
        struct record_batch batch;

        record_batch_init(&batch);
        done = engine_work(city->engine, city->now, 32, &batch);
        drop(city, &batch);
    } while (done > 0);
}

/* ---- the city ---- */

static void put_therapist(struct city *city, size_t number)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Therapist *therapist;
    char text[32];

    snprintf(text, sizeof text, "T%05zu", number);
    therapist = clinic_therapist(text, city->capacities[number]);
    message_set(&therapist->places[0]->postal_code, places[number % COUNT(places)]);
    if (number % 3 == 0)
        message_push_text(&therapist->languages, &therapist->n_languages, languages[number / 3 % COUNT(languages)]);
    for (uint32_t payer = 0; payer < city->payers[number]; payer++) {
        snprintf(text, sizeof text, "MORE-%02u", payer);
        message_push_text(&therapist->payers, &therapist->n_payers, text);
    }
    command.body_case = FASCIA__COMMAND__BODY_PUT_THERAPIST;
    command.put_therapist = therapist;
    execute(city, &command);
    fascia__therapist__free_unpacked(therapist, NULL);
}

static void submit(struct city *city, size_t number)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Submit submit = FASCIA__SUBMIT__INIT;
    char id[32];

    snprintf(id, sizeof id, "R%zu", number);
    submit.action = FASCIA__SUBMIT__ACTION__NEW;
    submit.referral = clinic_referral(id);
    message_set(&submit.referral->patient->address->postal_code, places[number * 7 % COUNT(places)]);
    submit.referral->preferences->max_distance = 6000 + (uint32_t)(number % 4) * 3000;
    if (number % 5 == 0)
        message_push_text(&submit.referral->preferences->languages, &submit.referral->preferences->n_languages,
                          languages[number / 5 % COUNT(languages)]);
    if (number % 20 == 0)
        submit.referral->priority = FASCIA__PRIORITY__PRIORITY_URGENT;
    command.body_case = FASCIA__COMMAND__BODY_SUBMIT;
    command.submit = &submit;
    execute(city, &command);
    fascia__referral__free_unpacked(submit.referral, NULL);
}

/* Every therapist holds one case at first, so the first so many referrals are offered. */
static void fill(struct city *city, size_t therapists, size_t waiting)
{
    int64_t started = clock_now();

    city->therapists = therapists;
    city->capacities = memory_allocate(therapists, sizeof *city->capacities);
    city->payers = memory_allocate(therapists, sizeof *city->payers);
    for (size_t i = 0; i < therapists; i++) {
        city->capacities[i] = 1;
        put_therapist(city, i);
    }
    for (size_t number = 0; engine_waiting_count(city->engine) < waiting; number++) {
        submit(city, number);
        work(city);
        INVARIANT(number < 2 * waiting + 2 * therapists);
    }
    printf("%zu therapists, %zu referrals wait; %.1f s to get there\n", therapists, engine_waiting_count(city->engine),
           (double)(clock_now() - started) / 1e9);
}

/* ---- changes ---- */

/* The referral that is offered to somebody, from this number on; 0: none. */
static const struct referral *next_offered(const struct city *city, uint64_t *from)
{
    for (uint64_t number = *from + 1; number < *from + 200000; number++) {
        const struct referral *referral = engine_find_referral(city->engine, number);

        if (referral != NULL && referral->state == FASCIA__STATE__STATE_OFFERED) {
            *from = number;
            return referral;
        }
    }
    return NULL;
}

static void decline(struct city *city, const struct referral *referral)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Decline decline = FASCIA__DECLINE__INIT;

    decline.referral = referral->number;
    decline.therapist = (char *)referral->therapist->identifier;
    decline.reason_code = (char *)"no-time";
    command.body_case = FASCIA__COMMAND__BODY_DECLINE;
    command.decline = &decline;
    execute(city, &command);
}

static void change(struct city *city, enum kind kind, size_t number, uint64_t *offered)
{
    const size_t therapist = number * 7919 % city->therapists;
    const struct referral *referral;

    if (kind == DECLINE) {
        referral = next_offered(city, offered);
        if (referral != NULL)
            decline(city, referral);
        return;
    }
    if (kind == ROOM)
        city->capacities[therapist]++;
    else
        city->payers[therapist] = city->payers[therapist] % 20 + 1;
    put_therapist(city, therapist);
}

struct sums {
    int64_t *times, all;
    size_t count, offers;
};

static int by_time(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void report(const char *name, struct sums *sums)
{
    const double mean = (double)sums->all / (double)sums->count / 1e3;

    qsort(sums->times, sums->count, sizeof *sums->times, by_time);
    printf("| %s | %zu | %.0f | %.0f | %.0f | %.2f | %.1f |\n", name, sums->count, mean,
           (double)sums->times[sums->count / 2] / 1e3, (double)sums->times[sums->count * 99 / 100] / 1e3,
           (double)sums->offers / (double)sums->count, mean / 10);
}

static void measure(struct city *city, size_t changes)
{
    struct sums sums[KINDS + 1] = {{0}};
    uint64_t offered = 0;

    for (unsigned kind = 0; kind <= KINDS; kind++)
        sums[kind].times = memory_allocate(changes, sizeof(int64_t));
    for (size_t number = 0; number < changes; number++) {
        const enum kind kind = (enum kind)(number % KINDS);
        int64_t from = clock_now(), spent;

        city->now++;
        city->offers = 0;
        change(city, kind, number, &offered);
        work(city);
        spent = clock_now() - from;
        for (unsigned at = kind;; at = KINDS) {
            sums[at].times[sums[at].count++] = spent;
            sums[at].all += spent;
            sums[at].offers += city->offers;
            if (at == KINDS)
                break;
        }
    }
    puts("| change | n | us each | p50 | p99 | offers each | % of a core at 1,000/s |\n|---|---|---|---|---|---|---|");
    for (unsigned kind = 0; kind <= KINDS; kind++) {
        report(kind == KINDS ? "all" : kind_names[kind], &sums[kind]);
        free(sums[kind].times);
    }
    printf("%zu wait afterwards\n", engine_waiting_count(city->engine));
}

int main(int count, char **arguments)
{
    static const struct option options[] = {
        {"referrals", required_argument, NULL, 'r'},
        {"therapists", required_argument, NULL, 't'},
        {"changes", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    size_t referrals = 100000, therapists = 2000, changes = 10000;
    struct city city = {.now = CLINIC_NOW};
    struct clinic clinic;
    int option;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        if (option == 'r')
            referrals = strtoull(optarg, NULL, 10);
        else if (option == 't')
            therapists = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            changes = strtoull(optarg, NULL, 10);
        else
            return 2;
    }
    if (referrals == 0 || therapists == 0 || changes < KINDS)
        return 2;
    clinic_begin(&clinic);
    city.engine = clinic_engine(&clinic);
    fill(&city, therapists, referrals);
    measure(&city, changes);
    engine_destroy(city.engine);
    clinic_end(&clinic);
    free(city.capacities);
    free(city.payers);
    return 0;
}
