/*
 * Keeps one event from filling the disk: counts how often each event was logged in this second. For log.c. Any thread.
 */
#ifndef FASCIA_IO_FLOOD_H
#define FASCIA_IO_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

enum { FLOOD_PER_SECOND = 200, FLOOD_EVENT_BYTES = 65 };

/* What was left out of an earlier second, to be told once. */
struct flood_report {
    char event[FLOOD_EVENT_BYTES];
    int64_t count;
};

/* Whether event may be logged at now_ms (monotonic). */
bool flood_admit(const char *event, int64_t now_ms);
/* The next report that is due at now_ms; false when there is none. */
bool flood_next(int64_t now_ms, struct flood_report *report);

#endif
