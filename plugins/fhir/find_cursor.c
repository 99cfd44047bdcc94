/*
 * The cursor of a page: where it begins, and where the pages before it began. "12_0~5_0": this page begins after 12, the one before it after 5, and the one before that
 * is the first. At most so many are remembered; '!' at the end says that there were more.
 */
#include "fhir/find.h"

#include "fhir/encode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { EARLIER_MOST = 16 };

static bool read_position(struct fhir_call *call, const struct fhir_finding *finding, const char *text, size_t size,
                          struct fhir_position *position)
{
    const char *copy = fhir_arena_text(call->arena, text, size);
    const char *bar = strrchr(copy, '_');
    const char *id;

    if (bar == NULL || bar[1] == '\0' || strspn(bar + 1, "0123456789") != strlen(bar + 1) || strlen(bar) > 9)
        return false;
    position->skip = (uint32_t)strtoul(bar + 1, NULL, 10);
    id = fhir_arena_text(call->arena, copy, (size_t)(bar - copy));
    if (finding->search.sort_count > 0)
        return id[0] == '\0';
    if (finding->type->origin == FHIR_FROM_THERAPIST) {
        position->key.therapist = fhir_id_therapist(call->arena, id, false);
        return position->key.therapist != NULL;
    }
    return strchr(id, '-') == NULL && fhir_id_referral(id, &position->key.referral);
}

bool fhir_cursor_read(struct fhir_call *call, struct fhir_finding *finding)
{
    const char *cursor = finding->search.cursor;
    const size_t size = cursor != NULL ? strcspn(cursor, "~!") : 0;

    finding->earlier = "";
    if (cursor == NULL)
        return true;
    finding->has_start = true;
    finding->earlier = cursor + size;
    return strlen(cursor) < 4096 && read_position(call, finding, cursor, size, &finding->start);
}

static const char *write_position(struct fhir_call *call, const struct fhir_finding *finding,
                                  const struct fhir_position *position)
{
    const char *id = "";

    if (finding->search.sort_count == 0)
        id = position->key.therapist != NULL ? fhir_id_of_therapist(call->arena, position->key.therapist)
                                             : fhir_number(call->arena, position->key.referral);
    return fhir_arena_format(call->arena, "%s_%" PRIu32, id, position->skip);
}

const char *fhir_cursor_next(struct fhir_call *call, const struct fhir_finding *finding)
{
    const char *next = write_position(call, finding, &finding->next);
    const char *at = finding->earlier;
    size_t count = 0;

    if (!finding->has_start)
        return next;
    while (*at == '~' && count < EARLIER_MOST) {
        at += 1 + strcspn(at + 1, "~!");
        count++;
    }
    return fhir_arena_format(call->arena, "%s~%s%.*s%s", next, write_position(call, finding, &finding->start),
                             (int)(at - finding->earlier), finding->earlier, *at != '\0' ? "!" : "");
}

const char *fhir_cursor_previous(struct fhir_call *call, const struct fhir_finding *finding)
{
    (void)call;
    if (!finding->has_start || finding->earlier[0] == '!')
        return NULL;
    return finding->earlier[0] == '~' ? finding->earlier + 1 : "";
}
