/*
 * A backlog in a city where capacity is scarce, placed one by one and all at once, over the real engine and matcher.
 *
 * The same referrals meet the same therapists three times: each placed as it comes; each placed alone, the urgent first; and all
 * handed in before anything is placed, so that the engine places them together, ENGINE_BATCH at a time. Then the algorithm alone, on batches of growing size.
 *
 * assign_bench [--referrals N] [--therapists N] [--seeds N] [--pieces N]
 */
#include "desk.h"

#include "core/assign.h"
#include "core/engine_state.h"

#include <getopt.h>
#include <time.h>

enum way { AS_THEY_COME, URGENT_FIRST, AT_ONCE, WAYS };
static const char *const way_names[WAYS] = {"one by one, as they come", "one by one, urgent first", "together"};

struct draw {
    uint64_t state;
};

static uint64_t draw(struct draw *random, uint64_t below)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (random->state >> 11) % below;
}

static bool chance(struct draw *random, uint64_t percent)
{
    return draw(random, 100) < percent;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- the city ---- */

static const char *const places[] = {"40202", "40203", "40204", "40205", "40206", "40207", "40208", "40210", "40211",
                                     "40212", "40214", "40215", "40216", "40217", "40218", "40219", "40220", "40222"};
static const char *const languages[] = {"es", "vi", "ar", "so"};
static const struct {
    const char *code, *category;
} complaints[] = {{"M54.50", "back-pain"},     {"M54.2", "neck-pain"},       {"M17.11", "arthritis"},
                  {"M77.11", "sports-injury"}, {"Z96.651", "post-surgical"}, {"G44.209", "headache"}};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void put_therapists(struct desk *desk, struct draw *random, size_t count)
{
    static const char *const more[] = {"sports", "scar-tissue", "trigger-point"};

    for (size_t i = 0; i < count; i++) {
        char name[32];
        Fascia__Therapist *therapist;

        snprintf(name, sizeof name, "T%04zu", i);
        therapist = clinic_therapist(name, 1 + (uint32_t)draw(random, 5));
        therapist->gender = chance(random, 70) ? FASCIA__GENDER__GENDER_FEMALE : FASCIA__GENDER__GENDER_MALE;
        therapist->conditions[0]->cases = (uint32_t)draw(random, 60);
        for (size_t c = 1; c < COUNT(complaints); c++) {
            Fascia__Experience *experience;

            if (!chance(random, 45))
                continue;
            experience = CLINIC_NEW(Fascia__Experience, experience);
            message_set(&experience->condition, complaints[c].category);
            experience->cases = (uint32_t)draw(random, 60);
            message_push(&therapist->conditions, &therapist->n_conditions, experience);
        }
        for (size_t l = 0; l < COUNT(languages); l++)
            if (chance(random, l == 0 ? 25 : 8))
                message_push_text(&therapist->languages, &therapist->n_languages, languages[l]);
        for (size_t t = 0; t < COUNT(more); t++)
            if (chance(random, 50))
                message_push_text(&therapist->techniques, &therapist->n_techniques, more[t]);
        therapist->rating_count = (uint32_t)draw(random, 40);
        therapist->rating_sum = therapist->rating_count * (60 + (uint32_t)draw(random, 40));
        message_set(&therapist->places[0]->postal_code, places[draw(random, COUNT(places))]);
        INVARIANT(desk_put(desk, therapist) == FASCIA__RESULT__VERDICT__OK);
    }
}

static Fascia__Referral *make_referral(struct draw *random, size_t number)
{
    const size_t complaint = draw(random, COUNT(complaints));
    Fascia__Referral *referral;
    char id[32];

    snprintf(id, sizeof id, "R%zu", number);
    referral = clinic_referral(id);
    if (chance(random, 20))
        referral->priority = chance(random, 15) ? FASCIA__PRIORITY__PRIORITY_STAT : FASCIA__PRIORITY__PRIORITY_URGENT;
    message_set(&referral->conditions[0]->code, complaints[complaint].code);
    message_set(&referral->patient->address->postal_code, places[draw(random, COUNT(places))]);
    referral->preferences->max_distance = 6000 + (uint32_t)draw(random, 4) * 3000;
    if (chance(random, 20))
        message_push_text(&referral->preferences->languages, &referral->preferences->n_languages,
                          languages[draw(random, COUNT(languages))]);
    if (chance(random, 20))
        referral->preferences->therapist_gender = FASCIA__GENDER__GENDER_FEMALE;
    return referral;
}

static unsigned class_of(const Fascia__Referral *referral)
{
    if (referral->priority == FASCIA__PRIORITY__PRIORITY_STAT)
        return 0;
    return referral->priority == FASCIA__PRIORITY__PRIORITY_URGENT ? 1 : 2;
}

/* ---- placing them ---- */

struct result {
    size_t asked[CLASSES], placed[CLASSES], changed; /* changed: not its first candidate */
    int64_t score, metres;
    double seconds;
};

static size_t pieces = 32; /* in one call of engine_work: as an idle node does; 8 beside a flood */

static void work(struct desk *desk, struct result *result)
{
    for (;;) {
        struct record_batch batch;
        double started;
        size_t done;

        record_batch_init(&batch);
        started = seconds();
        done = engine_work(desk->engine, desk->now, pieces, &batch);
        result->seconds += seconds() - started;
        desk_keep(desk, &batch);
        if (done == 0)
            return;
    }
}

static void count_offer(const struct desk *desk, size_t place, struct result *result)
{
    const struct event_record *record = &desk->shelf.events[place], *before = record - 1;
    Fascia__Event *offered = fascia__event__unpack(NULL, record->size, record->payload);
    Fascia__Event *matched = fascia__event__unpack(NULL, before->size, before->payload);
    const Fascia__Explanation *explanation = matched->matched->explanation;

    result->placed[engine_class_of(engine_find_referral(desk->engine, record->referral))]++;
    result->changed += strcmp(explanation->candidates[0]->therapist, offered->offered->therapist) != 0;
    for (size_t i = 0; i < explanation->n_candidates; i++) {
        if (strcmp(explanation->candidates[i]->therapist, offered->offered->therapist) != 0)
            continue;
        result->score += explanation->candidates[i]->score;
        result->metres += explanation->candidates[i]->distance;
    }
    fascia__event__free_unpacked(offered, NULL);
    fascia__event__free_unpacked(matched, NULL);
}

static void place_backlog(struct clinic *clinic, enum way way, uint64_t seed, size_t therapists, size_t count,
                          struct result *result)
{
    struct draw random = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    Fascia__Referral **backlog = memory_allocate(count, sizeof *backlog);
    struct desk desk;

    desk_begin(&desk, clinic);
    put_therapists(&desk, &random, therapists);
    for (size_t i = 0; i < count; i++)
        backlog[i] = make_referral(&random, i);
    for (unsigned class = 0; class < CLASSES; class ++) {
        for (size_t i = 0; i < count; i++) {
            if (way == URGENT_FIRST ? backlog[i] == NULL || class_of(backlog[i]) != class : class > 0)
                continue;
            result->asked[class_of(backlog[i])]++;
            INVARIANT(desk_new(&desk, backlog[i]) == FASCIA__RESULT__VERDICT__OK);
            backlog[i] = NULL;
            if (way != AT_ONCE)
                work(&desk, result);
        }
    }
    work(&desk, result);
    for (size_t i = 0; i < desk.shelf.event_count; i++)
        if (desk.shelf.events[i].kind == FASCIA__EVENT__BODY_OFFERED)
            count_offer(&desk, i, result);
    INVARIANT(desk.wrong == NULL);
    desk_end(&desk);
    free(backlog);
}

static void print_result(enum way way, const struct result *result)
{
    const size_t placed = result->placed[0] + result->placed[1] + result->placed[2];
    const size_t asked = result->asked[0] + result->asked[1] + result->asked[2];

    printf("| %s | %zu of %zu | %zu of %zu | %zu of %zu | %zu | %lld | %.1f | %.2f | %.0f |\n", way_names[way],
           result->placed[0], result->asked[0], result->placed[1], result->asked[1], result->placed[2],
           result->asked[2], placed, (long long)result->score, (double)result->score / (double)placed,
           (double)result->metres / (double)placed / 1000, result->seconds * 1e6 / (double)asked);
}

/* ---- the algorithm alone ---- */

static void time_algorithm(size_t count)
{
    struct draw random = {count};
    struct assign_referral *referrals = memory_allocate(count, sizeof *referrals);
    struct assign_edge *edges = memory_allocate(count * ASSIGN_EDGES_MOST, sizeof *edges);
    struct assign_therapist *therapists = memory_allocate(count / 2, sizeof *therapists);
    uint32_t *places_of = memory_allocate(count, sizeof *places_of);
    size_t placed = 0, rounds = 1 + 8192 / count;
    double started;

    for (size_t i = 0; i < count / 2; i++)
        therapists[i] = (struct assign_therapist){1 + (uint32_t)draw(&random, 2), 300};
    for (size_t i = 0; i < count; i++) {
        /* ten of forty neighbours: all but the best are fought over */
        const size_t first = draw(&random, count / 2), step = 1 + draw(&random, 4);

        referrals[i] =
            (struct assign_referral){(uint32_t)draw(&random, 3), i, &edges[i * ASSIGN_EDGES_MOST], ASSIGN_EDGES_MOST};
        for (size_t e = 0; e < ASSIGN_EDGES_MOST; e++)
            edges[i * ASSIGN_EDGES_MOST + e] =
                (struct assign_edge){(uint32_t)((first + e * step) % (count / 2)), (int32_t)draw(&random, 1000) * 1000};
    }
    started = seconds();
    for (size_t round = 0; round < rounds; round++)
        assign_place(&(struct assign_problem){referrals, count, therapists, count / 2}, places_of);
    started = (seconds() - started) / (double)rounds;
    for (size_t i = 0; i < count; i++)
        placed += places_of[i] != ASSIGN_NOBODY;
    printf("| %zu | %zu | %.0f | %.2f |\n", count, placed, started * 1e6, started * 1e6 / (double)count);
    free(referrals);
    free(edges);
    free(therapists);
    free(places_of);
}

int main(int count, char **arguments)
{
    static const struct option options[] = {
        {"referrals", required_argument, NULL, 'r'},
        {"therapists", required_argument, NULL, 't'},
        {"seeds", required_argument, NULL, 's'},
        {"pieces", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    size_t referrals = 2000, therapists = 500;
    uint64_t seeds = 3;
    struct clinic clinic;
    int option;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        if (option == 'r')
            referrals = strtoull(optarg, NULL, 10);
        else if (option == 't')
            therapists = strtoull(optarg, NULL, 10);
        else if (option == 's')
            seeds = strtoull(optarg, NULL, 10);
        else if (option == 'p')
            pieces = strtoull(optarg, NULL, 10);
        else
            return 2;
    }
    clinic_begin(&clinic);
    puts("| placed | stat | urgent | routine | all | score | score each | km | us each "
         "|\n|---|---|---|---|---|---|---|---|---|");
    for (int way = 0; way < WAYS; way++) {
        struct result result = {0};

        for (uint64_t seed = 1; seed <= seeds; seed++)
            place_backlog(&clinic, (enum way)way, seed, therapists, referrals, &result);
        print_result((enum way)way, &result);
    }
    clinic_end(&clinic);
    puts("\n| at once | placed | us | us each |\n|---|---|---|---|");
    for (size_t size = 64; size <= ASSIGN_REFERRALS_MOST; size *= 4)
        time_algorithm(size);
    return 0;
}
