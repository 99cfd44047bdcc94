/*
 * The log: one line of JSON per event on stderr, or the journal's own fields when stderr is the journal's.
 *
 * Only typed fields can be written: numbers, fixed words, and text that an administrator wrote (paths, configured names, addresses of
 * sockets). There is no format string and no field for what a sender sent. Any thread; a line is written whole.
 */
#ifndef FASCIA_IO_LOG_H
#define FASCIA_IO_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG = 0, LOG_LEVEL_INFO = 1, LOG_LEVEL_WARNING = 2, LOG_LEVEL_ERROR = 3 };

enum log_type { LOG_TYPE_NUMBER, LOG_TYPE_WORD, LOG_TYPE_CONFIGURED, LOG_TYPE_INSTANT, LOG_TYPE_FAULT };
struct log_field {
    const char *name;
    enum log_type type;
    int64_t number;
    const char *text;
};
/* A count or an id of our own. */
#define LOG_NUMBER(field_name, value)                                                                                  \
    ((struct log_field){.name = (field_name), .type = LOG_TYPE_NUMBER, .number = (int64_t)(value)})
/* A word of the program itself, or a plugin's event word: [A-Za-z0-9._-], at most 64 bytes; anything else is written as "?". */
#define LOG_WORD(field_name, value) ((struct log_field){.name = (field_name), .type = LOG_TYPE_WORD, .text = (value)})
/* Written by the administrator in the configuration, or the kernel's name of a socket. */
#define LOG_CONFIGURED(field_name, value)                                                                              \
    ((struct log_field){.name = (field_name), .type = LOG_TYPE_CONFIGURED, .text = (value)})
#define LOG_INSTANT(field_name, value)                                                                                 \
    ((struct log_field){.name = (field_name), .type = LOG_TYPE_INSTANT, .number = (value)})
/* Text of a struct fault, which by its contract carries no patient data. */
#define LOG_FAULT(value) ((struct log_field){.name = "fault", .type = LOG_TYPE_FAULT, .text = (value)})

void log_start(enum log_level level); /* decides on journal or stderr by JOURNAL_STREAM */
void log_set_level(enum log_level level);
bool log_level_parse(const char *text, enum log_level *level);
/* event: "referral.received". Fields end with one whose name is NULL; use LOG(). */
void log_write(enum log_level level, const char *event, const struct log_field *fields);
#define LOG(level, event, ...)                                                                                         \
    log_write(level, event, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = 0}})

#endif
