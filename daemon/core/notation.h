/*
 * How an administrator writes a value: numbers, durations, sizes, addresses and paths, as text.
 *
 * The configuration reads them, and a plugin's table of options writes its defaults in them; both take the same words. Nothing is guessed: no
 * blanks, no signs but a leading '-', no fractions, no overflow. Pure; any thread.
 */
#ifndef FASCIA_CORE_NOTATION_H
#define FASCIA_CORE_NOTATION_H

#include "core/fault.h"

#include <stdbool.h>
#include <stdint.h>

/* Each is false, and leaves the value alone, when the text is not exactly one such value. */

/* "-12", "8192" */
MUST_CHECK bool notation_integer(const char *text, int64_t *value);
/* "true", "false" */
MUST_CHECK bool notation_boolean(const char *text, bool *value);
/* "250ms" "30s" "5m" "24h" "7d", and "0"; in milliseconds */
MUST_CHECK bool notation_duration(const char *text, int64_t *milliseconds);
/* "512" "64KiB" "16MiB" "1GiB"; in bytes */
MUST_CHECK bool notation_size(const char *text, int64_t *bytes);
/* "40km" "40 km" "800m" "800"; in metres */
MUST_CHECK bool notation_distance(const char *text, int64_t *metres);

/* "host:port", "192.0.2.7:port", "[::1]:port"; a port is 0..65535. Whether the host exists is not asked. */
MUST_CHECK bool notation_is_address(const char *text);
/* Begins with '/', at most 4095 bytes, no control character. */
MUST_CHECK bool notation_is_path(const char *text);
/* One of the words that stand between '|' in choices. */
MUST_CHECK bool notation_is_choice(const char *text, const char *choices);
/* [a-z] followed by [a-z0-9] or the separator ('-' or '_'), at most longest bytes; reads no further than that. */
MUST_CHECK bool notation_is_name(const char *text, char separator, size_t longest);

#endif
