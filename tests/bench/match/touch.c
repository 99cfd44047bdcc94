/*
 * The limit: how long it takes only to touch the cache lines that fascia's matcher reads for a question.
 *
 * The matcher and the calendar are compiled once more with -fsanitize=thread, which has the compiler call a function before each access to memory,
 * and linked with the functions below in place of the sanitizer's. What counts is lines that a question reads and does not write (that is its
 * scratch), off the stack, and not the need itself. These lines, each once and in the order of the first touch, are then loaded one after the
 * other, and that is all that the clock sees.
 */
#include "core/memory.h"
#include "directory.h"

#include <stdlib.h>
#include <string.h>

#define LINE      64
#define SEEN_SIZE (1u << 22)

/* ---- what was touched ---- */

struct touched {
    const char *line;
    bool written;
};
static struct {
    bool on;
    const char *stack_end, *need, *need_end;
    struct touched *now; /* by this question, in order */
    size_t now_count, now_room;
    uint32_t *seen;     /* line, hashed, to its number in `now` + 1 */
    const char **lines; /* of all questions, one after the other */
    size_t count, room;
} trace;

static struct touched *touched_line(const char *line)
{
    size_t at = ((uintptr_t)line / LINE * UINT64_C(0x9e3779b97f4a7c15)) >> 42;

    for (; trace.seen[at] != 0; at = (at + 1) % SEEN_SIZE) {
        if (trace.now[trace.seen[at] - 1].line == line)
            return &trace.now[trace.seen[at] - 1];
    }
    if (trace.now_count == SEEN_SIZE / 2)
        bench_stop("a question reads more lines than expected");
    if (trace.now_count == trace.now_room)
        trace.now = memory_grow(trace.now, &trace.now_room, trace.now_count + 1, sizeof *trace.now);
    trace.now[trace.now_count] = (struct touched){.line = line};
    trace.seen[at] = (uint32_t)++trace.now_count;
    return &trace.now[trace.now_count - 1];
}

static void touched(const void *start, size_t size, bool written)
{
    const char *from = start, *here = __builtin_frame_address(0);

    if (!trace.on || size == 0 || (from >= here && from < trace.stack_end) ||
        (from >= trace.need && from < trace.need_end))
        return;
    for (const char *line = (const char *)((uintptr_t)from / LINE * LINE); line < from + size; line += LINE) {
        struct touched *one = touched_line(line);

        one->written |= written;
    }
}

static void trace_begin(const struct need_sheet *need)
{
    memset(trace.seen, 0, SEEN_SIZE * sizeof *trace.seen);
    trace.now_count = 0;
    trace.need = (const char *)need;
    trace.need_end = (const char *)(need + 1);
    trace.on = true;
}

static void trace_end(void)
{
    trace.on = false;
    for (size_t i = 0; i < trace.now_count; i++) {
        if (trace.now[i].written)
            continue;
        if (trace.count == trace.room)
            trace.lines = memory_grow(trace.lines, &trace.room, trace.count + 1, sizeof *trace.lines);
        trace.lines[trace.count++] = trace.now[i].line;
    }
}

/* ---- what the compiler calls (the names are the sanitizer's) ---- */

#define ACCESS(NAME, SIZE, WRITTEN)                                                                                    \
    void NAME(const void *start);                                                                                      \
    void NAME(const void *start)                                                                                       \
    {                                                                                                                  \
        touched(start, SIZE, WRITTEN);                                                                                 \
    }
#define ACCESSES(SIZE)                                                                                                 \
    ACCESS(__tsan_read##SIZE, SIZE, false)                                                                             \
    ACCESS(__tsan_write##SIZE, SIZE, true)                                                                             \
    ACCESS(__tsan_volatile_read##SIZE, SIZE, false)                                                                    \
    ACCESS(__tsan_volatile_write##SIZE, SIZE, true)                                                                    \
    ACCESS(__tsan_unaligned_read##SIZE, SIZE, false)                                                                   \
    ACCESS(__tsan_unaligned_write##SIZE, SIZE, true)
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(const void *start, size_t size);
void __tsan_write_range(const void *start, size_t size);

void __tsan_init(void) {}

void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void) {}

void __tsan_read_range(const void *start, size_t size)
{
    touched(start, size, false);
}

void __tsan_write_range(const void *start, size_t size)
{
    touched(start, size, true);
}

/* ---- the C library's, which the linker puts these before ---- */

void *__real_memcpy(void *to, const void *from, size_t size);
void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__real_memset(void *to, int byte, size_t size);
void *__wrap_memset(void *to, int byte, size_t size);
int __real_memcmp(const void *left, const void *right, size_t size);
int __wrap_memcmp(const void *left, const void *right, size_t size);
int __real_strcmp(const char *left, const char *right);
int __wrap_strcmp(const char *left, const char *right);

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
    touched(from, size, false);
    touched(to, size, true);
    return __real_memcpy(to, from, size);
}

void *__wrap_memset(void *to, int byte, size_t size)
{
    touched(to, size, true);
    return __real_memset(to, byte, size);
}

int __wrap_memcmp(const void *left, const void *right, size_t size)
{
    touched(left, size, false);
    touched(right, size, false);
    return __real_memcmp(left, right, size);
}

int __wrap_strcmp(const char *left, const char *right)
{
    touched(left, 1, false);
    touched(right, 1, false);
    return __real_strcmp(left, right);
}

/* ---- the measurement ---- */

struct touch {
    size_t *ends[ASK_SETS]; /* of a question's lines; the next one's begin there */
    struct found *found[ASK_SETS];
    uint64_t sum;
};

static void record(struct touch *touch, struct directory *directory, enum ask_set set)
{
    uint32_t count = directory->bench->asks[set];

    touch->ends[set] = memory_allocate((size_t)count + 1, sizeof(size_t));
    touch->found[set] = memory_allocate(count, sizeof(struct found));
    touch->ends[set][0] = trace.count;
    for (uint32_t number = 0; number < count; number++) {
        struct match_found best;

        trace_begin(&directory->needs[set][number]);
        match_find(directory->index, &directory->queries[set][number], &best);
        trace_end();
        touch->ends[set][number + 1] = trace.count;
        touch->found[set][number].count = (uint32_t)best.count;
        for (uint32_t i = 0; i < best.count; i++)
            touch->found[set][number].numbers[i] = best.candidates[i].therapist;
    }
}

static void answer(void *context, enum ask_set set, uint32_t number, struct found *found)
{
    struct touch *touch = context;
    uint64_t sum = 0;

    for (size_t i = touch->ends[set][number]; i < touch->ends[set][number + 1]; i++)
        sum += *(const volatile uint64_t *)(const void *)trace.lines[i];
    touch->sum += sum;
    *found = touch->found[set][number];
}

void touch_measure(struct bench *bench)
{
    struct directory directory;
    struct touch touch = {0};
    struct match_found warm;

    trace.stack_end = (const char *)__builtin_frame_address(0) + 65536; /* and what main() has */
    trace.seen = memory_allocate(SEEN_SIZE, sizeof *trace.seen);
    directory_init(&directory, bench);
    if (bench->asks[ASK_MAIN] > 0) /* what the first question still lays out is not the question's */
        match_find(directory.index, &directory.queries[ASK_MAIN][0], &warm);
    for (enum ask_set set = 0; set <= ASK_PAYER; set++) {
        record(&touch, &directory, set);
        answers_fact(bench, set == ASK_MAIN ? "touch.lines_main" : "touch.lines_payer",
                     (double)(touch.ends[set][bench->asks[set]] - touch.ends[set][0]) / bench->asks[set]);
    }
    if (trace.count == 0)
        bench_stop("the matcher tells nothing of what it reads");
    for (enum ask_set set = 0; set <= ASK_PAYER; set++)
        answers_measure(bench, "touch", set, answer, &touch);
    for (enum ask_set set = 0; set <= ASK_PAYER; set++) {
        free(touch.ends[set]);
        free(touch.found[set]);
    }
    free(trace.lines);
    free(trace.seen);
    free(trace.now);
    directory_finish(&directory);
}
