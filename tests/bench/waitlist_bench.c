/*
 * The waiting list under changes: 100,000 referrals wait, therapists change, and each change wakes whom it can help.
 *
 * usage: waitlist_bench PLACES.csv [CITIES.txt] [WAITING] [CHANGES]
 *
 * Two scenes. In `country` therapists and referrals are spread over real postal codes as people are, and those wait whom nobody of the directory
 * passes. In `city` all of them have one postal code, and wait because everybody is full. Changes are by turns: room (a case less), payer (one
 * more), slot (no time but one hour). For each the steps of the engine are timed: the therapist's content unpacked, the index asked, and in their
 * order those named checked, until as many are found as there is room for. Beside it, in the same run, what was done without an index: each
 * waiting need unpacked and checked. Both must find the same referrals, or the program fails.
 */
#include "match/answers.h"
#include "match/sheets.h"

#include "core/memory.h"
#include "core/message.h"
#include "match/match.h"
#include "match/waiting.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THERAPISTS 100000
#define CITIZENS   2000 /* therapists of the city */
#define RECHECKS   4    /* changes that are looked at without the index */

struct packed {
    uint8_t *bytes;
    size_t size;
};
struct member {
    struct packed content;
    struct calendar *calendar;
    uint32_t capacity, open_cases;
    char identifier[16];
};
struct scene {
    const char *name;
    bool city;
    uint32_t city_place;
    const struct country *country;
    struct member *members;
    uint32_t member_count;
    struct match_names names;
    struct match_index *index;
    struct match_waiting *waiting;
    struct packed *needs; /* of those who wait, by key - 1 */
    uint8_t *zones;
    uint32_t needed;
};

/* ---- therapists ---- */

static const char *name_of(void *context, uint32_t number)
{
    const struct scene *scene = context;

    return scene->members[number].identifier;
}

static uint32_t number_of(void *context, const char *identifier)
{
    const struct scene *scene = context;
    unsigned long number = identifier[0] == 'T' ? strtoul(identifier + 1, NULL, 10) : MATCH_NOBODY;

    return number < scene->member_count ? (uint32_t)number : MATCH_NOBODY;
}

static void put_member(struct scene *scene, uint32_t number)
{
    const struct country *country = scene->country;
    struct member *member = &scene->members[number];
    struct therapist_sheet sheet;
    struct person person;

    person_make(country, 1, number, &person);
    if (scene->city) {
        person.place = scene->city_place;
        person.states[0] = country->places[scene->city_place].state;
        person.capacity = person.capacity == 0 ? 1 : person.capacity;
        person.open_cases = person.capacity;
    }
    sheet_therapist(country, &person, &sheet);
    memcpy(member->identifier, sheet.identifier, sizeof sheet.identifier);
    member->content.bytes = message_pack(&sheet.therapist.base, &member->content.size);
    member->calendar = calendar_create(country->zones[country->places[person.place].zone], &sheet.therapist);
    calendar_advance(member->calendar, COUNTRY_NOW);
    for (unsigned i = 0; i < person.booking_count; i++) {
        int64_t from = COUNTRY_NOW + person.bookings[i].at * 30 * MINUTE_MS;

        (void)!calendar_take(member->calendar, from, from + person.bookings[i].length * 30 * MINUTE_MS, true);
    }
    member->capacity = person.capacity;
    member->open_cases = person.open_cases;
    match_index_put(scene->index, number, &sheet.therapist, member->calendar);
    match_index_set_load(scene->index, number, person.open_cases, person.recent_cases);
}

/* ---- those who wait ---- */

static struct match_query query_of(const struct scene *scene, const Fascia__Need *need, uint8_t zone)
{
    return (struct match_query){.need = need, .zone = scene->country->zones[zone], .now = COUNTRY_NOW, .limit = 1};
}

static void fill_list(struct scene *scene, uint32_t wanted)
{
    int64_t spent = 0;
    uint32_t asked = 0;

    scene->needs = memory_allocate(wanted, sizeof *scene->needs);
    scene->zones = memory_allocate(wanted, 1);
    for (; scene->needed < wanted; asked++) {
        struct need_sheet sheet;
        struct match_query query;
        struct match_found found = {0};
        struct ask ask;
        uint8_t zone;
        int64_t from;

        ask_make(scene->country, 1, ASK_MAIN, asked, &ask);
        if (scene->city) {
            ask.place = scene->city_place;
            ask.state = scene->country->places[ask.place].state;
        }
        sheet_need(scene->country, &ask, &sheet);
        zone = scene->country->places[ask.place].zone;
        query = query_of(scene, &sheet.need, zone);
        match_find(scene->index, &query, &found);
        if (found.count > 0)
            continue;
        scene->zones[scene->needed] = zone;
        scene->needs[scene->needed].bytes = message_pack(&sheet.need.base, &scene->needs[scene->needed].size);
        from = answers_clock();
        match_waiting_add(scene->waiting, match_waiting_key(scene->needed % 20 == 0 ? 1 : 2, scene->needed + 1),
                          &sheet.need, query.zone, COUNTRY_NOW);
        spent += answers_clock() - from;
        scene->needed++;
    }
    printf("%s: %u therapists; %u of %u referrals wait; %.0f ns to add one, %.0f bytes each\n", scene->name,
           scene->member_count, scene->needed, asked, (double)spent / scene->needed,
           (double)match_waiting_bytes(scene->waiting) / scene->needed);
}

static bool is_helped(const struct scene *scene, uint64_t key, uint32_t therapist)
{
    const size_t at = match_waiting_number(key) - 1;
    Fascia__Need *need = fascia__need__unpack(NULL, scene->needs[at].size, scene->needs[at].bytes);
    struct match_query query = query_of(scene, need, scene->zones[at]);
    bool helped = match_earliest(scene->index, &query, therapist) != INT64_MAX;

    fascia__need__free_unpacked(need, NULL);
    return helped;
}

/* ---- changes ---- */

enum kind { CHANGE_ROOM, CHANGE_PAYER, CHANGE_SLOT, KINDS };
static const char *const kind_names[KINDS] = {"room", "payer", "slot"};

struct changed {
    uint32_t therapist, room;
    Fascia__Therapist *content;
    struct calendar *calendar; /* for the time being; NULL: as before */
};

static void leave_one_hour(const struct scene *scene, struct changed *changed)
{
    const struct zone *zone = scene->country->zones[0];
    Fascia__HoursException exception = FASCIA__HOURS_EXCEPTION__INIT, *exceptions[] = {&exception};
    Fascia__Hours hours = FASCIA__HOURS__INIT, *hour_list[] = {&hours};
    Fascia__Therapist only = *changed->content;
    char date[11];

    day_format((int32_t)(COUNTRY_NOW / DAY_MS) + 1 + (int32_t)(changed->therapist % 20), date);
    hours.from_minute = 8 * 60 + changed->therapist % 12 * 60;
    hours.to_minute = hours.from_minute + 60;
    exception.date = date;
    exception.hours = hour_list;
    exception.n_hours = 1;
    only.n_hours = 0;
    only.exceptions = exceptions;
    only.n_exceptions = 1;
    changed->calendar = calendar_create(zone, &only);
    calendar_advance(changed->calendar, COUNTRY_NOW);
}

static void add_payer(Fascia__Therapist *content)
{
    char payer[16];

    snprintf(payer, sizeof payer, "PAYER-%03u", (unsigned)content->n_payers * 13 % PAYERS);
    content->payers = memory_resize(content->payers, content->n_payers + 1, sizeof *content->payers);
    content->payers[content->n_payers++] = memory_text(payer);
}

static void change(struct scene *scene, enum kind kind, uint32_t therapist, struct changed *changed)
{
    struct member *member = &scene->members[therapist];
    uint32_t open = member->open_cases;

    *changed = (struct changed){.therapist = therapist};
    changed->content = fascia__therapist__unpack(NULL, member->content.size, member->content.bytes);
    if (kind == CHANGE_ROOM || open >= member->capacity)
        open = member->capacity == 0 ? 0 : member->capacity - 1;
    if (kind == CHANGE_PAYER)
        add_payer(changed->content);
    if (kind == CHANGE_SLOT)
        leave_one_hour(scene, changed);
    match_index_put(scene->index, therapist, changed->content,
                    changed->calendar != NULL ? changed->calendar : member->calendar);
    match_index_set_load(scene->index, therapist, open, 0);
    changed->room = member->capacity - open;
}

static void change_back(struct scene *scene, struct changed *changed)
{
    struct member *member = &scene->members[changed->therapist];
    Fascia__Therapist *content = fascia__therapist__unpack(NULL, member->content.size, member->content.bytes);

    match_index_put(scene->index, changed->therapist, content, member->calendar);
    match_index_set_load(scene->index, changed->therapist, member->open_cases, 0);
    fascia__therapist__free_unpacked(content, NULL);
    fascia__therapist__free_unpacked(changed->content, NULL);
    calendar_destroy(changed->calendar);
}

/* ---- measuring ---- */

/* Of this thread, so that others on the machine do not count. */
static int64_t processor_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

struct sums {
    int64_t *times;
    size_t count;
    uint64_t named, checked, woken;
};

static void look(struct scene *scene, struct changed *changed, struct match_waiting_found *found, struct sums *sums)
{
    size_t size;
    uint8_t *packed = message_pack(&changed->content->base, &size);
    int64_t from = processor_clock();
    Fascia__Therapist *content = fascia__therapist__unpack(NULL, size, packed);
    uint32_t room = changed->room;
    uint64_t key;

    if (room > 0) {
        const uint32_t hours = match_hours_of(
            changed->calendar != NULL ? changed->calendar : scene->members[changed->therapist].calendar, COUNTRY_NOW);

        match_waiting_ask(scene->waiting, content, hours, 0, found);
        sums->named += found->count;
    }
    while (room > 0 && match_waiting_next(found, &key)) {
        const bool helped = is_helped(scene, key, changed->therapist);

        sums->checked++;
        sums->woken += helped;
        room -= helped;
    }
    fascia__therapist__free_unpacked(content, NULL);
    sums->times[sums->count++] = processor_clock() - from;
    free(packed);
}

/* Everybody, as without an index; and whom the index would wake if there were room for all. */
static int64_t recheck(struct scene *scene, struct changed *changed, struct match_waiting_found *found)
{
    uint8_t *helped = memory_allocate(scene->needed, 1);
    int64_t from = processor_clock(), spent;
    uint64_t key;
    size_t passing = 0, woken = 0;

    for (uint32_t i = 0; i < scene->needed; i++) {
        Fascia__Need *need = fascia__need__unpack(NULL, scene->needs[i].size, scene->needs[i].bytes);
        struct match_query query = query_of(scene, need, scene->zones[i]);

        helped[i] = match_check(scene->index, &query, changed->therapist, 0, 0, false, false) == GATE_NONE;
        fascia__need__free_unpacked(need, NULL);
    }
    spent = processor_clock() - from;
    for (uint32_t i = 0; i < scene->needed; i++)
        passing += helped[i] && is_helped(scene, i + 1, changed->therapist);
    match_waiting_ask(scene->waiting, changed->content, MATCH_HOURS_ALWAYS, 0, found);
    while (match_waiting_next(found, &key))
        woken += is_helped(scene, key, changed->therapist);
    if (woken != passing)
        bench_stop("%s: therapist %u helps %zu, and the index wakes %zu", scene->name, changed->therapist, passing,
                   woken);
    free(helped);
    return spent;
}

static int by_time(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void report(const struct scene *scene, enum kind kind, struct sums *sums, double recheck_us)
{
    double total = 0;

    qsort(sums->times, sums->count, sizeof *sums->times, by_time);
    for (size_t i = 0; i < sums->count; i++)
        total += (double)sums->times[i] / 1000;
    total /= (double)sums->count;
    printf("| %s | %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.2f | %.2f | %.0f | %.0f |\n", scene->name,
           kind_names[kind], total, (double)sums->times[sums->count / 2] / 1000,
           (double)sums->times[sums->count * 99 / 100] / 1000, total / 10, (double)sums->named / (double)sums->count,
           (double)sums->checked / (double)sums->count, (double)sums->woken / (double)sums->count, recheck_us,
           recheck_us / total);
}

static void measure(struct scene *scene, enum kind kind, uint32_t changes)
{
    struct match_waiting_found found = {0};
    struct sums sums = {.times = memory_allocate(changes, sizeof(int64_t))};
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15) + kind;
    int64_t spent = 0;

    for (uint32_t i = 0; i < changes; i++) {
        struct changed changed;

        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        change(scene, kind, (uint32_t)(random >> 33) % scene->member_count, &changed);
        look(scene, &changed, &found, &sums);
        if (i < RECHECKS)
            spent += recheck(scene, &changed, &found);
        change_back(scene, &changed);
    }
    report(scene, kind, &sums, (double)spent / 1000 / RECHECKS);
    match_waiting_found_finish(&found);
    free(sums.times);
}

static void run(const struct country *country, bool city, uint32_t waiting, uint32_t changes)
{
    struct scene scene = {.name = city ? "city" : "country", .city = city, .country = country};

    scene.member_count = city ? CITIZENS : THERAPISTS;
    scene.members = memory_allocate(scene.member_count, sizeof *scene.members);
    scene.names = (struct match_names){&scene, name_of, number_of};
    scene.city_place = country_place_of(country, 42);
    scene.index = match_index_create(NULL, country->codes, &scene.names);
    scene.waiting = match_waiting_create(country->codes);
    for (uint32_t number = 0; number < scene.member_count; number++)
        put_member(&scene, number);
    match_index_settle(scene.index);
    fill_list(&scene, waiting);
    for (enum kind kind = 0; kind < KINDS; kind++)
        measure(&scene, kind, changes);
    match_waiting_destroy(scene.waiting);
    match_index_destroy(scene.index);
    for (uint32_t number = 0; number < scene.member_count; number++) {
        calendar_destroy(scene.members[number].calendar);
        free(scene.members[number].content.bytes);
    }
    for (uint32_t i = 0; i < scene.needed; i++)
        free(scene.needs[i].bytes);
    free(scene.needs);
    free(scene.zones);
    free(scene.members);
}

int main(int count, char **arguments)
{
    const uint32_t waiting = count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : 100000;
    const uint32_t changes = count > 4 ? (uint32_t)strtoul(arguments[4], NULL, 10) : 3000;
    struct country country;

    if (count < 2)
        bench_stop("usage: waitlist_bench PLACES.csv [CITIES.txt] [WAITING] [CHANGES]");
    country_init(&country, arguments[1], count > 2 && arguments[2][0] != '\0' ? arguments[2] : NULL);
    printf("| scene | change | us a change | p50 | p99 | %% of a core at 1,000/s | named | checked | woken | "
           "re-checking all, us | "
           "ratio |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    run(&country, false, waiting, changes);
    run(&country, true, waiting, changes);
    country_finish(&country);
    return 0;
}
