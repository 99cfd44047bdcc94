#include "answers.h"

#include "core/memory.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t answers_clock(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t answers_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void answers_pin(int process, int core)
{
    cpu_set_t cores;

    if (core < 0)
        return;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (sched_setaffinity(process, sizeof cores, &cores) != 0)
        fprintf(stderr, "match_bench: process %d cannot be pinned to core %d\n", process, core);
}

void answers_fact(const struct bench *bench, const char *name, double value)
{
    fprintf(bench->out, "fact %s %.6g\n", name, value);
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void write_answer(const struct bench *bench, const char *label, enum ask_set set, uint32_t number,
                         int64_t *times, const struct found *found)
{
    qsort(times, bench->rounds, sizeof *times, compare_times);
    fprintf(bench->out, "answer %s %s %u %lld %u", label, ask_set_name(set), number,
            (long long)times[bench->rounds / 2], found->count);
    for (uint32_t i = 0; i < found->count; i++)
        fprintf(bench->out, " %u", found->numbers[i]);
    fputc('\n', bench->out);
}

void answers_measure(const struct bench *bench, const char *label, enum ask_set set, answer_function answer,
                     void *context)
{
    uint32_t count = bench->asks[set];
    int64_t *times = memory_allocate((size_t)count * bench->rounds, sizeof *times);
    struct found *found = memory_allocate(count, sizeof *found);

    for (uint32_t number = 0; number < count; number++)
        answer(context, set, number, &found[number]);
    for (uint32_t round = 0; round < bench->rounds; round++) {
        for (uint32_t number = 0; number < count; number++) {
            struct found again = {0};
            int64_t from = answers_clock();

            answer(context, set, number, &again);
            times[(size_t)number * bench->rounds + round] = answers_clock() - from;
            if (memcmp(&again, &found[number], sizeof again) != 0)
                bench_stop("%s answers question %u of %s differently when asked again", label, number,
                           ask_set_name(set));
        }
    }
    for (uint32_t number = 0; number < count; number++)
        write_answer(bench, label, set, number, times + (size_t)number * bench->rounds, &found[number]);
    free(times);
    free(found);
}

void ranking_add(struct ranking *ranking, uint32_t points, uint32_t number)
{
    uint32_t at = ranking->count;

    while (at > 0 && (ranking->points[at - 1] < points ||
                      (ranking->points[at - 1] == points && ranking->numbers[at - 1] > number)))
        at--;
    if (at == FOUND_MOST)
        return;
    if (ranking->count < FOUND_MOST)
        ranking->count++;
    for (uint32_t i = ranking->count - 1; i > at; i--) {
        ranking->points[i] = ranking->points[i - 1];
        ranking->numbers[i] = ranking->numbers[i - 1];
    }
    ranking->points[at] = points;
    ranking->numbers[at] = number;
}
