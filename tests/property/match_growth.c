#include "property/match_making.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>

/* The index is given a copy that is gone afterwards: nothing but the calendar is borrowed. */
static void put_copy(struct world *world, const struct oracle_therapist *who, const Fascia__Therapist *therapist)
{
    size_t size = fascia__therapist__get_packed_size(therapist);
    uint8_t *bytes = malloc(size + 1);
    Fascia__Therapist *copy;

    assert_non_null(bytes);
    fascia__therapist__pack(therapist, bytes);
    copy = fascia__therapist__unpack(NULL, size, bytes);
    assert_non_null(copy);
    match_index_put(world->index, who->number, copy, who->calendar);
    fascia__therapist__free_unpacked(copy, NULL);
    free(bytes);
}

void world_put(struct world *world, size_t who)
{
    put_copy(world, &world->therapists[who], world->therapists[who].therapist);
    match_index_set_load(world->index, world->therapists[who].number, world->therapists[who].open_cases,
                         world->therapists[who].recent_cases);
}

void world_fill(struct world *world)
{
    world->index = match_index_create(NULL, world->tables->codes, &world->names);
    for (size_t i = 0; i < world->count; i++)
        world_put(world, i);
}

void world_fill_restlessly(struct world *world)
{
    size_t start = world->count == 0 ? 0 : world_pick(world, (uint32_t)world->count);

    world->index = match_index_create(NULL, world->tables->codes, &world->names);
    for (size_t i = 0; i < world->count; i++) {
        size_t number = (start + i) % world->count;
        const struct oracle_therapist *who = &world->therapists[number];

        world_put(world, number);
        if (making_chance(world, 10))
            match_index_remove(world->index, who->number);
        if (making_chance(world, 10)) { /* as somebody else first */
            Fascia__Therapist other = *world->therapists[world_pick(world, (uint32_t)world->count)].therapist;

            other.identifier = who->therapist->identifier;
            put_copy(world, who, &other);
        }
        world_put(world, number);
    }
}

bool world_join(struct world *world)
{
    size_t other;
    struct oracle_therapist who;

    if (world->count == world->people)
        return false;
    other = world->count + world_pick(world, (uint32_t)(world->people - world->count));
    who = world->therapists[other];
    world->therapists[other] = world->therapists[world->count];
    world->therapists[world->count] = who;
    world_put(world, world->count++);
    return true;
}

void world_leave(struct world *world, size_t who)
{
    struct oracle_therapist gone = world->therapists[who];

    match_index_remove(world->index, gone.number);
    world->therapists[who] = world->therapists[--world->count];
    world->therapists[world->count] = gone;
}

void world_replace(struct world *world, size_t who)
{
    uint32_t number = world->therapists[who].number;
    struct calendar *before = world->calendars[number];

    making_therapist(world, &world->therapists[who]);
    world_put(world, who);
    calendar_destroy(before);
}

void world_book(struct world *world, size_t who)
{
    struct calendar *calendar = world->calendars[world->therapists[who].number];
    int64_t from = (world->questions[0].query.now / QUARTER_MS + world_pick(world, 900)) * QUARTER_MS;
    int64_t to = from + (1 + world_pick(world, 40)) * QUARTER_MS;

    if (calendar_take(calendar, from, to, making_chance(world, 70)) && making_chance(world, 30))
        assert_true(calendar_give(calendar, from, to));
}

static void change_load(struct world *world, size_t who)
{
    struct oracle_therapist *therapist = &world->therapists[who];

    therapist->open_cases = making_chance(world, 60) ? 0 : world_pick(world, 12);
    therapist->recent_cases = world_pick(world, 20);
    match_index_set_load(world->index, therapist->number, therapist->open_cases, therapist->recent_cases);
}

void world_churn(struct world *world, size_t changes)
{
    while (changes-- > 0) {
        uint32_t what = world_pick(world, 6);
        size_t who = world->count == 0 ? 0 : world_pick(world, (uint32_t)world->count);

        if (what == 0 || world->count == 0)
            (void)world_join(world);
        else if (what == 1)
            world_leave(world, who);
        else if (what == 2)
            world_replace(world, who);
        else if (what == 3)
            change_load(world, who);
        else if (what == 4)
            world_put(world, who);
        else
            world_book(world, who);
    }
}
