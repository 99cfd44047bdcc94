#include "property/match_oracle.h"

#include <stdlib.h>
#include <string.h>

#define NEAR_MISSES 8
#define ENOUGH      128 /* calendars */
#define PIECES      16

static uint32_t opened_most(const struct oracle_question *question)
{
    return question->settings->opened_most == 0 ? 16384 : question->settings->opened_most;
}

static int by_identifier(const struct oracle_verdict *a, const struct oracle_verdict *b)
{
    return strcmp(a->therapist->identifier, b->therapist->identifier);
}

static int by_score(const void *left, const void *right)
{
    const struct oracle_verdict *a = *(const struct oracle_verdict *const *)left;
    const struct oracle_verdict *b = *(const struct oracle_verdict *const *)right;

    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    if (a->recent_cases != b->recent_cases)
        return a->recent_cases < b->recent_cases ? -1 : 1;
    return by_identifier(a, b);
}

/* As calendars are looked into: nobody knows yet what `earliest` will earn. */
static int by_score_without_time(const void *left, const void *right)
{
    const struct oracle_verdict *a = *(const struct oracle_verdict *const *)left;
    const struct oracle_verdict *b = *(const struct oracle_verdict *const *)right;

    const int32_t points_a = a->total - a->points[PART_EARLIEST], points_b = b->total - b->points[PART_EARLIEST];

    if (points_a != points_b)
        return points_a > points_b ? -1 : 1;
    return by_identifier(a, b);
}

/* ---- who passes ---- */

static unsigned first_unmet(const struct oracle_verdict *verdict)
{
    unsigned gate = 0;

    while (gate < GATE_COUNT && !verdict->unmet[gate])
        gate++;
    return gate;
}

static int32_t points_without_time(const struct oracle_verdict *verdict)
{
    return verdict->total - verdict->points[PART_EARLIEST];
}

/* As many as are wanted have been found among those looked into, and nobody with so many points before time can come before the last of them. */
static bool is_settled(const struct oracle_question *question, const struct oracle_verdict *const *looked, size_t count,
                       int32_t points)
{
    const uint32_t limit = question->query->limit;
    const size_t wanted = limit < 1 ? 1 : limit < MATCH_SHORTLIST ? limit : MATCH_SHORTLIST;
    const int32_t weight = question->settings->weight[PART_EARLIEST];
    size_t better = 0;

    for (size_t i = 0; i < count; i++)
        better += !looked[i]->unmet[GATE_TIME] && looked[i]->total > points + (weight < 0       ? 0
                                                                               : weight > 10000 ? 10000
                                                                                                : weight);
    return better >= wanted;
}

/* Whether looking ends before the next one: so many have been looked into, and so many of them pass. */
static bool ends_before(const struct oracle_question *question, struct oracle_answer *answer, size_t looked,
                        size_t passed)
{
    const int32_t points = points_without_time(answer->order[looked]);
    const size_t most = opened_most(question);
    bool settled;

    if (looked % most != 0 && (looked < ENOUGH || points == points_without_time(answer->order[looked - 1])))
        return false;
    settled = is_settled(question, answer->order, looked, points);
    if (looked < most || settled)
        return settled && looked > 0;
    if (looked % most != 0 || (passed == 0 && looked < PIECES * most))
        return false;
    answer->bounded.passing = true;
    return true;
}

static void find_passing(const struct oracle_question *question, struct oracle_answer *answer, size_t count)
{
    size_t ready = 0, looked = 0;

    for (size_t i = 0; i < count; i++) {
        if (answer->verdicts[i].unmet_but_time == 0)
            answer->order[ready++] = &answer->verdicts[i];
        else
            answer->removed[first_unmet(&answer->verdicts[i])]++;
    }
    qsort(answer->order, ready, sizeof *answer->order, by_score_without_time);
    for (; looked < ready && !ends_before(question, answer, looked, looked - answer->removed[GATE_TIME]); looked++)
        answer->removed[GATE_TIME] += answer->order[looked]->unmet[GATE_TIME];
    answer->not_looked_into = (uint32_t)(ready - looked);
    for (size_t i = 0; i < looked; i++)
        if (!answer->order[i]->unmet[GATE_TIME])
            answer->order[answer->passed++] = answer->order[i];
    qsort(answer->order, answer->passed, sizeof *answer->order, by_score);
}

/* ---- near misses among those around ---- */

static bool is_around(const struct oracle_question *question, const struct oracle_verdict *verdict)
{
    return !question->query->need->position_known || question->query->need->position == NULL ||
           !verdict->unmet[GATE_DISTANCE];
}

static void leave_time_out(struct oracle_verdict *verdict)
{
    verdict->total -= verdict->points[PART_EARLIEST];
    verdict->points[PART_EARLIEST] = 0;
    verdict->first_free = INT64_MAX;
    if (verdict->unmet_but_time > 0)
        verdict->unmet[GATE_TIME] = false;
}

static void bound_time_around(const struct oracle_question *question, struct oracle_answer *answer, size_t count)
{
    size_t asked = 0;

    for (size_t i = 0; i < count; i++)
        asked += is_around(question, &answer->verdicts[i]) && answer->verdicts[i].unmet_but_time <= 2;
    answer->bounded.near = asked > opened_most(question);
    for (size_t i = 0; i < count && answer->bounded.near; i++)
        if (is_around(question, &answer->verdicts[i]))
            leave_time_out(&answer->verdicts[i]);
}

/* Whether nothing is unmet but these two (or one, when they are equal). */
static bool passes_without(const struct oracle_verdict *verdict, unsigned first, unsigned second)
{
    for (unsigned gate = 0; gate < GATE_COUNT; gate++)
        if (verdict->unmet[gate] && gate != first && gate != second)
            return false;
    return true;
}

static void find_around(const struct oracle_question *question, struct oracle_answer *answer, size_t count,
                        unsigned first, unsigned second)
{
    struct oracle_miss miss = {(enum match_gate)first, (enum match_gate)second, 0, NULL};
    bool missed_together = false;

    for (size_t i = 0; i < count; i++) {
        const struct oracle_verdict *verdict = &answer->verdicts[i];

        if (!is_around(question, verdict) || !passes_without(verdict, first, second))
            continue;
        missed_together = missed_together || (verdict->unmet[first] && verdict->unmet[second]);
        miss.therapists++;
        if (miss.nearest == NULL || by_score(&verdict, &miss.nearest) < 0)
            miss.nearest = verdict;
    }
    if (missed_together)
        answer->misses[answer->miss_count++] = miss;
    if (first == second)
        answer->only[first] = miss.therapists;
}

/* ---- near misses of distance ---- */

/* Whether distance and this other gate (distance again: none) are what is missed, as far as can be known without a calendar. */
static bool may_be_sought(const struct oracle_question *question, const struct oracle_verdict *verdict, unsigned other)
{
    bool gate = other != GATE_DISTANCE && other != GATE_TIME;

    if (is_around(question, verdict) || !verdict->measured || (gate && !verdict->unmet[other]))
        return false;
    return verdict->unmet_but_time == (gate ? 2 : 1);
}

static bool is_sought(const struct oracle_question *question, const struct oracle_verdict *verdict, unsigned other)
{
    return may_be_sought(question, verdict, other) && verdict->unmet[GATE_TIME] == (other == GATE_TIME);
}

static void find_beyond(const struct oracle_question *question, struct oracle_answer *answer, size_t count,
                        unsigned other)
{
    struct oracle_miss miss = {GATE_DISTANCE, (enum match_gate)other, 0, NULL};
    uint64_t least = UINT64_MAX;
    size_t opened = 0;

    for (size_t i = 0; i < count; i++)
        if (is_sought(question, &answer->verdicts[i], other) && answer->verdicts[i].distance < least)
            least = answer->verdicts[i].distance;
    for (size_t i = 0; i < count; i++) {
        const struct oracle_verdict *verdict = &answer->verdicts[i];

        opened += may_be_sought(question, verdict, other) && verdict->distance <= least;
        if (!is_sought(question, verdict, other) || verdict->distance != least)
            continue;
        miss.therapists++;
        if (miss.nearest == NULL || by_score(&verdict, &miss.nearest) < 0)
            miss.nearest = verdict;
    }
    if (opened > opened_most(question)) {
        answer->bounded.beyond = true;
        return;
    }
    if (other == GATE_DISTANCE)
        answer->only[GATE_DISTANCE] = miss.therapists;
    if (miss.therapists == 0)
        return;
    if (other < GATE_DISTANCE) {
        miss.first = (enum match_gate)other;
        miss.second = GATE_DISTANCE;
    }
    answer->misses[answer->miss_count++] = miss;
}

static void find_misses_of_distance(const struct oracle_question *question, struct oracle_answer *answer, size_t count)
{
    bool single = false;

    find_beyond(question, answer, count, GATE_DISTANCE);
    for (size_t i = 0; i < answer->miss_count; i++)
        single = single || answer->misses[i].first == answer->misses[i].second;
    for (unsigned other = 0; other < GATE_COUNT && !single; other++)
        if (other != GATE_DISTANCE)
            find_beyond(question, answer, count, other);
}

/* ---- the whole ---- */

static int by_therapists(const void *left, const void *right)
{
    const struct oracle_miss *a = left, *b = right;
    int a_order = (a->first != a->second) * 10000 + (int)a->first * 100 + (int)a->second;
    int b_order = (b->first != b->second) * 10000 + (int)b->first * 100 + (int)b->second;

    if ((a->first != a->second) == (b->first != b->second) && a->therapists != b->therapists)
        return a->therapists > b->therapists ? -1 : 1;
    return a_order - b_order;
}

static void find_misses(const struct oracle_question *question, struct oracle_answer *answer, size_t count)
{
    const Fascia__Need *need = question->query->need;

    bound_time_around(question, answer, count);
    for (unsigned first = 0; first < GATE_COUNT; first++)
        for (unsigned second = first; second < GATE_COUNT; second++)
            find_around(question, answer, count, first, second);
    if (need->position_known && need->position != NULL)
        find_misses_of_distance(question, answer, count);
    qsort(answer->misses, answer->miss_count, sizeof *answer->misses, by_therapists);
    if (answer->miss_count > NEAR_MISSES)
        answer->miss_count = NEAR_MISSES;
}

void oracle_answer(const struct oracle_question *question, const struct oracle_therapist *therapists, size_t count,
                   struct oracle_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->verdicts = calloc(count + 1, sizeof *answer->verdicts);
    answer->order = calloc(count + 1, sizeof *answer->order);
    if (answer->verdicts == NULL || answer->order == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        answer->verdicts[i] = oracle_judge(question, &therapists[i]);
    find_passing(question, answer, count);
    if (answer->passed == 0 && !answer->bounded.passing)
        find_misses(question, answer, count);
}

void oracle_answer_finish(struct oracle_answer *answer)
{
    free(answer->verdicts);
    free(answer->order);
}
