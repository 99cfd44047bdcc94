/*
 * The node's own pages: GET /healthz, /readyz and /metrics, without a secret and for anybody who can reach the address. Loop's thread only.
 */
#ifndef FASCIA_NODE_PAGES_H
#define FASCIA_NODE_PAGES_H

#include "core/fault.h"
#include "io/http.h"

#include <stdbool.h>

struct pages_host {
    void *context;
    bool (*ready)(void *context, const char **because);
    char *(*metrics)(void *context, size_t *size); /* heap, the caller's */
};

MUST_CHECK struct io_http *pages_listen(struct io_loop *loop, const char *address, const struct pages_host *host,
                                        struct fault *fault);

#endif
