#include "property/match_making.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world_name {
    uint32_t number;
    char *name; /* NULL in a gap */
};

/* ---- tables ---- */

static struct zone *read_zone(const char *name)
{
    uint8_t bytes[16384];
    struct fault fault = {{0}};
    struct zone *zone;
    char path[256];
    size_t size;
    FILE *file;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    zone = zone_parse(name, bytes, size, &fault);
    assert_non_null(zone);
    return zone;
}

static void load(struct codes *codes, const char *table, const char *text)
{
    struct fault fault = {{0}};

    if (!codes_load(codes, table, table, (const uint8_t *)text, strlen(text), &fault))
        fail_msg("%s", fault.text);
}

void world_tables_init(struct world_tables *tables)
{
    static const char *const names[WORLD_ZONES] = {
        "America/Kentucky/Louisville",
        "Australia/Lord_Howe",
        "UTC",
        "Pacific/Apia",
        "Europe/Dublin",
        "Asia/Kathmandu",
        "Pacific/Chatham",
        "Australia/Eucla",
        "America/St_Johns",
    };
    struct fault fault = {{0}};

    for (size_t i = 0; i < WORLD_ZONES; i++)
        tables->zones[i] = read_zone(names[i]);
    tables->codes = codes_create();
    codes_set_home(tables->codes, "US");
    load(tables->codes, "professions.csv",
         "taxonomy,label,refers,treats\n225700000X,Massage therapist,,yes\n2251,Physiotherapist,,yes\n"
         "111N,Chiropractor,,yes\n207,Physician,,no\n");
    load(tables->codes, "jurisdictions.csv",
         "country,state,jurisdiction,licence\nUS,KY,US-KY,required\nUS,IN,US-IN,required\nUS,WY,US-WY,none\n");
    if (!codes_finish(tables->codes, &fault))
        fail_msg("%s", fault.text);
}

void world_tables_finish(struct world_tables *tables)
{
    for (size_t i = 0; i < WORLD_ZONES; i++)
        zone_destroy(tables->zones[i]);
    codes_destroy(tables->codes);
}

/* ---- chance, memory and texts ---- */

uint32_t world_pick(struct world *world, uint32_t below)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (uint32_t)(world->random >> 20) % below;
}

bool making_chance(struct world *world, unsigned of_hundred)
{
    return world_pick(world, 100) < of_hundred;
}

bool making_spoilt(struct world *world)
{
    return making_chance(world, world->spoil);
}

void *making_give(struct world *world, size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);

    assert_non_null(memory);
    if (world->memory_count == world->memory_room) {
        world->memory_room = world->memory_room * 2 + 64;
        world->memory = realloc(world->memory, world->memory_room * sizeof(void *));
        assert_non_null(world->memory);
    }
    world->memory[world->memory_count++] = memory;
    return memory;
}

char *making_text(struct world *world, const char *kind, uint32_t number)
{
    char *text = making_give(world, 32, 1);

    snprintf(text, 32, "%s-%u", kind, number);
    return text;
}

char *making_date(struct world *world, int32_t day)
{
    char *text = making_give(world, 11, 1);

    day_format(day, text);
    return text;
}

char *making_some_date(struct world *world, int32_t day, unsigned near)
{
    static char *const odd[] = {"2026-02-30", "2026-1-1", "never"};

    if (making_chance(world, 45))
        return "";
    if (making_chance(world, 4))
        return odd[world_pick(world, 3)];
    return making_date(world, day - (int32_t)near + (int32_t)world_pick(world, 2 * near + 1));
}

char *making_any_case(struct world *world, const char *text)
{
    char *changed = making_give(world, strlen(text), 1);

    for (size_t i = 0; text[i] != '\0'; i++)
        changed[i] =
            (char)(text[i] >= 'a' && text[i] <= 'z' && making_chance(world, 50) ? text[i] - 'a' + 'A' : text[i]);
    return changed;
}

static uint32_t count_of(const struct world *world, const char *kind)
{
    static const struct {
        const char *kind;
        uint32_t count;
    } wide[] = {{"payer", 5000}, {"technique", 300}, {"condition", 500}, {"language", 1000}, {"certification", 120}};

    for (size_t i = 0; world->plan.wide && i < sizeof wide / sizeof *wide; i++)
        if (strcmp(wide[i].kind, kind) == 0)
            return wide[i].count;
    return world->codes;
}

char **making_codes(struct world *world, const char *kind, uint32_t most, size_t *count)
{
    char **texts;

    *count = world_pick(world, most + 1);
    texts = making_give(world, *count, sizeof(char *));
    for (size_t i = 0; i < *count; i++) {
        texts[i] = making_text(world, kind, world_pick(world, count_of(world, kind)));
        if (strcmp(kind, "payer") == 0)
            texts[i] = making_any_case(world, texts[i]);
    }
    return texts;
}

char *making_jurisdiction(struct world *world)
{
    static char *const few[] = {"US-KY", "US-IN", "US-WY", "CA-ON"};

    return world->plan.wide ? making_text(world, "J", world_pick(world, 60)) : few[world_pick(world, 4)];
}

/* ---- names and numbers ---- */

static int by_text(const void *left, const void *right)
{
    const struct world_name *const *a = left, *const *b = right;

    return strcmp((*a)->name, (*b)->name);
}

static int text_against(const void *key, const void *element)
{
    const struct world_name *const *name = element;

    return strcmp(key, (*name)->name);
}

static const char *name_of(void *context, uint32_t number)
{
    const struct world *world = context;

    if (number >= world->numbers || world->by_number[number].name == NULL)
        fail_msg("nobody has the number %u", number);
    return world->by_number[number].name;
}

static uint32_t number_of(void *context, const char *identifier)
{
    const struct world *world = context;
    struct world_name **found =
        world->people == 0 ? NULL
                           : bsearch(identifier, world->by_name, world->people, sizeof *world->by_name, text_against);

    return found == NULL ? MATCH_NOBODY : (*found)->number;
}

/* Different by the last bytes, by the first, by length, by bytes beyond ASCII. */
static char *make_identifier(struct world *world, uint32_t person, uint32_t kinds)
{
    static const char *const beginnings[] = {"t", "t",        "T",
                                             "~", "\xc3\xa9", "a-rather-long-name-for-a-therapist-of-the-node"};
    char *text = making_give(world, 72, 1);

    snprintf(text, 72, "%s-%u", beginnings[world_pick(world, kinds)], person);
    return text;
}

static void give_numbers(struct world *world)
{
    uint32_t step = 1 + (making_chance(world, 50) ? world_pick(world, 3) : 0), first = world_pick(world, 3);
    uint32_t *order = making_give(world, world->people, sizeof *order), kinds = making_chance(world, 50) ? 1 : 6;

    world->numbers = first + step * (uint32_t)world->people;
    world->by_number = making_give(world, world->numbers, sizeof *world->by_number);
    world->by_name = making_give(world, world->people, sizeof *world->by_name);
    world->calendars = making_give(world, world->numbers, sizeof *world->calendars);
    for (uint32_t i = 0; i < world->people; i++) {
        uint32_t with = world_pick(world, i + 1);

        order[i] = order[with];
        order[with] = i;
    }
    for (uint32_t i = 0; i < world->people; i++) {
        struct world_name *name = &world->by_number[first + step * order[i]];

        name->number = world->therapists[i].number = first + step * order[i];
        name->name = make_identifier(world, i, kinds);
        world->by_name[i] = name;
    }
    qsort(world->by_name, world->people, sizeof *world->by_name, by_text);
    world->names = (struct match_names){world, name_of, number_of};
}

/* ---- the world ---- */

static int32_t some_today(struct world *world)
{
    static const int days[][3] = {{2026, 3, 7},  {2026, 10, 31}, {2026, 12, 30}, {2028, 2, 28},  {2026, 6, 10},
                                  {2026, 4, 4},  {2027, 1, 1},   {2026, 10, 3},  {2026, 10, 24}, {2026, 9, 26},
                                  {2027, 3, 27}, {2028, 2, 20},  {2026, 12, 31}};
    const int *day = days[world_pick(world, sizeof days / sizeof *days)];

    return day_from_civil(day[0], day[1], day[2]);
}

static void make_spot(struct world *world)
{
    static const int32_t spots[][2] = {{38254200, -85759400}, {90000000, 0}, {-89999999, 179999999}, {0, -180000000},
                                       {51500000, -120000},   {0, 0},        {-33868800, 151209300}};
    const int32_t *spot = spots[world_pick(world, sizeof spots / sizeof *spots)];

    world->spot = making_give(world, 1, sizeof *world->spot);
    fascia__position__init(world->spot);
    world->spot->latitude = spot[0];
    world->spot->longitude = spot[1];
}

static void make_people(struct world *world)
{
    uint64_t same = world->random;

    for (size_t i = 0; i < world->people; i++) {
        if (world->plan.identical)
            world->random = same;
        making_therapist(world, &world->therapists[i]);
    }
}

struct world *world_create_planned(const struct world_tables *tables, uint64_t seed, const struct world_plan *plan)
{
    static const unsigned spoils[] = {0, 2, 5, 12, 50}, sizes[] = {3, 8, 63, 64, 65, 300};
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    world->tables = tables;
    world->plan = *plan;
    world->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (int i = 0; i < 8; i++)
        world_pick(world, 2);
    world->spoil = spoils[world_pick(world, 5)];
    world->codes = sizes[world_pick(world, 6)];
    world->count = plan->people;
    world->people = plan->people + plan->others;
    world->therapists = making_give(world, world->people, sizeof *world->therapists);
    world->today = some_today(world);
    make_spot(world);
    give_numbers(world);
    world->question_count = plan->questions;
    for (size_t i = 0; i < world->question_count; i++)
        making_question(world, &world->questions[i]);
    make_people(world);
    for (size_t i = 0; i < world->question_count; i++)
        making_sharpen(world, &world->questions[i]);
    return world;
}

struct world *world_create(const struct world_tables *tables, uint64_t seed)
{
    uint64_t mixed = (seed ^ seed >> 7) * UINT64_C(0xbf58476d1ce4e5b9) >> 16;
    struct world_plan plan = {.others = 4 + mixed % 5, .questions = 2};

    plan.people = mixed % 100 < 5 ? 0 : 1 + mixed / 128 % (mixed % 100 < 35 ? 160 : 30);
    plan.ground = mixed % 7 < 4 ? GROUND_MIXED : (enum world_ground)(mixed / 64 % GROUND_COUNT);
    plan.identical = mixed % 41 == 0;
    plan.wide = mixed % 17 == 0;
    return world_create_planned(tables, seed, &plan);
}

void world_destroy(struct world *world)
{
    match_index_destroy(world->index);
    for (uint32_t number = 0; number < world->numbers; number++)
        calendar_destroy(world->calendars[number]);
    for (size_t i = 0; i < world->memory_count; i++)
        free(world->memory[i]);
    free(world->memory);
    free(world);
}
