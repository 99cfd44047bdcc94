#include "core/csv.h"

#include <stdlib.h>
#include <string.h>

struct csv {
    struct csv_options options;
    size_t line;         /* of the next byte */
    bool begun;          /* the first row was looked for: no byte order mark any more */
    bool skipping;       /* inside a line that was given up, whose end has not been shown yet */
    char *text;          /* fields of the row, one behind the other */
    const char **fields; /* into text */
    size_t *columns;
};

/* Where a row's reading stands: a position in the bytes, and what people call that position. */
struct cursor {
    const uint8_t *bytes;
    size_t size, at;
    bool last;
    size_t line, column;
};

struct csv *csv_create(const struct csv_options *options)
{
    struct csv *reader = calloc(1, sizeof *reader);

    INVARIANT(reader != NULL);
    if (options != NULL)
        reader->options = *options;
    if (reader->options.delimiter == 0)
        reader->options.delimiter = ',';
    if (reader->options.maximum_row == 0)
        reader->options.maximum_row = 1024 * 1024;
    if (reader->options.maximum_fields == 0)
        reader->options.maximum_fields = 256;
    /* unquoting never makes text longer, but for the NUL after each field */
    reader->text = malloc(reader->options.maximum_row + reader->options.maximum_fields);
    reader->fields = calloc(reader->options.maximum_fields, sizeof *reader->fields);
    reader->columns = calloc(reader->options.maximum_fields, sizeof *reader->columns);
    INVARIANT(reader->text != NULL && reader->fields != NULL && reader->columns != NULL);
    reader->line = 1;
    return reader;
}

void csv_destroy(struct csv *reader)
{
    if (reader == NULL)
        return;
    free(reader->text);
    free(reader->fields);
    free(reader->columns);
    free(reader);
}

/* Bytes of the UTF-8 sequence at text (RFC 3629 section 4); 0 when it is none, or cut. */
static size_t utf8_length(const uint8_t *text, size_t size)
{
    static const struct {
        uint8_t from, to, second_from, second_to;
        size_t length;
    } forms[] = {{0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};

    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        if (text[0] < forms[form].from || text[0] > forms[form].to)
            continue;
        if (size < forms[form].length)
            return 0;
        if (forms[form].length > 1 && (text[1] < forms[form].second_from || text[1] > forms[form].second_to))
            return 0;
        for (size_t i = 2; i < forms[form].length; i++)
            if ((text[i] & 0xc0) != 0x80)
                return 0;
        return forms[form].length;
    }
    return 0;
}

/* Bytes of the line end at the position: 0 for none. CR LF is one, and a CR at the very end may be half of one. */
static size_t line_end(const uint8_t *bytes, size_t size)
{
    if (size > 0 && bytes[0] == '\n')
        return 1;
    if (size > 0 && bytes[0] == '\r')
        return size > 1 && bytes[1] == '\n' ? 2 : 1;
    return 0;
}

/* Bytes up to and with the next line end, or all of them. */
static size_t line_size(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (at < size && bytes[at] != '\n' && bytes[at] != '\r')
        at++;
    return at + line_end(bytes + at, size - at);
}

enum step { STEP_ON, STEP_MORE, STEP_BAD };

static enum step bad(const struct cursor *cursor, struct fault *fault, const char *what)
{
    fault_set(fault, "line %zu column %zu: %s", cursor->line, cursor->column, what);
    return STEP_BAD;
}

/* Moves one character on and copies it. */
static enum step take_character(struct cursor *cursor, char *text, size_t *used, struct fault *fault)
{
    const uint8_t *here = cursor->bytes + cursor->at;
    size_t length = line_end(here, cursor->size - cursor->at);

    if (length > 0) {
        if (*here == '\r' && cursor->at + 1 == cursor->size && !cursor->last)
            return STEP_MORE;
        cursor->line++;
        cursor->column = 0;
    } else if ((length = utf8_length(here, cursor->size - cursor->at)) == 0) {
        if (cursor->size - cursor->at < 4 && *here >= 0xc2 && !cursor->last)
            return STEP_MORE;
        return bad(cursor, fault,
                   *here == 0 ? "a NUL byte can't stand in a file of text" : "these bytes are not UTF-8 text");
    }
    memcpy(text + *used, here, length);
    *used += length;
    cursor->at += length;
    cursor->column++;
    return STEP_ON;
}

static enum step read_quoted(struct cursor *cursor, char *text, size_t *used, struct fault *fault)
{
    struct cursor opened = *cursor;

    cursor->at++;
    cursor->column++;
    while (cursor->at < cursor->size) {
        if (cursor->bytes[cursor->at] == '"') {
            if (cursor->at + 1 == cursor->size && !cursor->last)
                return STEP_MORE;
            cursor->at++;
            cursor->column++;
            if (cursor->at == cursor->size || cursor->bytes[cursor->at] != '"')
                return STEP_ON;
        }
        enum step step = take_character(cursor, text, used, fault);
        if (step != STEP_ON)
            return step;
    }
    return cursor->last ? bad(&opened, fault, "a quote opens here that nothing closes") : STEP_MORE;
}

static enum step read_plain(struct cursor *cursor, char delimiter, char *text, size_t *used, struct fault *fault)
{
    while (cursor->at < cursor->size) {
        uint8_t byte = cursor->bytes[cursor->at];
        if (byte == (uint8_t)delimiter || byte == '\n' || byte == '\r')
            return STEP_ON;
        if (byte == '"')
            return bad(cursor, fault,
                       "a quote stands inside a field that does not begin with one; put the field in quotes and double "
                       "the quote");
        enum step step = take_character(cursor, text, used, fault);
        if (step != STEP_ON)
            return step;
    }
    return cursor->last ? STEP_ON : STEP_MORE;
}

/* Reads fields up to the end of the row, and takes that. */
static enum step read_row(struct csv *reader, struct cursor *cursor, size_t *count, struct fault *fault)
{
    size_t used = 0;

    for (*count = 0;; cursor->at++, cursor->column++) {
        if (*count == reader->options.maximum_fields)
            return bad(cursor, fault, "the row has too many fields");
        reader->columns[*count] = cursor->column;
        reader->fields[(*count)++] = reader->text + used;
        bool quoted = cursor->at < cursor->size && cursor->bytes[cursor->at] == '"';
        enum step step = quoted ? read_quoted(cursor, reader->text, &used, fault)
                                : read_plain(cursor, reader->options.delimiter, reader->text, &used, fault);
        if (step != STEP_ON)
            return step;
        reader->text[used++] = 0;
        if (cursor->at == cursor->size)
            return cursor->last ? STEP_ON : STEP_MORE;
        size_t end = line_end(cursor->bytes + cursor->at, cursor->size - cursor->at);
        if (end > 0) {
            if (end == 1 && cursor->bytes[cursor->at] == '\r' && cursor->at + 1 == cursor->size && !cursor->last)
                return STEP_MORE;
            cursor->at += end;
            cursor->line++;
            return STEP_ON;
        }
        if (cursor->bytes[cursor->at] != (uint8_t)reader->options.delimiter)
            return bad(cursor, fault, "text follows the quote that closes the field");
    }
}

/* Passes over the rest of a line. An end that may be half of CR LF waits. */
static void skip_line(struct csv *reader, const uint8_t *bytes, size_t size, bool last, size_t *taken)
{
    size_t whole = line_size(bytes, size);
    bool ended = whole > 0 && (bytes[whole - 1] == '\n' || (bytes[whole - 1] == '\r' && (whole < size || last)));

    if (!ended && whole > 0 && bytes[whole - 1] == '\r')
        whole--;
    reader->skipping = !ended;
    reader->line += ended;
    *taken += whole;
}

/* Passes over the byte order mark, empty lines and comments, as far as they are shown. */
static void pass_over(struct csv *reader, const uint8_t *bytes, size_t size, bool last, size_t *taken)
{
    if (!reader->begun) {
        if (size < 3 && !last && memcmp(bytes, "\xef\xbb\xbf", size) == 0)
            return;
        if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
            *taken += 3;
        reader->begun = true;
    }
    while (*taken < size && !reader->skipping) {
        const uint8_t *here = bytes + *taken;
        bool comment = reader->options.comment != 0 && *here == (uint8_t)reader->options.comment;
        if (!comment && line_end(here, size - *taken) == 0)
            return;
        skip_line(reader, here, size - *taken, last, taken);
    }
}

/* The row at bytes, whose first character stands at the start of a line. */
static enum csv_status next_row(struct csv *reader, const uint8_t *bytes, size_t size, bool last, size_t *taken,
                                struct csv_row *row, struct fault *fault)
{
    size_t room = reader->options.maximum_row, count = 0;
    bool whole = size <= room;
    struct cursor cursor = {
        .bytes = bytes, .size = whole ? size : room, .last = whole && last, .line = reader->line, .column = 1};
    enum step step = read_row(reader, &cursor, &count, fault);

    if (step == STEP_MORE && whole)
        return CSV_MORE;
    if (step == STEP_MORE)
        fault_set(fault, "line %zu: the row is longer than %zu bytes, or a quote in it is not closed", row->line, room);
    if (step != STEP_ON) {
        skip_line(reader, bytes, size, last, taken);
        return CSV_BAD;
    }
    *taken += cursor.at;
    reader->line = cursor.line;
    row->count = count;
    row->fields = reader->fields;
    row->columns = reader->columns;
    return CSV_ROW;
}

enum csv_status csv_next(struct csv *reader, const uint8_t *bytes, size_t size, bool last, size_t *taken,
                         struct csv_row *row, struct fault *fault)
{
    *row = (struct csv_row){.line = reader->line};
    *taken = 0;
    if (reader->skipping)
        skip_line(reader, bytes, size, last, taken);
    if (!reader->skipping)
        pass_over(reader, bytes, size, last, taken);
    row->line = reader->line;
    if (*taken == size)
        return last ? CSV_END : CSV_MORE;
    if (reader->skipping || !reader->begun)
        return CSV_MORE;
    return next_row(reader, bytes + *taken, size - *taken, last, taken, row, fault);
}

static void put(char *out, size_t room, size_t *size, char byte)
{
    if (*size < room)
        out[*size] = byte;
    (*size)++;
}

size_t csv_write_field(char *out, size_t room, const char *text, char delimiter)
{
    size_t size = 0;
    char stops[] = {'"', '\r', '\n', delimiter, 0};
    /* a comment sign or a space at either end would not survive every reader */
    bool quoted = strpbrk(text, stops) != NULL || text[0] == '#' || text[0] == ' ' ||
                  (text[0] != 0 && text[strlen(text) - 1] == ' ');

    if (quoted)
        put(out, room, &size, '"');
    for (const char *next = text; *next != 0; next++) {
        if (*next == '"')
            put(out, room, &size, '"');
        put(out, room, &size, *next);
    }
    if (quoted)
        put(out, room, &size, '"');
    return size;
}
