#include "folder/file.h"

#include "folder/formats.h"
#include "folder/memory.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct folder_file {
    char *text; /* UTF-8, ends in NUL */
    size_t size;
    char fault[FOLDER_FAULT]; /* the bytes are not of the character set */
    struct folder_sheet *sheet;
    struct folder_records *records;
};

/* ---- character sets -------------------------------------------------------------------------------------------------- */

static size_t line_of(const uint8_t *bytes, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at; i++)
        line += bytes[i] == '\n';
    return line;
}

/* UTF-16 has at most three bytes for two, the 8-bit sets three for one (windows-1252 has the euro sign). */
static bool convert(struct folder_file *file, const char *character_set, const uint8_t *bytes, size_t size)
{
    const iconv_t converter = iconv_open("UTF-8", character_set);
    char *in = (char *)(uintptr_t)bytes;
    size_t in_left = size;
    size_t out_left = 3 * size;
    char *out = file->text = folder_allocate(out_left + 1);
    bool good;

    if (converter == (iconv_t)-1) {
        snprintf(file->fault, sizeof file->fault, "this system does not know the character set %s", character_set);
        return false;
    }
    good = iconv(converter, &in, &in_left, &out, &out_left) != (size_t)-1;
    iconv_close(converter);
    file->size = (size_t)(out - file->text);
    *out = '\0';
    if (!good)
        snprintf(file->fault, sizeof file->fault,
                 "line %zu has bytes that are not of the character set %s (option character_set)",
                 line_of(bytes, size - in_left), character_set);
    return good;
}

/* UTF-8 is checked row by row by who reads it. */
static bool take_text(struct folder_file *file, const char *character_set, const uint8_t *bytes, size_t size)
{
    if (strcmp(character_set, "UTF-8") != 0)
        return convert(file, character_set, bytes, size);
    file->text = folder_allocate(size + 1);
    if (size > 0) /* an empty file has no bytes to point to */
        memcpy(file->text, bytes, size);
    file->size = size;
    return true;
}

/* ---- formats --------------------------------------------------------------------------------------------------------- */

static bool ends_in(const char *name, const char *ending)
{
    const size_t size = strlen(name);
    const size_t end = strlen(ending);

    return size > end && strcasecmp(name + size - end, ending) == 0;
}

static bool is_json(const struct folder_file *file, const struct folder_settings *settings, const char *name)
{
    const char first = file->text[strspn(file->text, " \t\r\n")];

    if (settings->format != FOLDER_BY_NAME)
        return settings->format == FOLDER_JSON;
    if (ends_in(name, ".json") || ends_in(name, ".ndjson") || ends_in(name, ".jsonl"))
        return true;
    if (ends_in(name, ".csv") || ends_in(name, ".tsv") || ends_in(name, ".txt"))
        return false;
    return first == '{' || first == '[';
}

struct folder_file *folder_file_create(const struct folder_settings *settings, const char *name, const uint8_t *bytes,
                                       size_t size)
{
    struct folder_file *file = folder_allocate(sizeof *file);
    const char *text;
    size_t left;

    (void)take_text(file, settings->character_set, bytes, size);
    text = file->text;
    left = file->size;
    if (left >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        text += 3;
        left -= 3;
    }
    if (is_json(file, settings, name))
        file->records =
            folder_records_create(settings, text, left, ends_in(name, ".ndjson") || ends_in(name, ".jsonl"));
    else
        file->sheet = folder_sheet_create(settings, text, left, ends_in(name, ".tsv"));
    return file;
}

void folder_file_destroy(struct folder_file *file)
{
    if (file == NULL)
        return;
    if (file->sheet != NULL)
        folder_sheet_destroy(file->sheet);
    if (file->records != NULL)
        folder_records_destroy(file->records);
    free(file->text);
    free(file);
}

enum folder_next folder_file_next(struct folder_file *file, Fascia__Submission **submission, size_t *number,
                                  char fault[FOLDER_FAULT])
{
    *submission = NULL;
    *number = 1;
    fault[0] = '\0';
    if (file->fault[0] != '\0') {
        memcpy(fault, file->fault, FOLDER_FAULT);
        return FOLDER_STOP;
    }
    return file->sheet != NULL ? folder_sheet_next(file->sheet, submission, number, fault)
                               : folder_records_next(file->records, submission, number, fault);
}

bool folder_file_is_json(const struct folder_file *file)
{
    return file->records != NULL;
}
