#include "io/http_gzip.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { LEVEL = 1, GZIP_WINDOW = 15 + 16, MEMORY = 8 };

static const char *value_of(const struct io_http_field *fields, size_t count, const char *name)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcasecmp(fields[i].name, name) == 0)
            return fields[i].value;
    }
    return NULL;
}

static bool is_text(const char *type)
{
    static const char *const types[] = {"application/json", "application/javascript", "application/xml",
                                        "application/x-ndjson", "image/svg+xml"};
    const size_t length = strcspn(type, "; \t");
    size_t i;

    if (strncasecmp(type, "text/", 5) == 0)
        return strncasecmp(type, "text/event-stream", length) != 0;
    if (length > 5 &&
        (strncasecmp(type + length - 5, "+json", 5) == 0 || strncasecmp(type + length - 4, "+xml", 4) == 0))
        return true;
    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (length == strlen(types[i]) && strncasecmp(type, types[i], length) == 0)
            return true;
    }
    return false;
}

bool http_gzip_suits(int status, const struct io_http_field *fields, size_t count, size_t size)
{
    const char *type = value_of(fields, count, "content-type"), *control = value_of(fields, count, "cache-control");
    const char *tag = value_of(fields, count, "etag");

    if (status == 204 || status == 206 || status == 304 || size < HTTP_GZIP_LEAST || size > HTTP_GZIP_MOST)
        return false;
    /* A strong tag promises the same bytes, RFC 9110 8.8.1. */
    if (value_of(fields, count, "content-encoding") != NULL || (tag != NULL && strncmp(tag, "W/", 2) != 0))
        return false;
    return type != NULL && is_text(type) && (control == NULL || strcasestr(control, "no-transform") == NULL);
}

/* "q=0", "q=0.000": not at all. */
static bool is_refused(const char *parameters, size_t length)
{
    const char *weight = memchr(parameters, '=', length);

    return weight != NULL && strspn(weight + 1, "0.") >= (size_t)(parameters + length - weight - 1);
}

bool http_gzip_taken(const struct io_http_request *request)
{
    const char *at = value_of(request->fields, request->field_count, "accept-encoding");
    size_t length, name;

    while (at != NULL && *at != '\0') {
        at += strspn(at, ", \t");
        name = strcspn(at, ";, \t");
        length = strcspn(at, ",");
        while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
            length--;
        if (name == 4 && strncasecmp(at, "gzip", 4) == 0)
            return !is_refused(at + name, length - name);
        at += strcspn(at, ",");
    }
    return false;
}

void *http_gzip(const void *body, size_t size, size_t *packed)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)body, .avail_in = (uInt)size, .avail_out = (uInt)size};
    uint8_t *bytes = memory_allocate(1, size);
    int result;

    INVARIANT(size <= HTTP_GZIP_MOST &&
              deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_out = bytes;
    result = deflate(&stream, Z_FINISH);
    *packed = stream.total_out;
    deflateEnd(&stream);
    if (result == Z_STREAM_END)
        return bytes;
    free(bytes);
    return NULL;
}
