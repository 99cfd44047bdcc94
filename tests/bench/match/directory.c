#include "directory.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(void *context, uint32_t number)
{
    const struct directory *directory = context;

    return directory->identifiers[number];
}

static uint32_t number_of(void *context, const char *identifier)
{
    const struct directory *directory = context;
    unsigned long number = identifier[0] == 'T' ? strtoul(identifier + 1, NULL, 10) : MATCH_NOBODY;

    return number < directory->bench->therapists ? (uint32_t)number : MATCH_NOBODY;
}

void directory_person(const struct directory *directory, uint32_t number, struct person *person)
{
    person_make(&directory->bench->country, directory->bench->seed, number, person);
}

static struct calendar *make_calendar(const struct directory *directory, const struct person *person,
                                      const Fascia__Therapist *therapist)
{
    const struct country *country = &directory->bench->country;
    struct calendar *calendar = calendar_create_on(directory->todays[country->places[person->place].zone], therapist);

    for (unsigned i = 0; i < person->booking_count; i++) {
        int64_t from = COUNTRY_NOW + person->bookings[i].at * 30 * MINUTE_MS;

        if (!calendar_take(calendar, from, from + person->bookings[i].length * 30 * MINUTE_MS, false))
            bench_stop("a booking of therapist %u does not fit the calendar", person->number);
    }
    return calendar;
}

#define BATCH 512
struct batch {
    uint32_t first, count;
    struct person persons[BATCH];
    struct therapist_sheet sheets[BATCH];
};

static void make_batch(struct directory *directory, struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        directory_person(directory, batch->first + i, &batch->persons[i]);
        sheet_therapist(&directory->bench->country, &batch->persons[i], &batch->sheets[i]);
        memcpy(directory->identifiers[batch->first + i], batch->sheets[i].identifier,
               sizeof batch->sheets[i].identifier);
    }
}

static void put_batch(struct directory *directory, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t number = batch->first + i;

        match_index_put(directory->index, number, &batch->sheets[i].therapist, directory->calendars[number]);
        match_index_set_load(directory->index, number, batch->persons[i].open_cases, batch->persons[i].recent_cases);
    }
}

/* The clock runs only while fascia works. */
static void put_all(struct directory *directory)
{
    const struct bench *bench = directory->bench;
    struct batch *batch = memory_allocate(1, sizeof *batch);
    int64_t calendars = 0, puts = 0;
    double bytes = 0;

    for (batch->first = 0; batch->first < bench->therapists; batch->first += batch->count) {
        batch->count = bench->therapists - batch->first < BATCH ? bench->therapists - batch->first : BATCH;
        make_batch(directory, batch);
        calendars -= answers_cpu();
        for (uint32_t i = 0; i < batch->count; i++)
            directory->calendars[batch->first + i] =
                make_calendar(directory, &batch->persons[i], &batch->sheets[i].therapist);
        calendars += answers_cpu();
        puts -= answers_cpu();
        put_batch(directory, batch);
        puts += answers_cpu();
        for (uint32_t i = 0; i < batch->count; i++)
            bytes += (double)calendar_bytes(directory->calendars[batch->first + i]);
    }
    puts -= answers_cpu();
    match_index_settle(directory->index);
    puts += answers_cpu();
    free(batch);
    answers_fact(bench, "fascia.build_s", (double)puts / 1e9);
    answers_fact(bench, "fascia.calendars_build_s", (double)calendars / 1e9);
    answers_fact(bench, "fascia.calendar_bytes_each", bytes / bench->therapists);
    answers_fact(bench, "fascia.bytes_each", (double)match_index_bytes(directory->index) / bench->therapists);
}

static void make_queries(struct directory *directory)
{
    const struct bench *bench = directory->bench;
    const struct country *country = &bench->country;

    for (enum ask_set set = 0; set < ASK_SETS; set++) {
        directory->needs[set] = memory_allocate(bench->asks[set], sizeof(struct need_sheet));
        directory->queries[set] = memory_allocate(bench->asks[set], sizeof(struct match_query));
        for (uint32_t number = 0; number < bench->asks[set]; number++) {
            struct ask ask;

            ask_make(country, bench->seed, set, number, &ask);
            sheet_need(country, &ask, &directory->needs[set][number]);
            directory->queries[set][number] =
                (struct match_query){.need = &directory->needs[set][number].need,
                                     .zone = country->zones[country->places[ask.place].zone],
                                     .now = COUNTRY_NOW,
                                     .limit = FOUND_MOST};
        }
    }
}

void directory_weigh(struct directory *directory, bool own)
{
    struct match_settings settings;

    match_settings_default(&settings);
    if (!own) {
        settings.weight[PART_DISTANCE] = POINTS_DISTANCE;
        settings.weight[PART_EXPERIENCE] = POINTS_EXPERIENCE;
        settings.weight[PART_REVIEWS] = POINTS_REVIEWS;
        settings.weight[PART_LOAD] = POINTS_LOAD;
        settings.weight[PART_EARLIEST] = settings.weight[PART_CONTINUITY] = 0;
        settings.rating_mean = 80;
        settings.rating_prior = 10;
        settings.experience_full = 50;
    }
    match_index_configure(directory->index, &settings);
}

void directory_init(struct directory *directory, const struct bench *bench)
{
    *directory = (struct directory){.bench = bench,
                                    .identifiers = memory_allocate(bench->therapists, 16),
                                    .calendars = memory_allocate(bench->therapists, sizeof(struct calendar *)),
                                    .names = {.context = directory, .name = name_of, .number = number_of}};
    for (size_t i = 0; i < bench->country.zone_count; i++) {
        directory->todays[i] = calendar_today_create(bench->country.zones[i]);
        calendar_today_advance(directory->todays[i], COUNTRY_NOW);
    }
    directory->index = match_index_create(NULL, bench->country.codes, &directory->names);
    directory_weigh(directory, false);
    put_all(directory);
    make_queries(directory);
}

void directory_finish(struct directory *directory)
{
    match_index_destroy(directory->index);
    for (uint32_t number = 0; number < directory->bench->therapists; number++)
        calendar_destroy(directory->calendars[number]);
    for (size_t i = 0; i < directory->bench->country.zone_count; i++)
        calendar_today_destroy(directory->todays[i]);
    for (enum ask_set set = 0; set < ASK_SETS; set++) {
        free(directory->needs[set]);
        free(directory->queries[set]);
    }
    free(directory->calendars);
    free(directory->identifiers);
}
