/* Whatever nobody has read is kept, with where it stood: in the largest pieces of which nothing was read. */
#include "fhir/decode_parts.h"

#include <string.h>

enum { KEPT_PIECES = 500 };

static bool any_read(const struct fhir_place *place)
{
    if (place->read)
        return true;
    for (uint32_t i = 0; place->opened && i < place->count; i++)
        if (any_read(&place->inside[i]))
            return true;
    return false;
}

static void keep(struct fhir_decoder *decoder, const struct fhir_place *place)
{
    Fascia__Kept *kept;
    const char *text = fhir_json_text(place->value);
    size_t size;

    if (decoder->referral->n_kept >= KEPT_PIECES)
        return;
    if (text == NULL) {
        text = fhir_json_print(place->value, &size);
        text = fhir_arena_text(decoder->arena, text, size);
    }
    kept = fhir_arena_take(decoder->arena, sizeof *kept);
    fascia__kept__init(kept);
    kept->location = OWNED(fhir_path(decoder, place));
    kept->content = OWNED(text);
    FHIR_PUSH(decoder->arena, decoder->referral->kept, decoder->referral->n_kept, kept);
}

/* A list of resources is taken one by one: of each it is asked whether it belongs to the request. */
static bool holds_resources(const struct fhir_place *place)
{
    const struct fhir_place *list = place->name == NULL ? place->parent : place;
    bool resources = list->name != NULL && (strcmp(list->name, "entry") == 0 || strcmp(list->name, "contained") == 0);

    return resources && place->resource == NULL && place->opened;
}

/* What says nothing of the referral: how the message was written down. */
static bool is_wrapping(const struct fhir_place *place)
{
    static const char *const of_resources[] = {"resourceType", "id", "meta", "language"};
    static const char *const of_bundles[] = {"type",    "timestamp", "total",  "link",
                                             "fullUrl", "request",   "search", "identifier"};
    const struct fhir_resource *around = place->parent != NULL ? place->parent->resource : NULL;
    bool bundle = (around != NULL && strcmp(around->type, "Bundle") == 0) ||
                  (place->parent != NULL && place->parent->parent != NULL && place->parent->parent->name != NULL &&
                   strcmp(place->parent->parent->name, "entry") == 0);

    if (place->name == NULL)
        return false;
    for (size_t i = 0; around != NULL && i < sizeof of_resources / sizeof of_resources[0]; i++)
        if (strcmp(place->name, of_resources[i]) == 0)
            return true;
    for (size_t i = 0; bundle && i < sizeof of_bundles / sizeof of_bundles[0]; i++)
        if (strcmp(place->name, of_bundles[i]) == 0)
            return true;
    /* A generated narrative repeats what the elements say. */
    return around != NULL && strcmp(place->name, "text") == 0 &&
           fhir_peek((struct fhir_place *)(uintptr_t)place, "div")[0] != '\0' &&
           strcmp(fhir_peek((struct fhir_place *)(uintptr_t)place, "status"), "additional") != 0;
}

static void walk(struct fhir_decoder *decoder, const struct fhir_place *place)
{
    const struct fhir_resource *resource = place->resource;

    if (place->read || is_wrapping(place) || (resource != NULL && !resource->belongs))
        return;
    if (place->parent != NULL && !any_read(place) && !holds_resources(place)) {
        keep(decoder, place);
        return;
    }
    for (uint32_t i = 0; i < place->count; i++)
        walk(decoder, &place->inside[i]);
}

void fhir_decode_kept(struct fhir_decoder *decoder, const struct fhir_place *root)
{
    walk(decoder, root);
}
