/*
 * /metrics for Prometheus (text format 0.0.4). Counts and gauges only; labels are configured names and fixed words, never anything that was sent.
 */
#ifndef FASCIA_NODE_METRICS_H
#define FASCIA_NODE_METRICS_H

#include "node/outbox.h"
#include "node/source.h"

struct metrics_input {
    struct stages *stages;
    struct source *const *sources;
    size_t source_count;
    const struct outbox *outbox;
    int64_t started;
    bool ready;
    struct engine_counts engine; /* as of the last look */
};
/* Heap. */
char *metrics_text(const struct metrics_input *input, size_t *size);

#endif
