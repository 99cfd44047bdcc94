/*
 * Reads requests from bytes that come in any pieces: heads, and bodies of a length or chunked. Pure, and owns no socket.
 *
 *   HTTP_MORE ... HTTP_HEAD, http_reader_admit(), HTTP_MORE ... HTTP_WHOLE, http_reader_next(), and from anywhere HTTP_REFUSED, which is the end.
 */
#ifndef FASCIA_IO_HTTP_READER_H
#define FASCIA_IO_HTTP_READER_H

#include "io/http_chunks.h"
#include "io/http_parse.h"

enum http_step { HTTP_MORE, HTTP_HEAD, HTTP_WHOLE, HTTP_REFUSED };

struct http_reader {
    size_t head_most, body_most;
    enum { HTTP_READS_HEAD, HTTP_HAS_HEAD, HTTP_READS_BODY, HTTP_HAS_ALL, HTTP_READS_NO_MORE } state;
    struct http_head head; /* its pieces are in text */
    char *text;
    size_t text_room;
    uint8_t *body; /* of size bytes */
    size_t size, body_room;
    struct http_chunks chunks;
    size_t scanned;
    bool blank; /* one empty line was skipped before the request, RFC 9112 2.2 */
    int status; /* of HTTP_REFUSED */
    const char *why;
};

void http_reader_init(struct http_reader *reader, size_t head_most);
void http_reader_finish(struct http_reader *reader);
/* *used bytes were read, and need not be shown again. HTTP_MORE: all that can be done with these bytes is done. */
enum http_step http_reader_read(struct http_reader *reader, const uint8_t *bytes, size_t size, size_t *used);
/* After HTTP_HEAD: a body may come, of so many bytes. */
void http_reader_admit(struct http_reader *reader, size_t body_most);
/* Whether the head announced a body that is not yet read. */
bool http_reader_has_rest(const struct http_reader *reader);
/* After HTTP_WHOLE, or after HTTP_HEAD of a request without a body: on to the next request. */
void http_reader_next(struct http_reader *reader);

#endif
