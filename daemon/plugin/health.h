/*
 * When a plugin's process that ended is started again: at once the first time, then after pauses that double, and when it goes on ending,
 * not before a long one (the circuit is broken). A process that ran well for a while begins anew. Times are milliseconds of one clock.
 */
#ifndef FASCIA_PLUGIN_HEALTH_H
#define FASCIA_PLUGIN_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#define HEALTH_PAUSE_FIRST 100
#define HEALTH_PAUSE_MOST  30000
#define HEALTH_FAILURES    10 /* in a row, each sooner than HEALTH_WELL after its start; then the circuit is broken */
#define HEALTH_WELL        60000
#define HEALTH_BROKEN      300000

struct health {
    uint32_t failures; /* in a row */
    uint64_t restarts;
    int64_t started;
    bool broken; /* the pause is a long one */
};

void health_started(struct health *health, int64_t now);
/* The pause until it is started again. */
int64_t health_failed(struct health *health, int64_t now);
/* Somebody looked after it. */
void health_reset(struct health *health);

#endif
