/*
 * Reads the head of an HTTP/1.1 request that has no body, strictly: what is doubtful is refused (RFC 9112), because what two readers
 * understand differently is how requests are smuggled. Pure.
 */
#ifndef FASCIA_IO_HTTP_PARSE_H
#define FASCIA_IO_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_BYTES = 8192, HTTP_PATH_BYTES = 256 };

struct http_request {
    bool get, head;             /* neither: another method */
    bool keep;                  /* the connection may serve another request */
    bool has_body;              /* announced by Content-Length; it has not been read */
    char path[HTTP_PATH_BYTES]; /* without the query; "" when longer than any path we have */
};

/*
 * 0: request is read, and *used bytes of the input were its head. -1: more bytes are needed. Otherwise the status to refuse with, after which the
 * connection must be closed, and *why says what was wrong.
 */
int http_parse(const uint8_t *bytes, size_t size, struct http_request *request, size_t *used, const char **why);

#endif
