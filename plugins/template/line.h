/*
 * The format that this source speaks: referral lines, as a small practice program might export them.
 *
 *   REFER|id|role|referrer|npi|family|given|birth|state|postal code|diagnosis|treatment|payer|note
 *   CANCEL|id|reason
 *   ASK|id
 *
 * A line ends in LF or CR LF; text is UTF-8; a column cannot hold '|'. Columns at the end may be left out. Each line is answered by one line:
 *
 *   OK|id|number|where it stands        it is kept (or was already), under this number
 *   NO|id|column|what to change         it was not taken
 *   LATER|id                            it was not taken, and may be sent again as it is
 *
 * Everything here is pure: bytes in, a message or bytes out. It never knows where the bytes came from.
 */
#ifndef TEMPLATE_LINE_H
#define TEMPLATE_LINE_H

#include <fascia/plugin.h>
#include <fascia/v1/plugin.pb-c.h>

#include <stdbool.h>

#define LINE_LONGEST 8192 /* bytes, without its end */
#define LINE_COLUMNS 14   /* of the longest verb */

/* One line read. The messages point into each other and into `text`, so that nothing needs to be freed: use it before it leaves scope, and do not copy it. */
struct line {
    char text[LINE_LONGEST + 1];
    char *columns[LINE_COLUMNS];
    size_t column_count;
    Fascia__Submission submission;
    Fascia__Submit submit;
    Fascia__Referral referral;
    Fascia__Referrer referrer;
    Fascia__Identifier npi, *npis[1];
    Fascia__Patient patient;
    Fascia__Address address;
    Fascia__Code diagnosis, *diagnoses[1];
    Fascia__Code treatment, *treatments[1];
    Fascia__Coverage coverage, *coverages[1];
    Fascia__Note note, *notes[1];
};

/* What is wrong with a line. Both texts are fixed: they never repeat what was sent, which may name a patient. */
struct line_problem {
    const char *column;
    const char *advice;
};

/* As fascia_plugin.frame: where does the first line end? */
void line_frame(struct fascia_bytes buffered, size_t already, struct fascia_frame *frame);

/* Reads one line without its end. False with a problem; columns[1] is the id as far as there is one. sender is lent for as long as the line. */
bool line_read(struct line *line, struct fascia_bytes bytes, const char *sender, struct line_problem *problem);
const char *line_id(const struct line *line);

/* The answers. Each writes one line with its end into `answer` and gives its length, which is below room when room is at least LINE_ANSWER. */
#define LINE_ANSWER (LINE_LONGEST + 1024)
size_t line_answer_result(char *answer, size_t room, const char *id, const Fascia__Result *result);
size_t line_answer_problem(char *answer, size_t room, const char *id, const struct line_problem *problem);
size_t line_answer_later(char *answer, size_t room, const char *id);

#endif
