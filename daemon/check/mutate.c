#include "check/mutate.h"

#include "check/bench.h"
#include "core/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VERY_LONG ((size_t)256 << 10)

struct text {
    uint8_t *bytes;
    size_t size, room;
};

/* Puts count bytes at a place, in place of `gone` bytes. */
static void splice(struct text *text, size_t at, size_t gone, const uint8_t *bytes, size_t count)
{
    size_t need = text->size - gone + count + 1;

    if (need > text->room)
        text->bytes = memory_grow(text->bytes, &text->room, need, 1);
    memmove(text->bytes + at + count, text->bytes + at + gone, text->size - at - gone);
    if (count > 0)
        memcpy(text->bytes + at, bytes, count);
    text->size = text->size - gone + count;
}

static void flip(struct text *text, uint64_t *chance)
{
    for (size_t i = 1 + check_below(chance, 8); text->size > 0 && i > 0; i--)
        text->bytes[check_below(chance, text->size)] ^= (uint8_t)(1u << check_below(chance, 8));
}

static void cut(struct text *text, uint64_t *chance)
{
    text->size = check_below(chance, text->size + 1);
}

static void behead(struct text *text, uint64_t *chance)
{
    splice(text, 0, check_below(chance, text->size + 1), NULL, 0);
}

static void remove_piece(struct text *text, uint64_t *chance)
{
    size_t at = check_below(chance, text->size + 1);

    splice(text, at, check_below(chance, text->size - at + 1), NULL, 0);
}

static void double_piece(struct text *text, uint64_t *chance)
{
    size_t at = check_below(chance, text->size + 1), count = check_below(chance, text->size - at + 1);
    uint8_t *piece = memory_resize(NULL, count + 1, 1);

    memcpy(piece, text->bytes + at, count);
    splice(text, at, 0, piece, count);
    free(piece);
}

static void double_all(struct text *text, uint64_t *chance)
{
    uint8_t *piece = memory_resize(NULL, text->size + 1, 1);

    (void)chance;
    memcpy(piece, text->bytes, text->size);
    splice(text, text->size, 0, piece, text->size);
    free(piece);
}

/* What stands between two of the same mark goes: whatever separates fields in this format. */
static void empty_field(struct text *text, uint64_t *chance)
{
    for (size_t tries = 0; text->size > 0 && tries < 64; tries++) {
        size_t at = check_below(chance, text->size);
        uint8_t mark = text->bytes[at];
        const uint8_t *next = memchr(text->bytes + at + 1, mark, text->size - at - 1);
        if (isalnum(mark) != 0 || mark == ' ' || next == NULL || next == text->bytes + at + 1)
            continue;
        splice(text, at + 1, (size_t)(next - text->bytes) - at - 1, NULL, 0);
        return;
    }
}

static void put_null(struct text *text, uint64_t *chance)
{
    static const uint8_t nulls[4];

    splice(text, check_below(chance, text->size + 1), 0, nulls, 1 + check_below(chance, sizeof nulls));
}

static void put_invalid_text(struct text *text, uint64_t *chance)
{
    /* An overlong '/', half a character, a surrogate, beyond the last character, a lone continuation, a byte that never stands. */
    static const struct {
        uint8_t bytes[4];
        size_t size;
    } wrong[] = {
        {{0xc0, 0xaf}, 2}, {{0xe2, 0x82}, 2}, {{0xed, 0xa0, 0x80}, 3}, {{0xf4, 0x90, 0x80, 0x80}, 4}, {{0x80}, 1},
        {{0xff}, 1},       {{0xf0}, 1}};
    size_t which = check_below(chance, sizeof wrong / sizeof wrong[0]);

    splice(text, check_below(chance, text->size + 1), 0, wrong[which].bytes, wrong[which].size);
}

static void move_byte(struct text *text, uint64_t *chance)
{
    for (size_t i = 1 + check_below(chance, 4); text->size > 0 && i > 0; i--) {
        uint8_t byte = text->bytes[check_below(chance, text->size)];
        splice(text, check_below(chance, text->size + 1), 0, &byte, 1);
    }
}

static void put_any_bytes(struct text *text, uint64_t *chance)
{
    uint8_t bytes[16];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)check_random(chance);
    splice(text, check_below(chance, text->size + 1), 0, bytes, 1 + check_below(chance, sizeof bytes));
}

static void lengthen(struct text *text, uint64_t *chance)
{
    size_t at = check_below(chance, text->size + 1), count = 1 + check_below(chance, VERY_LONG);
    uint8_t *bytes = memory_resize(NULL, count, 1);

    memset(bytes, at < text->size && check_below(chance, 2) == 0 ? text->bytes[at] : 'A', count);
    splice(text, at, 0, bytes, count);
    free(bytes);
}

uint8_t *mutate(struct fascia_bytes bytes, uint64_t *chance, size_t *size, const char **what)
{
    static const struct {
        void (*change)(struct text *text, uint64_t *chance);
        const char *what;
    } ways[] = {{flip, "bits flipped"},
                {cut, "its end cut off"},
                {behead, "its beginning cut off"},
                {remove_piece, "a piece missing"},
                {double_piece, "a piece doubled"},
                {double_all, "all of it doubled"},
                {empty_field, "a field emptied"},
                {put_null, "NULs in it"},
                {put_invalid_text, "bytes in it that are no UTF-8"},
                {move_byte, "some of its bytes put elsewhere"},
                {put_any_bytes, "any bytes in it"},
                {empty_field, "a field emptied"}};
    struct text text = {.bytes = memory_allocate(1, bytes.size + 1), .size = bytes.size, .room = bytes.size + 1};
    size_t way = check_below(chance, sizeof ways / sizeof ways[0]);

    if (bytes.size > 0)
        memcpy(text.bytes, bytes.data, bytes.size);
    /* Long ones cost time: one in sixteen is enough of them. */
    if (check_below(chance, 16) == 0) {
        lengthen(&text, chance);
        *what = "something very long in it";
    } else {
        ways[way].change(&text, chance);
        *what = ways[way].what;
    }
    *size = text.size;
    return text.bytes;
}
