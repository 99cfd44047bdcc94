/*
 * Reads the head of an HTTP/1.x request, strictly: what is doubtful is refused (RFC 9110, 9112), because what two readers understand differently is how
 * requests are smuggled. Pure, and in place: what it finds are pieces of the text that it was given.
 */
#ifndef FASCIA_IO_HTTP_PARSE_H
#define FASCIA_IO_HTTP_PARSE_H

#include "io/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_head {
    const char *method, *path, *query, *host; /* as in struct io_http_request */
    struct io_http_field fields[IO_HTTP_FIELDS];
    size_t field_count;
    int minor;       /* of HTTP/1.x */
    bool keep;       /* the client would send more requests */
    bool chunked;    /* a body comes, of a length yet unknown */
    bool expects;    /* 100-continue */
    uint64_t length; /* of a body that is not chunked */
};

/* Where the head ends: 0 and its length, with the empty line; -1: more bytes are needed; otherwise the status to refuse with, and why. *scanned is where the
 * last call stopped, 0 at first. The first line may have half of `most`. */
int http_head_find(const uint8_t *bytes, size_t size, size_t most, size_t *scanned, size_t *length, const char **why);
/* text: what http_head_find() found; lent to head from now on. 0, or the status to refuse with, and why. */
int http_head_parse(char *text, size_t length, struct http_head *head, const char **why);

/* For the files of the parser. */
bool http_is_token(const char *text, size_t length);
bool http_is_field_text(const char *text, size_t length);
bool http_is_host(const char *text);
/* The target's path, query and, in the absolute form, host. */
bool http_target_parse(char *target, struct http_head *head, const char **why);

#endif
