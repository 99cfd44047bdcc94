/* Which resources came, and what references among them mean (http://hl7.org/fhir/R4/references.html, bundle.html#references). */
#include "fhir/decode_parts.h"

#include <string.h>

static struct fhir_resource *add(struct fhir_arena *arena, struct fhir_resources *resources, struct fhir_place *place)
{
    struct fhir_resource *resource = fhir_arena_take(arena, sizeof *resource);

    *resource = (struct fhir_resource){
        .place = place, .type = fhir_peek(place, "resourceType"), .id = fhir_peek(place, "id"), .full_url = ""};
    resource->belongs = true;
    place->resource = resource;
    FHIR_PUSH(arena, resources->list, resources->count, resource);
    return resource;
}

static void add_contained(struct fhir_arena *arena, struct fhir_resources *resources, struct fhir_resource *container)
{
    struct fhir_place *list = fhir_place_member(arena, container->place, "contained"), *place;

    for (size_t i = 0; resources->count <= FHIR_RESOURCES && (place = fhir_place_item(arena, list, i)) != NULL; i++)
        add(arena, resources, place)->container = container;
}

static void add_entries(struct fhir_arena *arena, struct fhir_resources *resources, struct fhir_place *list)
{
    struct fhir_place *entry;

    for (size_t i = 0; resources->count <= FHIR_RESOURCES && (entry = fhir_place_item(arena, list, i)) != NULL; i++) {
        struct fhir_place *place = fhir_place_member(arena, entry, "resource");
        struct fhir_resource *resource;
        if (place == NULL)
            continue;
        resource = add(arena, resources, place);
        resource->full_url = fhir_peek(entry, "fullUrl");
        resource->entry = entry;
        resources->requests += strcmp(resource->type, "ServiceRequest") == 0;
        add_contained(arena, resources, resource);
    }
}

/* Two of one name: nobody can say which of them a reference means (Bundle's bdl-7, and contained.id). */
static void check_names(struct fhir_arena *arena, const struct fhir_resources *resources, struct fhir_issues *issues)
{
    for (size_t i = 0; i < resources->count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct fhir_resource *one = resources->list[i], *other = resources->list[j];
            bool inside = one->container != NULL && one->container == other->container && one->id[0] != '\0' &&
                          strcmp(one->id, other->id) == 0;
            if (!inside && (one->full_url[0] == '\0' || strcmp(one->full_url, other->full_url) != 0))
                continue;
            fhir_issue_shape(issues, "duplicate", fhir_place_path(arena, inside ? one->place : one->entry),
                             inside ? "another contained resource has this id"
                                    : "another entry of the Bundle has this fullUrl");
            break;
        }
}

bool fhir_resources_find(struct fhir_arena *arena, struct fhir_place *root, struct fhir_resources *resources,
                         struct fhir_issues *issues)
{
    struct fhir_resource *first = add(arena, resources, root);

    if (strcmp(first->type, "Bundle") == 0) {
        add_entries(arena, resources, fhir_place_member(arena, root, "entry"));
    } else {
        add_contained(arena, resources, first);
        resources->requests = 1;
    }
    if (resources->count > FHIR_RESOURCES) {
        fhir_issue_rule(issues, "too-long", first->type, "more than %d resources in one document are not taken",
                        FHIR_RESOURCES);
        return false;
    }
    check_names(arena, resources, issues);
    return true;
}

/* The resource that a place stands in, or the one that contains that. */
static struct fhir_resource *holder_of(const struct fhir_place *place)
{
    for (; place != NULL; place = place->parent) {
        struct fhir_resource *resource = place->resource;
        if (resource != NULL)
            return resource->container != NULL ? resource->container : resource;
    }
    return NULL;
}

static struct fhir_resource *find_contained(struct fhir_decoder *decoder, struct fhir_resource *container,
                                            const char *id)
{
    if (id[0] == '\0')
        return container;
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *resource = decoder->resources->list[i];
        if (resource->container == container && container != NULL && strcmp(resource->id, id) == 0)
            return resource;
    }
    return NULL;
}

/* Where "Type/id" begins in a reference that may be an URL, and how long it is without "/_history/3"; NULL: it has none. */
static const char *type_and_id(const char *text, size_t *size)
{
    const char *history = strstr(text, "/_history/"), *end = history != NULL ? history : text + strlen(text), *at = end;
    int slashes = 0;

    while (at > text && slashes < 2) {
        at--;
        slashes += *at == '/';
    }
    if (slashes == 0)
        return NULL;
    if (slashes == 2)
        at++;
    *size = (size_t)(end - at);
    return at;
}

static bool is_named(const struct fhir_resource *resource, const char *name, size_t size)
{
    size_t type = strlen(resource->type), id = strlen(resource->id);

    return id > 0 && size == type + 1 + id && strncmp(name, resource->type, type) == 0 && name[type] == '/' &&
           strncmp(name + type + 1, resource->id, id) == 0;
}

static bool ends_with(const char *url, const char *name, size_t size)
{
    size_t whole = strlen(url);

    return whole > size && url[whole - size - 1] == '/' && strncmp(url + whole - size, name, size) == 0;
}

static struct fhir_resource *find_in_bundle(struct fhir_decoder *decoder, const char *text)
{
    const struct fhir_resources *all = decoder->resources;
    bool absolute = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    size_t size = 0;
    const char *name;

    for (size_t i = 0; i < all->count; i++)
        if (all->list[i]->full_url[0] != '\0' && strcmp(all->list[i]->full_url, text) == 0)
            return all->list[i];
    if (strncmp(text, "urn:", 4) == 0 || (name = type_and_id(text, &size)) == NULL)
        return NULL;
    for (size_t i = 0; i < all->count; i++) {
        struct fhir_resource *resource = all->list[i];
        if (resource->container != NULL ||
            !(is_named(resource, name, size) || ends_with(resource->full_url, name, size)))
            continue;
        /* Another server's resource of the same name is not this one. */
        if (!absolute || resource->full_url[0] == '\0' || strncmp(resource->full_url, "urn:", 4) == 0)
            return resource;
    }
    return NULL;
}

/* "Patient?identifier=system|value", as a transaction may have it; the bar may be percent-encoded. */
static struct fhir_resource *find_by_identifier(struct fhir_decoder *decoder, const char *text)
{
    const char *query = strstr(text, "?identifier="), *token = query + 12, *bar = strcasestr(token, "%7C");
    size_t type = (size_t)(query - text), encoded = bar != NULL ? 3 : 1;
    const char *value;

    if (bar == NULL)
        bar = strchr(token, '|');
    value = bar != NULL ? bar + encoded : token;
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *resource = decoder->resources->list[i];
        struct fhir_place *list = fhir_place_member(decoder->arena, resource->place, "identifier"), *identifier;
        if (strlen(resource->type) != type || strncmp(resource->type, text, type) != 0)
            continue;
        for (size_t j = 0; (identifier = fhir_place_item(decoder->arena, list, j)) != NULL; j++) {
            const char *system = fhir_peek(identifier, "system");
            bool same =
                bar == NULL || (strlen(system) == (size_t)(bar - token) && strncmp(system, token, strlen(system)) == 0);
            if (same && strcmp(fhir_peek(identifier, "value"), value) == 0)
                return resource;
        }
    }
    return NULL;
}

struct fhir_resource *fhir_resolve_text(struct fhir_decoder *decoder, const struct fhir_place *from, const char *text)
{
    if (strstr(text, "?identifier=") != NULL)
        return find_by_identifier(decoder, text);
    if (text[0] == '#')
        return find_contained(decoder, holder_of(from), text + 1);
    return text[0] == '\0' ? NULL : find_in_bundle(decoder, text);
}

struct fhir_resource *fhir_resolve(struct fhir_decoder *decoder, struct fhir_place *reference)
{
    struct fhir_resource *found;

    if (reference == NULL)
        return NULL;
    found = fhir_resolve_text(decoder, reference, fhir_peek(reference, "reference"));
    if (found == NULL)
        return NULL;
    fhir_mark(fhir_at(decoder, reference, "reference"));
    fhir_mark(fhir_at(decoder, reference, "display"));
    fhir_mark(fhir_at(decoder, reference, "type"));
    if (found->referenced_by == NULL)
        found->referenced_by = reference;
    return found;
}

/* ---- what belongs together --------------------------------------------------------------------------------------- */

static void reach(struct fhir_decoder *decoder, struct fhir_resource *resource);

static void reach_references(struct fhir_decoder *decoder, struct fhir_place *place)
{
    size_t count = fhir_place_open(decoder->arena, place);

    for (size_t i = 0; i < count; i++) {
        struct fhir_place *inside = &place->inside[i];
        const char *text = fhir_json_text(inside->value);
        bool points =
            inside->name != NULL && (strcmp(inside->name, "reference") == 0 || strcmp(inside->name, "url") == 0);
        struct fhir_resource *found = points && text != NULL ? fhir_resolve_text(decoder, inside, text) : NULL;
        if (found != NULL)
            reach(decoder, found);
        reach_references(decoder, inside);
    }
}

static void reach(struct fhir_decoder *decoder, struct fhir_resource *resource)
{
    /* Another request, and what is around all, are not reached through what they share. */
    if (resource->belongs || resource == decoder->bundle ||
        (resource != decoder->request && strcmp(resource->type, "ServiceRequest") == 0))
        return;
    resource->belongs = true;
    reach_references(decoder, resource->place);
}

static void reach_of_patient(struct fhir_decoder *decoder, struct fhir_resource *patient)
{
    static const char *const of[] = {"patient", "subject"};

    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *resource = decoder->resources->list[i];
        bool other = strcmp(resource->type, "Task") == 0 || strcmp(resource->type, "ServiceRequest") == 0;
        for (size_t j = 0; !other && j < 2; j++) {
            struct fhir_place *reference = fhir_at(decoder, resource->place, of[j]);
            if (reference != NULL && patient != NULL &&
                fhir_resolve_text(decoder, reference, fhir_peek(reference, "reference")) == patient)
                reach(decoder, resource);
        }
    }
}

void fhir_resources_belong(struct fhir_decoder *decoder)
{
    struct fhir_place *subject = fhir_at(decoder, decoder->request->place, "subject");

    if (decoder->resources->requests < 2)
        return;
    for (size_t i = 0; i < decoder->resources->count; i++)
        decoder->resources->list[i]->belongs = false;
    reach(decoder, decoder->request);
    if (decoder->task != NULL)
        reach(decoder, decoder->task);
    if (subject != NULL)
        reach_of_patient(decoder, fhir_resolve_text(decoder, subject, fhir_peek(subject, "reference")));
    decoder->bundle->belongs = true;
}
