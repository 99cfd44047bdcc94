#include "io/http_reader.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_BYTES = 65536 }; /* of a body's memory, from one request to the next */

void http_reader_init(struct http_reader *reader, size_t head_most)
{
    memset(reader, 0, sizeof *reader);
    reader->head_most = head_most;
}

void http_reader_finish(struct http_reader *reader)
{
    free(reader->text);
    free(reader->body);
    reader->text = NULL;
    reader->body = NULL;
}

static enum http_step refuse(struct http_reader *reader, int status, const char *why)
{
    reader->state = HTTP_READS_NO_MORE;
    reader->status = status;
    reader->why = why;
    return HTTP_REFUSED;
}

static enum http_step read_head(struct http_reader *reader, const uint8_t *bytes, size_t size, size_t *used)
{
    const char *why = "";
    size_t length = 0;
    int status;

    if (!reader->blank && size > 0 && bytes[0] == '\r') {
        if (size == 1)
            return HTTP_MORE;
        reader->blank = bytes[1] == '\n';
        *used = reader->blank ? 2 : 0;
    }
    status = http_head_find(bytes + *used, size - *used, reader->head_most, &reader->scanned, &length, &why);
    if (status < 0)
        return HTTP_MORE;
    if (status > 0)
        return refuse(reader, status, why);
    if (length > reader->text_room)
        reader->text = memory_grow(reader->text, &reader->text_room, length, 1);
    memcpy(reader->text, bytes + *used, length);
    *used += length;
    reader->state = HTTP_HAS_HEAD;
    status = http_head_parse(reader->text, length, &reader->head, &why);
    return status > 0 ? refuse(reader, status, why) : HTTP_HEAD;
}

void http_reader_admit(struct http_reader *reader, size_t body_most)
{
    reader->body_most = body_most;
    reader->state = HTTP_READS_BODY;
}

bool http_reader_has_rest(const struct http_reader *reader)
{
    if (reader->state == HTTP_HAS_HEAD || reader->state == HTTP_READS_BODY)
        return reader->head.chunked || reader->size < reader->head.length;
    return reader->state == HTTP_READS_NO_MORE;
}

/* Memory follows what has come, not what was announced. */
static void append(struct http_reader *reader, const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return;
    if (size > reader->body_room - reader->size)
        reader->body = memory_grow(reader->body, &reader->body_room, reader->size + size, 1);
    memcpy(reader->body + reader->size, bytes, size);
    reader->size += size;
}

static enum http_step read_chunks(struct http_reader *reader, const uint8_t *bytes, size_t size, size_t *used)
{
    const uint8_t *data = NULL;
    const char *why = "";
    size_t taken, data_size;
    int status;

    do {
        status = http_chunks_read(&reader->chunks, reader->body_most, bytes + *used, size - *used, &taken, &data,
                                  &data_size, &why);
        *used += taken;
        append(reader, data, data_size);
    } while (status < 0 && *used < size);
    if (status > 0)
        return refuse(reader, status, why);
    if (status < 0)
        return HTTP_MORE;
    reader->state = HTTP_HAS_ALL;
    return HTTP_WHOLE;
}

static enum http_step read_body(struct http_reader *reader, const uint8_t *bytes, size_t size, size_t *used)
{
    const uint64_t length = reader->head.length;

    if (reader->head.chunked)
        return read_chunks(reader, bytes, size, used);
    if (length > reader->body_most)
        return refuse(reader, 413, "the body is too large");
    *used = size < length - reader->size ? size : (size_t)(length - reader->size);
    append(reader, bytes, *used);
    if (reader->size < length)
        return HTTP_MORE;
    reader->state = HTTP_HAS_ALL;
    return HTTP_WHOLE;
}

enum http_step http_reader_read(struct http_reader *reader, const uint8_t *bytes, size_t size, size_t *used)
{
    *used = 0;
    switch (reader->state) {
    case HTTP_READS_HEAD:
        return read_head(reader, bytes, size, used);
    case HTTP_READS_BODY:
        return read_body(reader, bytes, size, used);
    case HTTP_HAS_HEAD:
    case HTTP_HAS_ALL:
        return HTTP_MORE;
    case HTTP_READS_NO_MORE:
        break;
    }
    return HTTP_REFUSED;
}

void http_reader_next(struct http_reader *reader)
{
    reader->state = HTTP_READS_HEAD;
    reader->scanned = 0;
    reader->blank = false;
    reader->size = 0;
    memset(&reader->chunks, 0, sizeof reader->chunks);
    if (reader->body_room > KEPT_BYTES) {
        free(reader->body);
        reader->body = NULL;
        reader->body_room = 0;
    }
}
