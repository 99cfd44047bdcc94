#include "node/load_line.h"

#include "core/arena.h"
#include "core/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BATCHES    4
#define BATCH_ROWS 64 /* unpacked, they fit in one block of an arena, mostly */

struct batch {
    struct arena arena; /* of contents */
    Fascia__Therapist *contents[BATCH_ROWS];
    uint8_t *packed[BATCH_ROWS]; /* heap; the engine's once it was given */
    size_t sizes[BATCH_ROWS];
    size_t count;
};

struct load_line {
    struct engine *engine;
    pthread_t thread;
    struct batch batches[BATCHES]; /* a ring */
    size_t filling;                /* the adder's */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t moved;
    size_t full; /* batches that wait, with the one in hand */
    bool closed, refused;
    struct fault fault;
};

/* After one was refused, the rest is only freed. */
static bool take_batch(struct engine *engine, struct batch *batch, bool refused, struct fault *fault)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (refused)
            free(batch->packed[i]);
        else
            refused = !engine_load_unpacked(engine, batch->contents[i], batch->packed[i], batch->sizes[i], fault);
    }
    batch->count = 0;
    arena_reset(&batch->arena);
    return !refused;
}

static void *run(void *context)
{
    struct load_line *line = context;
    struct fault fault = {{0}};
    bool refused = false;
    size_t taking = 0;

    pthread_mutex_lock(&line->lock);
    for (;;) {
        while (line->full == 0 && !line->closed)
            pthread_cond_wait(&line->moved, &line->lock);
        if (line->full == 0)
            break;
        pthread_mutex_unlock(&line->lock);
        refused = !take_batch(line->engine, &line->batches[taking], refused, &fault);
        taking = (taking + 1) % BATCHES;
        pthread_mutex_lock(&line->lock);
        if (refused && !line->refused) {
            line->refused = true;
            line->fault = fault;
        }
        line->full--;
        pthread_cond_signal(&line->moved);
    }
    pthread_mutex_unlock(&line->lock);
    return NULL;
}

struct load_line *load_line_begin(struct engine *engine)
{
    struct load_line *line = memory_allocate(1, sizeof *line);

    line->engine = engine;
    for (size_t i = 0; i < BATCHES; i++)
        arena_begin(&line->batches[i].arena);
    pthread_mutex_init(&line->lock, NULL);
    pthread_cond_init(&line->moved, NULL);
    const int failed = pthread_create(&line->thread, NULL, run, line);
    INVARIANT(failed == 0);
    return line;
}

/* Gives the batch that is being filled to the engine, and waits until the next one is empty. */
static bool hand_over(struct load_line *line, struct fault *fault)
{
    bool good;

    pthread_mutex_lock(&line->lock);
    line->full++;
    pthread_cond_signal(&line->moved);
    while (line->full == BATCHES)
        pthread_cond_wait(&line->moved, &line->lock);
    good = !line->refused;
    if (!good)
        *fault = line->fault;
    pthread_mutex_unlock(&line->lock);
    line->filling = (line->filling + 1) % BATCHES;
    return good;
}

bool load_line_add(struct load_line *line, const uint8_t *packed, size_t size, struct fault *fault)
{
    struct batch *batch = &line->batches[line->filling];
    Fascia__Therapist *content = fascia__therapist__unpack(arena_allocator(&batch->arena), size, packed);
    uint8_t *copy;

    if (content == NULL) {
        fault_set(fault, "a stored therapist is no therapist");
        return false;
    }
    copy = memory_resize(NULL, size, 1);
    memcpy(copy, packed, size);
    batch->contents[batch->count] = content;
    batch->packed[batch->count] = copy;
    batch->sizes[batch->count++] = size;
    return batch->count < BATCH_ROWS || hand_over(line, fault);
}

bool load_line_end(struct load_line *line, struct fault *fault)
{
    bool good;

    pthread_mutex_lock(&line->lock);
    line->full += line->batches[line->filling].count > 0;
    line->closed = true;
    pthread_cond_signal(&line->moved);
    pthread_mutex_unlock(&line->lock);
    pthread_join(line->thread, NULL);
    good = !line->refused;
    if (!good)
        *fault = line->fault;
    for (size_t i = 0; i < BATCHES; i++)
        arena_finish(&line->batches[i].arena);
    pthread_cond_destroy(&line->moved);
    pthread_mutex_destroy(&line->lock);
    free(line);
    return good;
}
