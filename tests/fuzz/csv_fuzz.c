/* However the bytes are cut, the rows are the same; and what was read can be written and read again. */
#include "core/csv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint64_t mix(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    while (*text++ != 0);
    return hash;
}

static uint64_t mix_row(uint64_t hash, const struct csv_row *row)
{
    hash = (hash ^ row->line) * 31 + row->count;
    for (size_t i = 0; i < row->count; i++)
        hash = mix(hash, row->fields[i]) + row->columns[i];
    return hash;
}

/* A row that was read comes back from what csv_write_field makes of it. */
static void write_and_read(const struct csv_row *row)
{
    char text[4096];
    size_t size = 0, taken = 0;
    struct csv *reader = csv_create(NULL);
    struct csv_row again;

    for (size_t i = 0; i < row->count && size < sizeof text; i++) {
        if (i > 0)
            text[size++] = ',';
        size_t room = size < sizeof text ? sizeof text - size : 0;
        size += csv_write_field(text + size, room, row->fields[i], ',');
    }
    if (size < sizeof text && size > 0 && memcmp(text, "\xef\xbb\xbf", size < 3 ? size : 3) != 0) {
        INVARIANT(csv_next(reader, (const uint8_t *)text, size, true, &taken, &again, NULL) == CSV_ROW);
        INVARIANT(again.count == row->count);
        for (size_t i = 0; i < row->count; i++)
            INVARIANT(strcmp(again.fields[i], row->fields[i]) == 0);
    }
    csv_destroy(reader);
}

static uint64_t read_all(const uint8_t *bytes, size_t size, size_t step)
{
    struct csv_options options = {.comment = '#', .maximum_row = 512, .maximum_fields = 16};
    struct csv *reader = csv_create(&options);
    size_t at = 0, shown = step < size ? step : size;
    uint64_t hash = 1;

    for (;;) {
        size_t taken = 0;
        struct csv_row row;
        struct fault fault = {{0}};
        enum csv_status status = csv_next(reader, bytes + at, shown - at, shown == size, &taken, &row, &fault);

        at += taken;
        INVARIANT(at <= shown);
        if (status == CSV_END)
            break;
        if (status == CSV_ROW) {
            hash = mix_row(hash, &row);
            if (step >= size)
                write_and_read(&row);
        } else if (status == CSV_BAD) {
            INVARIANT(fault.text[0] != 0);
            hash = mix(hash, fault.text);
        } else {
            INVARIANT(shown < size);
            shown = shown + step < size ? shown + step : size;
        }
    }
    INVARIANT(at == size);
    csv_destroy(reader);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size > 4096)
        return 0;
    uint64_t whole = read_all(bytes, size, size + 1);
    INVARIANT(read_all(bytes, size, 1) == whole);
    INVARIANT(read_all(bytes, size, 5) == whole);
    return 0;
}
