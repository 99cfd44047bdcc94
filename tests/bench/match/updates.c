/* What a change costs, and what 10,000 of them a second cost the questions asked between them. */
#include "core/memory.h"
#include "directory.h"

#include <stdlib.h>

#define CHANGES_A_SECOND 10000
#define LIVE_TURNS       6

/* The n-th therapist that changes: all over the directory. */
static uint32_t somebody(const struct directory *directory, uint32_t n)
{
    return (uint32_t)((n * UINT64_C(2654435761) + 12345) % directory->bench->therapists);
}

/* A free half hour that bookings leave; false when there is none. */
static bool free_half_hour(const struct person *person, int64_t *from)
{
    for (unsigned word = 0; word < TIME_WORDS; word++) {
        if (person->free[word] != 0) {
            *from = COUNTRY_NOW + (word * 64 + __builtin_ctzll(person->free[word])) * 30 * MINUTE_MS;
            return true;
        }
    }
    return false;
}

struct changes {
    uint32_t count;
    uint32_t *who;
    int64_t *slot; /* 0: none */
    struct person *persons;
    struct therapist_sheet *sheets, *others; /* the same person, and as somebody else would be */
};

static void changes_init(struct changes *changes, const struct directory *directory)
{
    uint32_t most = directory->bench->therapists < 20000 ? directory->bench->therapists : 20000;
    struct person other;

    *changes = (struct changes){.count = most,
                                .who = memory_allocate(most, sizeof *changes->who),
                                .slot = memory_allocate(most, sizeof *changes->slot),
                                .persons = memory_allocate(most, sizeof *changes->persons),
                                .sheets = memory_allocate(most, sizeof *changes->sheets),
                                .others = memory_allocate(most, sizeof *changes->others)};
    for (uint32_t i = 0; i < most; i++) {
        changes->who[i] = somebody(directory, i);
        directory_person(directory, changes->who[i], &changes->persons[i]);
        directory_person(directory, changes->who[i] + directory->bench->therapists, &other);
        other.number = changes->who[i];
        sheet_therapist(&directory->bench->country, &changes->persons[i], &changes->sheets[i]);
        sheet_therapist(&directory->bench->country, &other, &changes->others[i]);
        if (!free_half_hour(&changes->persons[i], &changes->slot[i]))
            changes->slot[i] = 0;
    }
}

static void changes_finish(struct changes *changes)
{
    free(changes->who);
    free(changes->slot);
    free(changes->persons);
    free(changes->sheets);
    free(changes->others);
}

/* ---- what each kind costs ---- */

static void measure_slots(struct directory *directory, const struct changes *changes)
{
    const int64_t half_hour = 30 * MINUTE_MS;
    uint32_t done = 0;
    int64_t start = answers_cpu(), taken, given;

    for (uint32_t i = 0; i < changes->count; i++) {
        if (changes->slot[i] != 0)
            done += calendar_take(directory->calendars[changes->who[i]], changes->slot[i], changes->slot[i] + half_hour,
                                  false);
    }
    taken = answers_cpu();
    for (uint32_t i = 0; i < changes->count; i++) {
        if (changes->slot[i] != 0)
            (void)calendar_give(directory->calendars[changes->who[i]], changes->slot[i], changes->slot[i] + half_hour);
    }
    given = answers_cpu();
    if (done == 0)
        bench_stop("no slot could be booked");
    answers_fact(directory->bench, "fascia.slot_booked_ns", (double)(taken - start) / done);
    answers_fact(directory->bench, "fascia.slot_freed_ns", (double)(given - taken) / done);
}

static void measure_loads(struct directory *directory, const struct changes *changes)
{
    int64_t start = answers_cpu();

    for (uint32_t i = 0; i < changes->count; i++)
        match_index_set_load(directory->index, changes->who[i], changes->persons[i].open_cases + 1,
                             changes->persons[i].recent_cases + 1);
    answers_fact(directory->bench, "fascia.load_changed_ns", (double)(answers_cpu() - start) / changes->count);
    for (uint32_t i = 0; i < changes->count; i++)
        match_index_set_load(directory->index, changes->who[i], changes->persons[i].open_cases,
                             changes->persons[i].recent_cases);
}

static void put(struct directory *directory, uint32_t who, const struct therapist_sheet *sheet)
{
    match_index_put(directory->index, who, &sheet->therapist, directory->calendars[who]);
}

static void put_all(struct directory *directory, const struct changes *changes, const struct therapist_sheet *sheets,
                    const char *fact)
{
    int64_t start = answers_cpu();

    for (uint32_t i = 0; i < changes->count; i++)
        put(directory, changes->who[i], &sheets[i]);
    answers_fact(directory->bench, fact, (double)(answers_cpu() - start) / changes->count);
}

static void measure_people(struct directory *directory, const struct changes *changes)
{
    int64_t start;

    put_all(directory, changes, changes->sheets, "fascia.therapist_changed_ns");
    put_all(directory, changes, changes->others, "fascia.therapist_moved_ns");
    start = answers_cpu();
    for (uint32_t i = 0; i < changes->count; i++)
        match_index_remove(directory->index, changes->who[i]);
    answers_fact(directory->bench, "fascia.therapist_removed_ns", (double)(answers_cpu() - start) / changes->count);
    put_all(directory, changes, changes->sheets, "fascia.therapist_added_ns");
    for (uint32_t i = 0; i < changes->count; i++)
        match_index_set_load(directory->index, changes->who[i], changes->persons[i].open_cases,
                             changes->persons[i].recent_cases);
}

void directory_measure_changes(struct directory *directory)
{
    struct changes changes;

    changes_init(&changes, directory);
    measure_slots(directory, &changes);
    measure_loads(directory, &changes);
    measure_people(directory, &changes);
    changes_finish(&changes);
}

/* ---- questions between changes ---- */

/* Six of ten book or free a slot, three change a load, one changes a therapist. Every change is undone when its turn comes again. */
static void change(struct directory *directory, const struct changes *changes, uint32_t n)
{
    uint32_t i = n / 20 % changes->count, who = changes->who[i];
    const struct person *person = &changes->persons[i];

    if (n % 10 == 9)
        put(directory, who, &changes->sheets[i]);
    else if (n % 10 >= 6)
        match_index_set_load(directory->index, who, person->open_cases + (n / 10 % 2), person->recent_cases);
    else if (changes->slot[i] != 0 && n % 2 == 0)
        (void)!calendar_take(directory->calendars[who], changes->slot[i], changes->slot[i] + 30 * MINUTE_MS, false);
    else if (changes->slot[i] != 0)
        (void)calendar_give(directory->calendars[who], changes->slot[i], changes->slot[i] + 30 * MINUTE_MS);
}

struct live {
    uint64_t questions, changes;
    double seconds;
    uint64_t *times, median; /* ns, of the first questions */
};

static int compare_times(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* Asks for a while; changes that are due by the clock are made before the next question, on this thread, in its time. */
static void ask_for(struct directory *directory, const struct changes *changes, unsigned per_second, double seconds,
                    struct live *live)
{
    const size_t most = 1 << 22;
    int64_t start = answers_clock(), end = start + (int64_t)(seconds * 1e9), now = start;

    *live = (struct live){.times = memory_allocate(most, sizeof *live->times)};
    while (now < end) {
        struct match_found found;
        uint64_t due = (uint64_t)(now - start) * per_second / 1000000000;
        int64_t before = now;

        while (live->changes < due)
            change(directory, changes, (uint32_t)live->changes++);
        match_find(directory->index, &directory->queries[ASK_MAIN][live->questions % directory->bench->asks[ASK_MAIN]],
                   &found);
        now = answers_clock();
        if (live->questions < most)
            live->times[live->questions] = (uint64_t)(now - before);
        live->questions++;
    }
    live->seconds = (double)(now - start) / 1e9;
    qsort(live->times, live->questions < most ? live->questions : most, sizeof *live->times, compare_times);
    live->median = live->times[(live->questions < most ? live->questions : most) / 2];
    free(live->times);
}

/* In turns, so that both meet the same noise; the best turn of each counts. */
void directory_measure_live(struct directory *directory)
{
    double mean[2] = {1e9, 1e9}, median[2] = {1e9, 1e9};
    struct changes changes;

    changes_init(&changes, directory);
    for (unsigned turn = 0; turn < LIVE_TURNS; turn++) {
        struct live live;

        ask_for(directory, &changes, turn % 2 * CHANGES_A_SECOND, directory->bench->seconds / LIVE_TURNS, &live);
        if (live.seconds / (double)live.questions < mean[turn % 2])
            mean[turn % 2] = live.seconds / (double)live.questions;
        if ((double)live.median < median[turn % 2])
            median[turn % 2] = (double)live.median;
    }
    answers_fact(directory->bench, "fascia.live_mean_percent", 100 * (mean[1] / mean[0] - 1));
    answers_fact(directory->bench, "fascia.live_median_percent", 100 * (median[1] / median[0] - 1));
    for (uint32_t i = 0; i < changes.count; i++) {
        if (changes.slot[i] != 0)
            (void)calendar_give(directory->calendars[changes.who[i]], changes.slot[i],
                                changes.slot[i] + 30 * MINUTE_MS);
        match_index_set_load(directory->index, changes.who[i], changes.persons[i].open_cases,
                             changes.persons[i].recent_cases);
    }
    changes_finish(&changes);
}
