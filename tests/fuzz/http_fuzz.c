/*
 * HTTP requests, from anybody who can reach the port: heads, bodies, chunks, one request behind the other. The first byte says into how large pieces the
 * rest is cut for a second reader, which must find the same.
 */
#include "core/fault.h"
#include "io/http_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { HEAD_MOST = 2048, BODY_MOST = 3000, FOUND_BYTES = 1 << 16 };

/* What a reader found, written down. */
struct found {
    char text[FOUND_BYTES];
    size_t length;
};

static void note(struct found *found, const char *text, size_t length)
{
    if (length > sizeof found->text - found->length)
        length = sizeof found->text - found->length;
    if (length == 0)
        return; /* of no body there are no bytes either */
    memcpy(found->text + found->length, text, length);
    found->length += length;
}

static void check_head(const struct http_head *head)
{
    size_t i;

    INVARIANT(http_is_token(head->method, strlen(head->method)));
    INVARIANT(head->path[0] == '/' && strpbrk(head->path, "?# \\\"<>") == NULL && strstr(head->path, "/../") == NULL);
    INVARIANT(strpbrk(head->query, "# ") == NULL && (head->minor == 0 || head->host[0] != '\0'));
    INVARIANT(head->field_count <= IO_HTTP_FIELDS && !(head->chunked && head->length > 0));
    for (i = 0; i < head->field_count; i++) {
        const struct io_http_field *field = &head->fields[i];

        INVARIANT(http_is_token(field->name, strlen(field->name)) &&
                  strpbrk(field->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL);
        INVARIANT(http_is_field_text(field->value, strlen(field->value)));
    }
}

static void note_head(struct found *found, const struct http_head *head)
{
    size_t i;

    check_head(head);
    note(found, head->method, strlen(head->method) + 1);
    note(found, head->path, strlen(head->path) + 1);
    note(found, head->query, strlen(head->query) + 1);
    note(found, head->host, strlen(head->host) + 1);
    for (i = 0; i < head->field_count; i++) {
        note(found, head->fields[i].name, strlen(head->fields[i].name) + 1);
        note(found, head->fields[i].value, strlen(head->fields[i].value) + 1);
    }
}

/* false: nothing follows. */
static bool heed(struct http_reader *reader, enum http_step step, struct found *found)
{
    char line[32];

    switch (step) {
    case HTTP_MORE:
        return true;
    case HTTP_HEAD:
        note_head(found, &reader->head);
        http_reader_admit(reader, BODY_MOST);
        return true;
    case HTTP_WHOLE:
        INVARIANT(reader->size <= BODY_MOST && !http_reader_has_rest(reader));
        note(found, (const char *)reader->body, reader->size);
        note(found, "|", 1);
        http_reader_next(reader);
        return true;
    case HTTP_REFUSED:
        break;
    }
    INVARIANT(reader->status >= 400 && reader->status <= 505 && reader->why[0] != '\0');
    note(found, line, (size_t)snprintf(line, sizeof line, "%d", reader->status));
    return false;
}

/* Shows the bytes in pieces as a socket would: what was not used is shown again, with more behind it. */
static void read_all(const uint8_t *bytes, size_t size, size_t piece, struct found *found)
{
    struct http_reader reader;
    size_t shown = 0, start = 0, used;
    enum http_step step;
    bool on = true;

    http_reader_init(&reader, HEAD_MOST);
    while (on && shown < size) {
        shown = size - shown < piece ? size : shown + piece;
        do {
            step = http_reader_read(&reader, bytes + start, shown - start, &used);
            INVARIANT(used <= shown - start);
            start += used;
            on = heed(&reader, step, found);
        } while (on && step != HTTP_MORE);
    }
    http_reader_finish(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct found whole, pieces;

    if (size == 0)
        return 0;
    whole.length = pieces.length = 0;
    read_all(bytes + 1, size - 1, size, &whole);
    read_all(bytes + 1, size - 1, (size_t)bytes[0] + 1, &pieces);
    INVARIANT(whole.length == pieces.length && memcmp(whole.text, pieces.text, whole.length) == 0);
    return 0;
}
