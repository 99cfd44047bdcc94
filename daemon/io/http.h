/*
 * A small HTTP server for the node's own pages: /metrics, /healthz, /readyz. GET and HEAD only, with limits on header, time and connections,
 * and strict: it stands on stream.h, because evhttp of libevent 2.1 lets pass what it should not (two Content-Lengths, a blank before the
 * colon, no Host) and has no bound on connections or on the time of a header. Loop's thread only.
 */
#ifndef FASCIA_IO_HTTP_H
#define FASCIA_IO_HTTP_H

#include "core/fault.h"
#include "io/loop.h"

struct io_http;
struct io_http_answer {
    int status; /* 200, 503 */
    const char *content_type;
    char *body; /* heap, taken over */
    size_t size;
};
typedef void (*io_http_get)(void *context, struct io_http_answer *answer);

MUST_CHECK struct io_http *io_http_listen(struct io_loop *loop, const char *address, struct fault *fault);
void io_http_route(struct io_http *http, const char *path, io_http_get get, void *context);
const char *io_http_address(const struct io_http *http);
void io_http_destroy(struct io_http *http);

#endif
