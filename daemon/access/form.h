/* application/x-www-form-urlencoded (URL Standard 5.1), read strictly: what is sent twice, holds a NUL or a broken escape is no form. */
#ifndef FASCIA_ACCESS_FORM_H
#define FASCIA_ACCESS_FORM_H

#include "core/fault.h"

#include <stdbool.h>
#include <stddef.h>

#define FORM_FIELDS 32

struct form {
    char *text; /* decoded, each name and value ends in NUL */
    size_t room;
    const char *names[FORM_FIELDS], *values[FORM_FIELDS];
    size_t count;
};
/* false: it is none. form_end() in any case. */
MUST_CHECK bool form_read(const char *bytes, size_t size, struct form *form);
void form_end(struct form *form);
/* NULL: not sent, or sent empty (RFC 6749 3.2: the same). */
const char *form_value(const struct form *form, const char *name);

#endif
