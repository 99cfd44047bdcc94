#include "fhir/json.h"

#include <string.h>

struct fhir_place *fhir_place_root(struct fhir_arena *arena, const struct fhir_json *value, const char *name)
{
    struct fhir_place *place = fhir_arena_take(arena, sizeof *place);

    place->value = value;
    place->name = name;
    return place;
}

size_t fhir_place_open(struct fhir_arena *arena, struct fhir_place *place)
{
    size_t size;
    uint32_t at = 0;

    if (place == NULL || fhir_json_type(place->value) < FHIR_JSON_ARRAY)
        return 0;
    if (place->opened)
        return place->count;
    size = fhir_json_size(place->value);
    place->inside = fhir_arena_take(arena, size * sizeof *place->inside);
    for (struct fhir_json_walk walk = fhir_json_walk(place->value); fhir_json_next(&walk); at++)
        place->inside[at] = (struct fhir_place){.value = walk.value, .parent = place, .name = walk.name};
    for (; at < size; at++)
        place->inside[at] =
            (struct fhir_place){.value = fhir_json_item(place->value, at), .parent = place, .index = at};
    place->count = at;
    place->opened = true;
    return at;
}

struct fhir_place *fhir_place_member(struct fhir_arena *arena, struct fhir_place *place, const char *name)
{
    if (place == NULL || fhir_json_type(place->value) != FHIR_JSON_OBJECT)
        return NULL;
    fhir_place_open(arena, place);
    for (uint32_t i = 0; i < place->count; i++)
        if (strcmp(place->inside[i].name, name) == 0)
            return &place->inside[i];
    return NULL;
}

struct fhir_place *fhir_place_item(struct fhir_arena *arena, struct fhir_place *place, size_t index)
{
    if (place == NULL || fhir_json_type(place->value) != FHIR_JSON_ARRAY || index >= fhir_place_open(arena, place))
        return NULL;
    return &place->inside[index];
}

const char *fhir_place_path(struct fhir_arena *arena, const struct fhir_place *place)
{
    if (place == NULL)
        return "";
    if (place->parent == NULL)
        return place->name;
    if (place->name == NULL)
        return fhir_arena_format(arena, "%s[%u]", fhir_place_path(arena, place->parent), place->index);
    return fhir_arena_format(arena, "%s.%s", fhir_place_path(arena, place->parent), place->name);
}
