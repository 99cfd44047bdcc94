#include "fhir/dispatch.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENTS = 4 };

/* TYPE, ID and VERSION stand for any such word. */
#define TYPE    "T"
#define ID      "I"
#define VERSION "V"

static const struct route {
    const char *method;
    const char *segments[SEGMENTS];
    enum fhir_interaction interaction;
    unsigned needs; /* what the type must be able to do */
} routes[] = {
    {"GET", {"metadata"}, FHIR_DO_CAPABILITIES, 0},
    {"POST", {NULL}, FHIR_DO_BATCH, 0},
    {"POST", {"ServiceRequest", "$match"}, FHIR_DO_MATCH, 0},
    {"GET", {"ServiceRequest", ID, "$explain"}, FHIR_DO_EXPLAIN, 0},
    {"GET", {TYPE}, FHIR_DO_SEARCH, FHIR_SEARCH},
    {"POST", {TYPE, "_search"}, FHIR_DO_SEARCH, FHIR_SEARCH},
    {"POST", {TYPE}, FHIR_DO_CREATE, FHIR_CREATE},
    {"GET", {TYPE, ID}, FHIR_DO_READ, FHIR_READ},
    {"PUT", {TYPE, ID}, FHIR_DO_UPDATE, FHIR_UPDATE},
    {"PATCH", {TYPE, ID}, FHIR_DO_PATCH, FHIR_PATCH},
    {"GET", {TYPE, ID, "_history"}, FHIR_DO_HISTORY, FHIR_HISTORY},
    {"GET", {TYPE, ID, "_history", VERSION}, FHIR_DO_VREAD, FHIR_VREAD},
};

static const struct fhir_operation operations[] = {
    {"ServiceRequest", "match", "urn:fascia:operation:ServiceRequest-match"},
    {"ServiceRequest", "explain", "urn:fascia:operation:ServiceRequest-explain"},
};

const struct fhir_operation *fhir_operation_at(size_t index)
{
    return index < sizeof operations / sizeof operations[0] ? &operations[index] : NULL;
}

static bool is_id(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
    const size_t size = strlen(text);

    return size >= 1 && size <= 64 && strspn(text, letters) == size;
}

/* false: something can't be decoded. more: there are more segments than any route has. */
static bool split(struct fhir_arena *arena, const char *path, const char *segments[SEGMENTS], size_t *count, bool *more)
{
    *count = 0;
    *more = false;
    for (const char *at = path + (*path == '/'); *at != '\0';) {
        const size_t size = strcspn(at, "/");
        if (*count == SEGMENTS) {
            *more = true;
            return true;
        }
        segments[*count] = fhir_percent_decode(arena, at, size, false);
        if (segments[*count] == NULL)
            return false;
        (*count)++;
        at += size + (at[size] == '/');
    }
    return true;
}

static bool fits(const struct route *route, const char *const *segments, size_t count)
{
    for (size_t i = 0; i < SEGMENTS; i++) {
        const char *wanted = route->segments[i];
        if (wanted == NULL)
            return i == count;
        if (i >= count)
            return false;
        if (strcmp(wanted, TYPE) == 0 || strcmp(wanted, ID) == 0 || strcmp(wanted, VERSION) == 0) {
            if (segments[i][0] == '$' || segments[i][0] == '_')
                return false;
        } else if (strcmp(wanted, segments[i]) != 0) {
            return false;
        }
    }
    return count == SEGMENTS;
}

static void take(const struct route *route, const char *const *segments, size_t count, struct fhir_target *target)
{
    target->interaction = route->interaction;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(route->segments[i], ID) == 0)
            target->id = segments[i];
        else if (strcmp(route->segments[i], VERSION) == 0)
            target->version = segments[i];
        else if (strcmp(route->segments[i], "_search") == 0)
            target->form = true;
    }
}

enum fhir_dispatched fhir_dispatch(struct fhir_arena *arena, const char *method, const char *path,
                                   struct fhir_target *target, const char **allow)
{
    const char *segments[SEGMENTS] = {NULL};
    size_t count = 0;
    bool more = false, found = false;

    memset(target, 0, sizeof *target);
    *allow = "";
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    if (!split(arena, path, segments, &count, &more))
        return FHIR_BAD_PATH;
    if (count > 0)
        target->type = fhir_type_find(segments[0]);
    if (count > 0 && target->type == NULL && segments[0][0] >= 'A' && segments[0][0] <= 'Z')
        return FHIR_NO_SUCH_TYPE;
    for (size_t i = 0; !more && i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];
        if (!fits(route, segments, count) || (route->needs != 0 && target->type == NULL) ||
            (route->needs != 0 && (target->type->interactions & route->needs) == 0))
            continue;
        *allow = fhir_arena_format(arena, "%s%s%s%s", *allow, **allow != '\0' ? ", " : "", route->method,
                                   strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
        if (strcmp(route->method, method) != 0 || found)
            continue;
        found = true;
        take(route, segments, count, target);
    }
    if (found && ((target->id != NULL && !is_id(target->id)) || (target->version != NULL && !is_id(target->version))))
        return FHIR_BAD_PATH;
    if (found)
        return FHIR_FOUND;
    return **allow != '\0' ? FHIR_NO_SUCH_METHOD : FHIR_NO_SUCH_PATH;
}
