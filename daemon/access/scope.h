/*
 * SMART scopes for systems: "system/ServiceRequest.crs" (v2), and "system/ServiceRequest.read" (v1), which is read as v2 says: read = rs, write = cud.
 * What v2 adds behind a '?' is not granted, and so is not a scope here.
 */
#ifndef FASCIA_ACCESS_SCOPE_H
#define FASCIA_ACCESS_SCOPE_H

#include "core/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCOPE_RESOURCE_BYTES 48
#define SCOPES               64 /* in one list */
#define SCOPE_TEXT_BYTES     (7 + SCOPE_RESOURCE_BYTES + 1 + 5 + 1)

enum scope_letter { SCOPE_C = 1, SCOPE_R = 2, SCOPE_U = 4, SCOPE_D = 8, SCOPE_S = 16, SCOPE_ALL = 31 };

struct scope {
    char resource[SCOPE_RESOURCE_BYTES]; /* "*": every one */
    uint8_t letters;
};
struct scope_list {
    struct scope scopes[SCOPES];
    size_t count;
};

MUST_CHECK bool scope_read(const char *text, size_t size, struct scope *scope);
void scope_write(const struct scope *scope, char text[SCOPE_TEXT_BYTES]);
/* Letters of a resource's scope are joined with those that are there. false: the list is full. */
bool scope_add(struct scope_list *list, const struct scope *scope);
/* asked: words with spaces between. What of it is allowed; others are left out. */
void scope_grant(const struct scope_list *allowed, const char *asked, struct scope_list *granted);
/* Whether these texts hold all `letters` for the resource. */
bool scope_holds(char *const *texts, size_t count, const char *resource, uint8_t letters);

#endif
