/*
 * Questions put to an engine, and what came of it: time taken and who was found, a line a question, to compare between engines.
 *
 * An engine gives a function that answers one question. Every set is asked once to warm up and then in so many rounds; a question's time is the
 * median of its rounds.
 */
#ifndef FASCIA_BENCH_ANSWERS_H
#define FASCIA_BENCH_ANSWERS_H

#include "people.h"

#include <stdio.h>

#define FOUND_MOST 10

struct found {
    uint32_t count, numbers[FOUND_MOST];
};
struct bench {
    struct country country;
    uint64_t seed;
    uint32_t therapists, asks[ASK_SETS], rounds;
    double seconds;    /* of questions with changes between them */
    int core;          /* -1: anywhere */
    const char *place; /* of a database: file, or connection string; NULL */
    FILE *out;
};
/* From outside the clock to inside: question number `number` of the set. */
typedef void (*answer_function)(void *context, enum ask_set set, uint32_t number, struct found *found);

/* Writes "answer LABEL SET NUMBER NANOSECONDS COUNT ID..." for every question. */
void answers_measure(const struct bench *bench, const char *label, enum ask_set set, answer_function answer,
                     void *context);
void answers_fact(const struct bench *bench, const char *name, double value); /* "fact NAME VALUE" */
int64_t answers_cpu(void);               /* ns that this thread has run: for long loops */
int64_t answers_clock(void);             /* ns */
void answers_pin(int process, int core); /* 0: this one */

/* Puts the best ten first: more points, then the smaller number. */
struct ranking {
    uint32_t count, points[FOUND_MOST], numbers[FOUND_MOST];
};
void ranking_add(struct ranking *ranking, uint32_t points, uint32_t number);

/* The engines: each fills itself and measures itself; first is what one writes first. */
void scan_measure(struct bench *bench);
void fascia_measure(struct bench *bench);
void touch_measure(struct bench *bench);
void sqlite_measure(struct bench *bench);
void sqlite_first_measure(struct bench *bench);
void postgres_measure(struct bench *bench);
void postgres_first_measure(struct bench *bench);

#endif
