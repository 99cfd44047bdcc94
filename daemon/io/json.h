/*
 * Writes text into a line of JSON, never past the line's end. For log.c.
 */
#ifndef FASCIA_IO_JSON_H
#define FASCIA_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json_line {
    char *bytes;
    size_t room, length;
    bool full; /* something did not fit and was left out */
};

void json_raw(struct json_line *line, const char *text);
/* Quoted, with controls, quotes and bytes that are no UTF-8 escaped; at most longest bytes of text are taken. */
void json_text(struct json_line *line, const char *text, size_t longest);

#endif
