/*
 * The chunked coding of a body, RFC 9112 7.1, read strictly: sizes are hexadecimal digits and nothing else, every line ends in CR LF, extensions and trailers
 * are bounded and thrown away. Pure; bytes may come in any pieces.
 */
#ifndef FASCIA_IO_HTTP_CHUNKS_H
#define FASCIA_IO_HTTP_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

enum { HTTP_CHUNKS_ASIDE = 8192 }; /* of extensions and trailers, in one body */

struct http_chunks { /* all zero at first */
    enum {
        CHUNK_SIZE,
        CHUNK_EXTENSION,
        CHUNK_SIZE_END,
        CHUNK_DATA,
        CHUNK_DATA_RETURN,
        CHUNK_DATA_END,
        CHUNK_TRAILER_START,
        CHUNK_TRAILER_NAME,
        CHUNK_TRAILER_VALUE,
        CHUNK_TRAILER_END,
        CHUNK_LAST_END,
        CHUNK_OVER
    } state;
    unsigned digits;
    uint64_t left;  /* of the chunk */
    uint64_t total; /* of the chunks so far, with the whole of this one */
    size_t aside;
};

/*
 * Reads on: *used bytes were understood, and of them *data_size at data are the body's. 0: the body is over. -1: go on, with what is left or with more
 * bytes. Otherwise the status to refuse with, and why. A chunk that makes the body larger than most is refused before it comes.
 */
int http_chunks_read(struct http_chunks *chunks, uint64_t most, const uint8_t *bytes, size_t size, size_t *used,
                     const uint8_t **data, size_t *data_size, const char **why);

#endif
