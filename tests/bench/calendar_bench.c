/*
 * What a calendar costs: bytes, a search in ns as the matcher asks (one search of seven calendars), and a change, over a realistic population.
 *
 * calendar_bench [THERAPISTS]. Everything comes from a fixed seed, so that two builds answer the same questions; the checksum shows that they
 * answer them alike.
 */
#include "core/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OPENED = 7, AHEAD = 4, WARM = 1024, QUERIES = 10000, ROUNDS = 7, DAYS = 28 };

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t pick(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

static double now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static struct zone *read_zone(const char *name)
{
    static uint8_t bytes[65536];
    struct fault fault = {{0}};
    struct zone *zone;
    char path[256];
    size_t size;
    FILE *file;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    file = fopen(path, "rb");
    INVARIANT(file != NULL);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    zone = zone_parse(name, bytes, size, &fault);
    INVARIANT(zone != NULL);
    return zone;
}

/* ---- the population ---- */

static const char *const names[] = {"America/New_York", "America/Chicago", "America/Los_Angeles"};
enum { ZONES = sizeof names / sizeof *names };
static struct zone *zones[ZONES];
static struct calendar_today *todays[ZONES];
static struct calendar **calendars;
static size_t calendar_count;
static int32_t first_day;
static int64_t now;

/* Five days of four hours, lunch, four hours. */
static struct calendar *create(unsigned zone)
{
    static Fascia__Hours hours[10];
    Fascia__Hours *list[10];
    Fascia__Therapist therapist;
    uint32_t from = 480 + 30 * pick(5);

    fascia__therapist__init(&therapist);
    for (uint32_t i = 0; i < 10; i++) {
        fascia__hours__init(&hours[i]);
        hours[i].weekday = i / 2;
        hours[i].from_minute = from + i % 2 * 300;
        hours[i].to_minute = hours[i].from_minute + 240;
        list[i] = &hours[i];
    }
    therapist.hours = list;
    therapist.n_hours = 10;
    return calendar_create_on(todays[zone], &therapist);
}

/* A booking somewhere in the next weeks, more of them soon; false when the place is not free. */
static bool book(struct calendar *calendar, const struct zone *zone)
{
    uint32_t day = pick(DAYS), sooner = pick(DAYS);
    int64_t from = zone_instant(zone, first_day + (int32_t)(day < sooner ? day : sooner), 480 + (int32_t)pick(38) * 15);

    return calendar_take(calendar, from, from + (2 + pick(3)) * QUARTER_MS, false);
}

static void populate(void)
{
    int32_t minute;

    now = day_from_civil(2027, 6, 9) * DAY_MS + 15 * HOUR_MS;
    calendars = calloc(calendar_count, sizeof(struct calendar *));
    INVARIANT(calendars != NULL);
    for (unsigned zone = 0; zone < ZONES; zone++) {
        zones[zone] = read_zone(names[zone]);
        todays[zone] = calendar_today_create(zones[zone]);
        calendar_today_advance(todays[zone], now);
    }
    zone_local(zones[0], now, &first_day, &minute);
    for (size_t i = 0; i < calendar_count; i++) {
        unsigned zone = i % 5 < 3 ? 0 : i % 5 - 2; /* three fifths where the patients are */
        uint32_t wanted = 40 + pick(21);
        calendars[i] = create(zone);
        for (uint32_t tries = 0; wanted > 0 && tries < 1000; tries++)
            wanted -= book(calendars[i], zones[zone]);
    }
}

static void describe(void)
{
    size_t bytes = 0, free_halves = 0, halves = 0;

    for (size_t i = 0; i < calendar_count; i++)
        bytes += calendar_bytes(calendars[i]);
    for (size_t i = 0; i < WARM; i++)
        for (int half = 0; half < DAYS * 48; half++, halves++) {
            int64_t from = first_day * DAY_MS + half * 2 * QUARTER_MS;
            free_halves += calendar_is_free(calendars[i], from, from + 2 * QUARTER_MS);
        }
    printf("%zu calendars, %.0f bytes each, %.1f %% of the half hours of %d days free\n\n", calendar_count,
           (double)bytes / (double)calendar_count, 100.0 * (double)free_halves / (double)halves, DAYS);
}

/* ---- searches ---- */

static const struct calendar_window weekdays = {0x1f, 540, 1020}, evenings = {0x0a, 1020, 1200},
                                    weekend = {0x60, 540, 1020};
static const struct {
    const char *name;
    const struct calendar_window *window;
    uint32_t quarters;
} questions[] = {{"weekdays 9 to 17, an hour", &weekdays, 4},
                 {"Tuesday and Thursday 17 to 20, an hour", &evenings, 4},
                 {"any time, an hour", NULL, 4},
                 {"weekdays 9 to 17, two hours", &weekdays, 8},
                 {"weekend 9 to 17: never", &weekend, 4},
                 {"five hours on end: never", NULL, 20}};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static uint64_t checksum;

/* ns a calendar; all: cold, else of those few that stay in the cache. */
static double ask(size_t question, bool prepare, bool all)
{
    struct calendar *opened[OPENED];
    double begun = now_ns();

    for (size_t query = 0; query < QUERIES; query++) {
        struct calendar_prepared prepared;
        struct calendar_search search = {.zone = zones[0],
                                         .windows = questions[question].window,
                                         .window_count = questions[question].window != NULL,
                                         .not_before = now + pick(DAYS) * HOUR_MS,
                                         .not_after = INT64_MAX,
                                         .quarters = questions[question].quarters};
        if (prepare)
            calendar_search_prepare(&search, &prepared);
        for (size_t i = 0; i < OPENED; i++) {
            opened[i] = calendars[pick(all ? (uint32_t)calendar_count : WARM)];
            if (i < AHEAD)
                calendar_prefetch(opened[i]);
        }
        for (size_t i = 0; i < OPENED; i++) {
            if (i + AHEAD < OPENED)
                calendar_prefetch(opened[i + AHEAD]);
            checksum = checksum * 31 + (uint64_t)calendar_first_free(opened[i], &search);
        }
    }
    return (now_ns() - begun) / (QUERIES * OPENED);
}

/* The best of some rounds: what else the machine does only adds. */
static double measure(size_t question, bool prepare, bool all)
{
    double best = ask(question, prepare, all);

    for (int round = 1; round < ROUNDS; round++) {
        double again = ask(question, prepare, all);
        best = again < best ? again : best;
    }
    return best;
}

static double measure_changes(bool all)
{
    enum { CHANGES = 200000 };
    double begun = now_ns();
    size_t done = 0;

    for (size_t i = 0; i < CHANGES; i++) {
        struct calendar *calendar = calendars[pick(all ? (uint32_t)calendar_count : WARM)];
        int64_t from = now - now % HOUR_MS + pick(DAYS * 24) * HOUR_MS;
        if (!calendar_take(calendar, from, from + HOUR_MS, true))
            continue;
        INVARIANT(calendar_give(calendar, from, from + HOUR_MS));
        done++;
    }
    return (now_ns() - begun) / (double)(CHANGES + done);
}

static double measure_days(void)
{
    enum { BEGINNINGS = 1000 };
    double begun = now_ns();

    for (int day = 1; day <= BEGINNINGS; day++)
        calendar_today_advance(todays[0], now + day * DAY_MS);
    return (now_ns() - begun) / BEGINNINGS;
}

int main(int count, char **arguments)
{
    long wanted = count > 1 ? atol(arguments[1]) : 100000;

    if (wanted < WARM || wanted > 10000000) {
        fprintf(stderr, "usage: calendar_bench [THERAPISTS, %d to 10000000]\n", WARM);
        return 2;
    }
    calendar_count = (size_t)wanted;
    populate();
    describe();
    printf("| ns a calendar | warm | cold, fetched ahead | warm, not prepared |\n|---|---|---|---|\n");
    for (size_t question = 0; question < QUESTIONS; question++) {
        double warm = measure(question, true, false), cold = measure(question, true, true);
        printf("| %s | %.0f | %.0f | %.0f |\n", questions[question].name, warm, cold, measure(question, false, false));
    }
    printf("| take or give an hour | %.0f | %.0f | |\n", measure_changes(false), measure_changes(true));
    printf("| a day begins, all calendars of a zone | %.0f | | |\n", measure_days());
    printf("\nchecksum %016llx\n", (unsigned long long)checksum);
    for (size_t i = 0; i < calendar_count; i++)
        calendar_destroy(calendars[i]);
    for (unsigned zone = 0; zone < ZONES; zone++) {
        calendar_today_destroy(todays[zone]);
        zone_destroy(zones[zone]);
    }
    free(calendars);
    return 0;
}
