#include "hl7v2/write.h"

#include <stdio.h>
#include <string.h>

static void put(struct hl7_writer *writer, const char *bytes, size_t size)
{
    if (writer->room - writer->used < size) {
        size_t room = (writer->room + size) * 2 + 512;
        char *grown = hl7_arena_take(writer->arena, room);
        if (writer->used > 0)
            memcpy(grown, writer->text, writer->used);
        writer->text = grown;
        writer->room = room;
    }
    if (size > 0)
        memcpy(writer->text + writer->used, bytes, size);
    writer->used += size;
}

static void put_separator(struct hl7_writer *writer, char separator)
{
    /* Without the separator there is only one piece; a space keeps what follows apart from it. */
    put(writer, separator != '\0' ? &separator : " ", 1);
}

void hl7_write_begin(struct hl7_writer *writer, struct hl7_arena *arena, const struct hl7_separators *separators)
{
    *writer = (struct hl7_writer){.arena = arena, .separators = *separators};
}

void hl7_write_segment(struct hl7_writer *writer, const char *name)
{
    put(writer, name, strlen(name));
}

void hl7_write_field(struct hl7_writer *writer)
{
    put_separator(writer, writer->separators.field);
}

void hl7_write_repetition(struct hl7_writer *writer)
{
    put_separator(writer, writer->separators.repetition);
}

void hl7_write_component(struct hl7_writer *writer)
{
    put_separator(writer, writer->separators.component);
}

void hl7_write_subcomponent(struct hl7_writer *writer)
{
    put_separator(writer, writer->separators.subcomponent);
}

void hl7_write_end(struct hl7_writer *writer)
{
    while (writer->used > 0 && writer->text[writer->used - 1] == writer->separators.field)
        writer->used--;
    put(writer, "\r", 1);
}

static char escape_letter(const struct hl7_separators *separators, char value)
{
    if (value == '\0')
        return '\0';
    if (value == separators->field)
        return 'F';
    if (value == separators->component)
        return 'S';
    if (value == separators->subcomponent)
        return 'T';
    if (value == separators->repetition)
        return 'R';
    if (value == separators->escape)
        return 'E';
    return '\0';
}

void hl7_write_text(struct hl7_writer *writer, const char *text)
{
    char escape = writer->separators.escape;

    for (const char *at = text; *at != '\0'; at++) {
        char letter = escape_letter(&writer->separators, *at);
        if (letter != '\0' && escape != '\0') {
            char sequence[] = {escape, letter, escape};
            put(writer, sequence, sizeof sequence);
        } else if (*at == '\n' && escape != '\0') {
            char sequence[] = {escape, '.', 'b', 'r', escape};
            put(writer, sequence, sizeof sequence);
        } else {
            /* Control characters would end a segment or a frame. */
            put(writer, letter != '\0' || (unsigned char)*at < 0x20 ? " " : at, 1);
        }
    }
}

void hl7_write_raw(struct hl7_writer *writer, struct hl7_span span)
{
    for (size_t i = 0; i < span.size; i++)
        put(writer, (unsigned char)span.at[i] < 0x20 ? " " : span.at + i, 1);
}

void hl7_write_format(struct hl7_writer *writer, const char *format, ...)
{
    char text[256];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    hl7_write_text(writer, text);
}

void hl7_write_field_text(struct hl7_writer *writer, const char *text)
{
    hl7_write_field(writer);
    hl7_write_text(writer, text);
}

void hl7_write_fields_empty(struct hl7_writer *writer, unsigned count)
{
    while (count-- > 0)
        hl7_write_field(writer);
}

void hl7_write_segments(struct hl7_writer *writer, const struct hl7_writer *from)
{
    put(writer, from->text, from->used);
}
