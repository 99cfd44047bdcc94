#include "core/assign.h"
#include "core/engine_state.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Several referrals are due at once: candidates are found for all of them, therapists are assigned over all of them, and the offers are made by
 * that, the most urgent and oldest first. Nothing of it is kept from one piece of work to the next: what could not be done within the
 * limit is assigned anew, together with what has become due since, and what was done was right for both. */

#define PROVE_ROUNDS 4
#define LOOK_AHEAD   4 /* as many times more are assigned than offers may be made: what a short piece of work can bear */
#define FINE         1000 /* scores in thousandths of a point: an hour's delay is worth less than one */

struct wish {
    struct referral *referral;
    struct question question;
    struct match_found found;
    struct assign_edge edges[MATCH_CANDIDATES];
    bool asked;    /* its question is open */
    bool together; /* it takes part in the assignment */
    bool done;
};

/* A therapist whom at least one of the batch could go to. */
struct seat {
    struct therapist *therapist;
    uint32_t wanted; /* by how many */
};

struct batch {
    struct engine *engine;
    size_t count, taking_part;
    struct wish wishes[ENGINE_BATCH];
    struct seat seats[ENGINE_BATCH * MATCH_CANDIDATES]; /* by identifier */
    size_t seat_count;
    struct assign_therapist therapists[ENGINE_BATCH * MATCH_CANDIDATES];
    struct assign_referral referrals[ENGINE_BATCH];
    struct wish *asking[ENGINE_BATCH]; /* those who take part, as in referrals */
    uint32_t places[ENGINE_BATCH];
};

/* What a wait of so long costs by the score part of earliness, in thousandths of a point. */
static int64_t cost_of_wait(const struct engine *engine, int64_t wait)
{
    const int64_t quarters = engine->weights.earliest_span / QUARTER_MS;

    return quarters <= 0 ? 0 : engine->weights.weight[PART_EARLIEST] * (wait / QUARTER_MS) * FINE / quarters;
}

/* ---- who could go to whom ---- */

static int compare_numbers(const void *a, const void *b)
{
    const struct seat *left = a, *right = b;

    return (left->therapist->number > right->therapist->number) - (left->therapist->number < right->therapist->number);
}

static int compare_identifiers(const void *a, const void *b)
{
    const struct seat *left = a, *right = b;

    return strcmp(left->therapist->identifier, right->therapist->identifier);
}

/* Numbers of therapists are given anew on every start; identifiers are the same for ever, and so is what they decide. */
static void list_seats(struct batch *batch)
{
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < batch->count; i++)
        for (size_t c = 0; batch->wishes[i].together && c < batch->wishes[i].found.count; c++)
            batch->seats[count++] = (struct seat){
                directory_entry(batch->engine->directory, batch->wishes[i].found.candidates[c].therapist), 1};
    qsort(batch->seats, count, sizeof *batch->seats, compare_numbers);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && batch->seats[kept - 1].therapist == batch->seats[i].therapist)
            batch->seats[kept - 1].wanted++;
        else
            batch->seats[kept++] = batch->seats[i];
    }
    qsort(batch->seats, kept, sizeof *batch->seats, compare_identifiers);
    batch->seat_count = kept;
}

static uint32_t find_seat(const struct batch *batch, struct therapist *therapist)
{
    const struct seat wanted = {therapist, 0};
    const struct seat *seat =
        bsearch(&wanted, batch->seats, batch->seat_count, sizeof *batch->seats, compare_identifiers);

    INVARIANT(seat != NULL);
    return (uint32_t)(seat - batch->seats);
}

/* Who passed the gate of capacity has room for one. */
static uint32_t room_of(const struct seat *seat)
{
    const uint32_t open = seat->therapist->offered + seat->therapist->accepted;
    Fascia__Therapist *content;
    uint32_t room;

    if (seat->wanted == 1)
        return 1;
    content = directory_content(seat->therapist);
    INVARIANT(content != NULL);
    room = content->capacity > open ? content->capacity - open : 0;
    fascia__therapist__free_unpacked(content, NULL);
    return room < seat->wanted ? room : seat->wanted;
}

/* Each further referral at one therapist comes later by a visit. At the least it outweighs the order of equals: they share. */
static int32_t toll_of(const struct engine *engine)
{
    return MATCH_CANDIDATES + (int32_t)cost_of_wait(engine, (int64_t)engine->settings.default_duration * MINUTE_MS);
}

/* The score; among equal ones what is lost of earliness below a point, for few hours cost nothing in points; then the matcher's order. */
static int32_t fine_score(const struct engine *engine, const struct match_found *found,
                          const struct match_candidate *candidate)
{
    const struct match_candidate *first = candidate;
    int64_t lost;

    for (size_t i = 0; i < found->count; i++)
        if (found->candidates[i].first_free < first->first_free)
            first = &found->candidates[i];
    lost = cost_of_wait(engine, candidate->first_free - first->first_free) -
           (int64_t)(first->points[PART_EARLIEST] - candidate->points[PART_EARLIEST]) * FINE;
    lost = lost < 0 ? 0 : lost;
    lost += candidate - found->candidates;
    return candidate->total * FINE - (int32_t)(lost < FINE ? lost : FINE - 1);
}

static void write_problem(struct batch *batch)
{
    const int32_t toll = toll_of(batch->engine);

    list_seats(batch);
    for (size_t i = 0; i < batch->seat_count; i++)
        batch->therapists[i] = (struct assign_therapist){room_of(&batch->seats[i]), toll};
    for (size_t i = 0; i < batch->count; i++) {
        struct wish *wish = &batch->wishes[i];

        if (!wish->together)
            continue;
        for (size_t c = 0; c < wish->found.count; c++) {
            const struct match_candidate *candidate = &wish->found.candidates[c];

            wish->edges[c].therapist =
                find_seat(batch, directory_entry(batch->engine->directory, candidate->therapist));
            wish->edges[c].score = fine_score(batch->engine, &wish->found, candidate);
        }
        batch->asking[batch->taking_part] = wish;
        batch->referrals[batch->taking_part++] = (struct assign_referral){
            engine_class_of(wish->referral), wish->referral->number, wish->edges, (uint32_t)wish->found.count};
    }
}

/* ---- whether everybody who goes to one therapist finds time there ---- */

/* Where the referral's visit would be with the therapist now; false when there is none. from == to: no time is needed. */
static bool find_time(const struct engine *engine, struct wish *wish, struct therapist *therapist, struct visit *time)
{
    char *named = wish->question.need->therapist;
    struct match_found found;

    wish->question.need->therapist = therapist->identifier;
    wish->question.query.limit = 1;
    match_find(engine->index, &wish->question.query, &found);
    wish->question.query.limit = MATCH_CANDIDATES;
    wish->question.need->therapist = named;
    if (found.count == 0)
        return false;
    time->from = time->to = found.candidates[0].first_free;
    if (time->from != 0)
        time->to += (int64_t)wish->question.need->duration_minutes * MINUTE_MS;
    return true;
}

/* How many of those assigned there fit, when each in turn takes its first free time. */
static uint32_t count_fitting(struct batch *batch, uint32_t seat)
{
    struct therapist *therapist = batch->seats[seat].therapist;
    struct visit taken[ENGINE_BATCH];
    size_t take_count = 0;
    uint32_t fitting = 0;

    for (size_t i = 0; i < batch->taking_part; i++) {
        struct wish *wish = batch->asking[i];
        struct visit time = {0};

        if (batch->places[i] == ASSIGN_NOBODY || wish->edges[batch->places[i]].therapist != seat)
            continue;
        if (!find_time(batch->engine, wish, therapist, &time))
            continue;
        fitting++;
        if (time.to == time.from)
            continue;
        INVARIANT(calendar_take(therapist->calendar, time.from, time.to, true));
        taken[take_count++] = time;
    }
    while (take_count-- > 0)
        calendar_give(therapist->calendar, taken[take_count].from, taken[take_count].to);
    return fitting;
}

/* Lowers the room of who has less time than was assigned. true when somebody had. */
static bool lower_rooms(struct batch *batch)
{
    uint32_t assigned[ENGINE_BATCH * MATCH_CANDIDATES] = {0};
    bool lowered = false;

    for (size_t i = 0; i < batch->taking_part; i++)
        if (batch->places[i] != ASSIGN_NOBODY)
            assigned[batch->asking[i]->edges[batch->places[i]].therapist]++;
    for (uint32_t seat = 0; seat < batch->seat_count; seat++) {
        uint32_t fitting = assigned[seat] < 2 ? assigned[seat] : count_fitting(batch, seat);

        if (fitting == assigned[seat])
            continue;
        batch->therapists[seat].room = fitting;
        lowered = true;
    }
    return lowered;
}

/* ---- doing it ---- */

static void begin_batch(struct batch *batch, struct referral *const *due, size_t count)
{
    batch->count = count;
    for (size_t i = 0; i < count; i++) {
        struct wish *wish = &batch->wishes[i];

        wish->referral = due[i];
        wish->asked = engine_may_match(batch->engine, due[i], &wish->question);
        if (!wish->asked)
            continue;
        match_find(batch->engine->index, &wish->question.query, &wish->found);
        wish->together = wish->found.count > 0;
    }
    write_problem(batch);
}

static void assign(struct batch *batch)
{
    const struct assign_problem problem = {batch->referrals, batch->taking_part, batch->therapists, batch->seat_count};

    for (int round = 0; round < PROVE_ROUNDS; round++) {
        assign_place(&problem, batch->places);
        if (!lower_rooms(batch))
            break;
    }
}

/* false when it takes no part, or goes to nobody. */
static bool is_assigned(const struct batch *batch, const struct wish *wish, struct assigned *assigned)
{
    *assigned = (struct assigned){.together = (uint32_t)batch->taking_part};
    for (size_t i = 0; i < batch->taking_part; i++) {
        const uint32_t place = batch->places[i];
        const struct therapist *therapist;

        if (place == ASSIGN_NOBODY)
            continue;
        therapist = batch->seats[batch->asking[i]->edges[place].therapist].therapist;
        if (batch->asking[i] == wish)
            assigned->therapist = therapist;
        else
            assigned->others[assigned->other_count++] = therapist;
    }
    return assigned->therapist != NULL;
}

static void do_alone(struct batch *batch, struct wish *wish)
{
    if (wish->referral->state == FASCIA__STATE__STATE_MATCHING)
        engine_match_referral(batch->engine, wish->referral);
    else
        engine_try_waiting(batch->engine, wish->referral);
    wish->done = true;
}

/* First those who go to whom they were assigned and those whom the others do not touch, then those for whom nobody was left. */
static size_t make_offers(struct batch *batch, size_t limit)
{
    size_t done = 0;

    for (size_t i = 0; i < batch->count && done < limit; i++) {
        struct wish *wish = &batch->wishes[i];
        struct assigned assigned;

        if (!wish->together)
            do_alone(batch, wish);
        else if (is_assigned(batch, wish, &assigned))
            wish->done = engine_offer_assigned(batch->engine, wish->referral, &wish->question, &assigned);
        done += wish->done;
    }
    for (size_t i = 0; i < batch->count && done < limit; i++) {
        if (batch->wishes[i].done)
            continue;
        do_alone(batch, &batch->wishes[i]);
        done++;
    }
    return done;
}

size_t engine_place_batch(struct engine *engine, struct referral *const *due, size_t count, size_t limit)
{
    struct batch *batch = memory_allocate(1, sizeof *batch);
    size_t done;

    if (limit < count / LOOK_AHEAD)
        count = LOOK_AHEAD * limit;
    batch->engine = engine;
    begin_batch(batch, due, count);
    assign(batch);
    done = make_offers(batch, limit);
    for (size_t i = 0; i < count; i++)
        if (batch->wishes[i].asked)
            engine_question_end(&batch->wishes[i].question);
    free(batch);
    return done;
}
