/*
 * Working hours as people write them.
 *
 * Weekly:      "Mon-Fri 09:00-17:00; Sat 09:00-12:00", "Mon,Wed 08:00-12:00,13:00-17:00"; days in English, whole or their first three letters
 * Exceptions:  "2026-12-24 closed; 2026-12-31 09:00-12:00"
 * Times are multiples of 15 minutes, 24:00 is midnight at the end of the day. Pure.
 */
#ifndef FASCIA_CTL_HOURS_H
#define FASCIA_CTL_HOURS_H

#include "core/fault.h"
#include "fascia/v1/therapist.pb-c.h"

#include <stdbool.h>
#include <stdio.h>

/* Each replaces what the therapist has, in order of day and time. false: nothing was changed, and the fault says which item is wrong and why. */
MUST_CHECK bool ctl_hours_parse(const char *text, Fascia__Therapist *therapist, struct fault *fault);
MUST_CHECK bool ctl_exceptions_parse(const char *text, Fascia__Therapist *therapist, struct fault *fault);

/* Write what the parsers read back as the same. */
void ctl_hours_write(FILE *out, const Fascia__Therapist *therapist);
void ctl_exceptions_write(FILE *out, const Fascia__Therapist *therapist);

#endif
