/*
 * Requests that are written by one hand and read by the other: whatever they are, however they are written, and wherever the bytes are cut, the reader finds
 * the same requests, and nothing of what stands behind them.
 */
#include "io/http_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 3000, REQUESTS = 4, BODY_MOST = 3000, WIRE_MOST = 1 << 17, FOUND_MOST = 1 << 16, HEAD_MOST = 16 << 10 };

static uint64_t seed;

static uint32_t pick(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % below;
}

struct text {
    char *at;
    size_t size, room;
};

static void add(struct text *text, const char *bytes, size_t size)
{
    assert_true(size <= text->room - text->size);
    if (size == 0)
        return; /* of no body there are no bytes either */
    memcpy(text->at + text->size, bytes, size);
    text->size += size;
}

static void put(struct text *text, const char *line)
{
    add(text, line, strlen(line));
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

static void put_blanks(struct text *wire)
{
    uint32_t count;

    for (count = pick(3); count > 0; count--)
        put(wire, pick(2) == 0 ? " " : "\t");
}

/* A field as it is sent, and as it must be found. */
static void put_field(struct text *wire, struct text *wanted)
{
    static const char *const names[] = {"X-One", "accept", "IF-MATCH", "X-Two_3", "a"};
    static const char *const values[] = {"", "x", "W/\"17\"", "a, b;q=0.5", "two  words\tand a tab", "\xc3\xa9"};
    const char *name = names[pick(5)], *value = values[pick(6)];
    char lower[16];
    size_t i;

    for (i = 0; i <= strlen(name); i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    put(wire, name);
    put(wire, ":");
    put_blanks(wire);
    put(wire, value);
    put_blanks(wire);
    put(wire, "\r\n");
    put(wanted, lower);
    put(wanted, "=");
    put(wanted, value);
    put(wanted, "\n");
}

static void put_chunks(struct text *wire, const char *body, size_t size)
{
    char line[64];
    size_t part;

    for (; size > 0; size -= part, body += part) {
        part = 1 + pick((uint32_t)size);
        snprintf(line, sizeof line, pick(2) == 0 ? "%zx%s\r\n" : "%05zX%s\r\n", part,
                 pick(4) == 0 ? ";a=\"\t7\" ; b" : "");
        put(wire, line);
        add(wire, body, part);
        put(wire, "\r\n");
    }
    put(wire, pick(2) == 0 ? "0\r\n" : "000;last\r\n");
    if (pick(3) == 0)
        put(wire, "Expires: never\r\nX:\r\n");
    put(wire, "\r\n");
}

static void put_body(struct text *wire, struct text *wanted)
{
    /* What a body says must not be heard: some of it looks like requests, chunks and ends. */
    static const char bait[] = "\r\n0\r\n\r\nGET /bait HTTP/1.1\r\nHost: a\r\n\r\n";
    static char body[BODY_MOST];
    const size_t size = pick(3) == 0 ? pick(BODY_MOST) : pick(80);
    char line[64];
    size_t i;

    for (i = 0; i < size; i++)
        body[i] = pick(3) == 0 ? (char)pick(256) : bait[i % (sizeof bait - 1)];
    if (pick(2) == 0) {
        put(wire, pick(2) == 0 ? "Transfer-Encoding: chunked\r\n\r\n" : "TRANSFER-ENCODING:  Chunked\r\n\r\n");
        put(wanted, "\n");
        put_chunks(wire, body, size);
    } else {
        snprintf(line, sizeof line, "Content-Length: %0*zu\r\n\r\n", pick(2) == 0 ? 1 : 7, size);
        put(wire, line);
        put(wanted, "\n");
        add(wire, body, size);
    }
    add(wanted, body, size);
}

static void put_request(struct text *wire, struct text *wanted)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "x!#$%&'*+-.^_`|~9"};
    static const char *const paths[] = {"/", "/fhir/Task/7", "/.a/..b//c", "/%7Euser/%2Ex", "/a:@!$&'()*+,;=-._~"};
    static const char *const queries[] = {"", "?", "?a=b|c", "?x=%20&y[]={\"}?/"};
    const char *method = methods[pick(5)], *path = paths[pick(5)], *query = queries[pick(4)];
    uint32_t fields;

    if (pick(4) == 0)
        put(wire, "\r\n");
    put(wire, method);
    put(wire, pick(4) == 0 ? " http://node.example:80" : " ");
    put(wire, path);
    put(wire, query);
    put(wire, " HTTP/1.1\r\nHost: node.example:80\r\n");
    put(wanted, method);
    put(wanted, " ");
    put(wanted, path);
    put(wanted, query[0] == '\0' ? "?" : query);
    put(wanted, " node.example:80\n");
    for (fields = pick(6); fields > 0; fields--)
        put_field(wire, wanted);
    if (pick(2) == 0) {
        put_body(wire, wanted);
    } else {
        put(wire, "\r\n");
        put(wanted, "\n");
    }
    put(wanted, "|");
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

static bool is_framing(const char *name)
{
    return strcmp(name, "host") == 0 || strcmp(name, "content-length") == 0 || strcmp(name, "transfer-encoding") == 0;
}

static void note_head(struct text *found, const struct http_head *head)
{
    size_t i;

    put(found, head->method);
    put(found, " ");
    put(found, head->path);
    put(found, "?");
    put(found, head->query);
    put(found, " ");
    put(found, head->host);
    put(found, "\n");
    for (i = 0; i < head->field_count; i++) {
        if (is_framing(head->fields[i].name))
            continue;
        put(found, head->fields[i].name);
        put(found, "=");
        put(found, head->fields[i].value);
        put(found, "\n");
    }
    put(found, "\n");
}

static void read_cut(const struct text *wire, struct text *found)
{
    const uint32_t longest = 1 + pick(pick(2) == 0 ? 8 : 4000);
    struct http_reader reader;
    size_t start = 0, shown = 0, used;
    enum http_step step;

    http_reader_init(&reader, HEAD_MOST);
    while (shown < wire->size) {
        shown += 1 + pick(longest);
        shown = shown < wire->size ? shown : wire->size;
        do {
            step = http_reader_read(&reader, (const uint8_t *)wire->at + start, shown - start, &used);
            start += used;
            if (step == HTTP_REFUSED)
                fail_msg("refused: %d %s", reader.status, reader.why);
            if (step == HTTP_HEAD) {
                note_head(found, &reader.head);
                http_reader_admit(&reader, BODY_MOST);
            } else if (step == HTTP_WHOLE) {
                add(found, (const char *)reader.body, reader.size);
                put(found, "|");
                http_reader_next(&reader);
            }
        } while (step != HTTP_MORE);
    }
    assert_int_equal(start, wire->size);
    http_reader_finish(&reader);
}

static void what_is_written_is_found_wherever_it_is_cut(void **state)
{
    static char wire_bytes[WIRE_MOST], wanted_bytes[FOUND_MOST], found_bytes[FOUND_MOST];
    const char *given = getenv("FASCIA_SEED");
    uint64_t first;
    int number, requests;

    (void)state;
    seed = first = given == NULL ? UINT64_C(0x5eed0fa11c0ffee) : strtoull(given, NULL, 0);
    for (number = 0; number < CASES; number++) {
        struct text wire = {wire_bytes, 0, sizeof wire_bytes}, wanted = {wanted_bytes, 0, sizeof wanted_bytes},
                    found = {found_bytes, 0, sizeof found_bytes};

        for (requests = 1 + (int)pick(REQUESTS); requests > 0; requests--)
            put_request(&wire, &wanted);
        read_cut(&wire, &found);
        if (found.size != wanted.size || memcmp(found.at, wanted.at, found.size) != 0)
            fail_msg("FASCIA_SEED=%llu, case %d: wanted\n%.*s\nfound\n%.*s", (unsigned long long)first, number,
                     (int)wanted.size, wanted.at, (int)found.size, found.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_found_wherever_it_is_cut)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
