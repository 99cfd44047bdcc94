/*
 * A week as people write it: "Mon-Fri 09:00-12:00,13:00-17:00; Sat 09:00-12:00".
 *
 * Items have ';' between them. An item is days and times; days are English names, whole or their first three letters, ranges of them (which may pass
 * Sunday), or several with ',' between. Times are HH:MM-HH:MM, several with ','; 24:00 is midnight at the end of the day. What is read is not
 * checked for overlaps or grain: who reads hours and who reads a patient's wishes ask for different things. Pure; any thread.
 *
 * Shared by fasciactl and the folder source.
 */
#ifndef FASCIA_CORE_WEEK_H
#define FASCIA_CORE_WEEK_H

#include "core/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct week_span {
    uint8_t weekdays;                /* bit 0 Monday .. bit 6 Sunday; 0 when the item names no days */
    uint16_t from_minute, to_minute; /* 0..1440, from before to */
};

/* The whole text; "" has none. false: the fault names the item by its number. */
MUST_CHECK bool week_parse(const char *text, struct week_span *spans, size_t room, size_t *count, struct fault *fault);
/* Times from *at on, which moves behind them; weekdays is 0. For notations that put something else before the times. */
MUST_CHECK bool week_parse_times(const char **at, struct week_span *spans, size_t room, size_t *count,
                                 struct fault *fault);

#endif
