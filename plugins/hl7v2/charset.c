#include "hl7v2/charset.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

enum charset_kind { KIND_ASCII, KIND_UTF8, KIND_LATIN1, KIND_ICONV, KIND_WIDE };

struct hl7_charset {
    const char *names; /* without case, spaces and punctuation, each between two '|' */
    const char *iconv;
    enum charset_kind kind;
};

/* 8859/1 needs no converter: it is what most who name a set use, and has to work where files can't be opened. */
static const struct hl7_charset charset_rows[] = {
    {"||ASCII|USASCII|ISOIR6|ISO646|", NULL, KIND_ASCII},
    {"|UNICODEUTF8|UTF8|UNICODE|ISOIR192|", NULL, KIND_UTF8},
    {"|88591|ISO88591|ISOIR100|LATIN1|", NULL, KIND_LATIN1},
    {"|88592|ISO88592|ISOIR101|", "ISO-8859-2", KIND_ICONV},
    {"|88593|ISO88593|ISOIR109|", "ISO-8859-3", KIND_ICONV},
    {"|88594|ISO88594|ISOIR110|", "ISO-8859-4", KIND_ICONV},
    {"|88595|ISO88595|ISOIR144|", "ISO-8859-5", KIND_ICONV},
    {"|88596|ISO88596|ISOIR127|", "ISO-8859-6", KIND_ICONV},
    {"|88597|ISO88597|ISOIR126|", "ISO-8859-7", KIND_ICONV},
    {"|88598|ISO88598|ISOIR138|", "ISO-8859-8", KIND_ICONV},
    {"|88599|ISO88599|ISOIR148|", "ISO-8859-9", KIND_ICONV},
    {"|885910|ISO885910|ISOIR157|", "ISO-8859-10", KIND_ICONV},
    {"|885911|ISO885911|ISOIR166|", "ISO-8859-11", KIND_ICONV},
    {"|885913|ISO885913|ISOIR179|", "ISO-8859-13", KIND_ICONV},
    {"|885914|ISO885914|ISOIR199|", "ISO-8859-14", KIND_ICONV},
    {"|885915|ISO885915|ISOIR203|LATIN9|", "ISO-8859-15", KIND_ICONV},
    {"|885916|ISO885916|ISOIR226|", "ISO-8859-16", KIND_ICONV},
    {"|WINDOWS1252|CP1252|ANSI|", "CP1252", KIND_ICONV},
    {"|ISOIR14|ISOIR13|JISX0201|", "JIS_X0201", KIND_ICONV},
    {"|ISOIR87|ISOIR159|JAS2020|JISX0202|ISO2022JP|", "ISO-2022-JP-2", KIND_ICONV},
    {"|GB180302000|GB18030|", "GB18030", KIND_ICONV},
    {"|KSX1001|EUCKR|ISOIR149|", "EUC-KR", KIND_ICONV},
    {"|CNS116431992|EUCTW|", "EUC-TW", KIND_ICONV},
    {"|BIG5|", "BIG5", KIND_ICONV},
    {"|UNICODEUTF16|UTF16|UTF16LE|UTF16BE|UNICODEUTF32|UTF32|UTF32LE|UTF32BE|", NULL, KIND_WIDE},
};
enum { ROWS = sizeof charset_rows / sizeof charset_rows[0] };

struct hl7_charsets {
    iconv_t reader[ROWS], writer[ROWS];
};

#define NOT_OPEN ((iconv_t)NULL)
#define FAILED   ((iconv_t)-1)

struct hl7_charsets *hl7_charsets_create(void)
{
    return hl7_allocate(sizeof(struct hl7_charsets));
}

static void close_converter(iconv_t converter)
{
    if (converter != NOT_OPEN && converter != FAILED)
        iconv_close(converter);
}

void hl7_charsets_destroy(struct hl7_charsets *charsets)
{
    if (charsets == NULL)
        return;
    for (size_t i = 0; i < ROWS; i++) {
        close_converter(charsets->reader[i]);
        close_converter(charsets->writer[i]);
    }
    free(charsets);
}

const struct hl7_charset *hl7_charset_find(const char *name)
{
    char key[40] = "|";
    size_t used = 1;

    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name))
            continue;
        if (used >= sizeof key - 2)
            return NULL;
        key[used++] = (char)toupper((unsigned char)*name);
    }
    key[used++] = '|';
    key[used] = '\0';
    for (size_t i = 0; i < ROWS; i++)
        if (strstr(charset_rows[i].names, key) != NULL)
            return &charset_rows[i];
    return NULL;
}

const struct hl7_charset *hl7_charset_utf8(void)
{
    return &charset_rows[1];
}

bool hl7_charset_is_wide(const struct hl7_charset *charset)
{
    return charset->kind == KIND_WIDE;
}

bool hl7_charset_is_ascii(const struct hl7_charset *charset)
{
    return charset->kind == KIND_ASCII;
}

/* Bytes of the well-formed character at the front (RFC 3629: no overlong forms, surrogates, or beyond U+10FFFF), or 0. */
static size_t utf8_character(const uint8_t *bytes, size_t size)
{
    uint8_t lead = bytes[0], low = 0x80, high = 0xBF;
    size_t length;

    if (lead < 0x80)
        return 1;
    length = lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
    if (length == 0 || length > size)
        return 0;
    low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : low;
    high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : high;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xBF)
            return 0;
    return length;
}

bool hl7_utf8_valid(const uint8_t *bytes, size_t size, size_t *bad_at)
{
    for (size_t at = 0; at < size;) {
        size_t length = utf8_character(bytes + at, size - at);
        if (length == 0) {
            *bad_at = at;
            return false;
        }
        at += length;
    }
    return true;
}

static void read_latin1(struct hl7_arena *arena, const uint8_t *bytes, size_t size, char **text, size_t *text_size)
{
    size_t high = 0, used = 0;
    char *out;

    for (size_t i = 0; i < size; i++)
        high += bytes[i] >= 0x80;
    out = hl7_arena_take(arena, size + high + 1);
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] < 0x80) {
            out[used++] = (char)bytes[i];
        } else {
            out[used++] = (char)(0xC0 | bytes[i] >> 6);
            out[used++] = (char)(0x80 | (bytes[i] & 0x3F));
        }
    }
    *text = out;
    *text_size = used;
}

static iconv_t converter(iconv_t *slot, const char *to, const char *from)
{
    if (*slot == NOT_OPEN)
        *slot = iconv_open(to, from);
    if (*slot != FAILED)
        iconv(*slot, NULL, NULL, NULL, NULL);
    return *slot;
}

static enum hl7_charset_result read_iconv(struct hl7_charsets *charsets, const struct hl7_charset *charset,
                                          struct hl7_arena *arena, const uint8_t *bytes, size_t size, char **text,
                                          size_t *text_size, size_t *bad_at)
{
    iconv_t reader = converter(&charsets->reader[charset - charset_rows], "UTF-8", charset->iconv);
    /* No set of the table needs more than four bytes of UTF-8 for one of its own bytes. */
    size_t room = size * 4 + 4, left = room, input_left = size;
    char *out = hl7_arena_take(arena, room + 1), *output = out, *input = (char *)(uintptr_t)bytes;

    if (reader == FAILED)
        return HL7_CHARSET_UNKNOWN;
    if (iconv(reader, &input, &input_left, &output, &left) == (size_t)-1 ||
        iconv(reader, NULL, NULL, &output, &left) == (size_t)-1) {
        *bad_at = size - input_left;
        return HL7_CHARSET_MALFORMED;
    }
    *text = out;
    *text_size = room - left;
    return HL7_CHARSET_OK;
}

enum hl7_charset_result hl7_charset_read(struct hl7_charsets *charsets, const struct hl7_charset *charset,
                                         struct hl7_arena *arena, const uint8_t *bytes, size_t size, char **text,
                                         size_t *text_size, size_t *bad_at)
{
    *bad_at = 0;
    switch (charset->kind) {
    case KIND_WIDE:
        return HL7_CHARSET_WIDE;
    case KIND_LATIN1:
        read_latin1(arena, bytes, size, text, text_size);
        return HL7_CHARSET_OK;
    case KIND_ICONV:
        return read_iconv(charsets, charset, arena, bytes, size, text, text_size, bad_at);
    case KIND_ASCII:
    case KIND_UTF8:
        break;
    }
    if (hl7_utf8_valid(bytes, size, bad_at)) {
        *text = hl7_arena_text(arena, (const char *)bytes, size);
        *text_size = size;
        return HL7_CHARSET_OK;
    }
    if (charset->kind == KIND_UTF8)
        return HL7_CHARSET_MALFORMED;
    read_latin1(arena, bytes, size, text, text_size);
    return HL7_CHARSET_GUESSED;
}

static bool write_latin1(struct hl7_arena *arena, const char *text, size_t size, uint8_t **bytes, size_t *bytes_size)
{
    uint8_t *out = hl7_arena_take(arena, size + 1);
    const uint8_t *in = (const uint8_t *)text;
    size_t used = 0;
    bool whole = true;

    for (size_t at = 0; at < size;) {
        size_t length = utf8_character(in + at, size - at);
        if (length == 1) {
            out[used++] = in[at];
        } else if (length == 2 && in[at] <= 0xC3) {
            out[used++] = (uint8_t)((in[at] & 0x03) << 6 | (in[at + 1] & 0x3F));
        } else {
            out[used++] = '?';
            whole = false;
        }
        at += length > 0 ? length : 1;
    }
    *bytes = out;
    *bytes_size = used;
    return whole;
}

static bool write_iconv(struct hl7_charsets *charsets, const struct hl7_charset *charset, struct hl7_arena *arena,
                        const char *text, size_t size, uint8_t **bytes, size_t *bytes_size)
{
    iconv_t writer = converter(&charsets->writer[charset - charset_rows], charset->iconv, "UTF-8");
    /* Stateful sets add a shift before and after each character at the worst. */
    size_t room = size * 8 + 16, left = room, input_left = size;
    char *out = hl7_arena_take(arena, room + 1), *output = out, *input = (char *)(uintptr_t)text;
    bool whole = true;

    if (writer == FAILED)
        return false;
    while (input_left > 0 && iconv(writer, &input, &input_left, &output, &left) == (size_t)-1) {
        char question = '?', *replacement = &question;
        size_t one = 1, length = input_left > 0 ? utf8_character((const uint8_t *)input, input_left) : 0;
        if (errno == E2BIG || input_left == 0)
            break;
        whole = false;
        input += length > 0 ? length : 1;
        input_left -= length > 0 ? length : 1;
        iconv(writer, &replacement, &one, &output, &left);
    }
    iconv(writer, NULL, NULL, &output, &left);
    *bytes = (uint8_t *)out;
    *bytes_size = room - left;
    return whole;
}

bool hl7_charset_write(struct hl7_charsets *charsets, const struct hl7_charset *charset, struct hl7_arena *arena,
                       const char *text, size_t size, uint8_t **bytes, size_t *bytes_size)
{
    if (charset->kind == KIND_LATIN1)
        return write_latin1(arena, text, size, bytes, bytes_size);
    *bytes = (uint8_t *)hl7_arena_text(arena, text, size);
    *bytes_size = size;
    if (charset->kind == KIND_ICONV)
        return write_iconv(charsets, charset, arena, text, size, bytes, bytes_size);
    return true;
}
