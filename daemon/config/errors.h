/*
 * Collecting what is wrong with a configuration: where, what stands there, and what would be right.
 */
#ifndef FASCIA_CONFIG_ERRORS_H
#define FASCIA_CONFIG_ERRORS_H

#include "config/config.h"

#define CONFIG_ERRORS_MOST 100

struct config_place {
    const char *file; /* as it was named; lent */
    int line, column; /* from 1; 0: of the whole file */
};

void config_errors_add(struct config_errors *errors, const struct config_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How a value is shown: cut, quoted, on one line. "" when there is none to show. */
struct config_shown {
    char text[80];
};
struct config_shown config_show(const char *value);

#endif
