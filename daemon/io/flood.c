#include "io/flood.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES = 256, PROBES = 8 };

struct entry {
    char event[FLOOD_EVENT_BYTES];
    int64_t second;
    int64_t admitted, suppressed;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct entry entries[ENTRIES];
static int64_t looked_at = -1; /* the second of the last search for reports that found none */

static uint32_t hash(const char *event)
{
    uint32_t value = 2166136261u;

    for (; *event != '\0'; event++)
        value = (value ^ (unsigned char)*event) * 16777619u;
    return value;
}

/* The event's entry, or the quietest of its neighbours, which then forgets what it counted. */
static struct entry *find(const char *event)
{
    uint32_t at = hash(event);
    struct entry *oldest = NULL, *entry;
    size_t i;

    for (i = 0; i < PROBES; i++) {
        entry = &entries[(at + i) % ENTRIES];
        if (entry->event[0] == '\0' || strcmp(entry->event, event) == 0) {
            snprintf(entry->event, sizeof entry->event, "%s", event);
            return entry;
        }
        if (oldest == NULL || entry->second < oldest->second)
            oldest = entry;
    }
    memset(oldest, 0, sizeof *oldest);
    snprintf(oldest->event, sizeof oldest->event, "%s", event);
    return oldest;
}

bool flood_admit(const char *event, int64_t now_ms)
{
    int64_t second = now_ms / 1000;
    struct entry *entry;
    bool admit;

    pthread_mutex_lock(&mutex);
    entry = find(event);
    if (entry->second != second) {
        entry->second = second;
        entry->admitted = 0;
    }
    admit = entry->admitted < FLOOD_PER_SECOND;
    if (admit)
        entry->admitted++;
    else
        entry->suppressed++;
    pthread_mutex_unlock(&mutex);
    return admit;
}

bool flood_next(int64_t now_ms, struct flood_report *report)
{
    int64_t second = now_ms / 1000;
    bool found = false;
    size_t i;

    pthread_mutex_lock(&mutex);
    if (looked_at != second) {
        for (i = 0; i < ENTRIES && !found; i++) {
            if (entries[i].suppressed == 0)
                continue;
            memcpy(report->event, entries[i].event, sizeof report->event);
            report->count = entries[i].suppressed;
            entries[i].suppressed = 0;
            found = true;
        }
        if (!found)
            looked_at = second;
    }
    pthread_mutex_unlock(&mutex);
    return found;
}
