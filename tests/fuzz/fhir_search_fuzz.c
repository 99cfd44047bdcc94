/*
 * Any query, as a search of any type: what is read matches or not without harm, sorts the same both ways, and its link "self" reads as the same search again.
 */
#include "fhir/resource.h"
#include "fhir/search.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define BASE "https://node.example/fhir"

static const char *const resources[] = {
    "{\"resourceType\":\"ServiceRequest\",\"id\":\"12\",\"status\":\"active\",\"subject\":{\"reference\":\"Patient/"
    "12\"},\"code\":{"
    "\"coding\":[{\"system\":\"urn:x\",\"code\":\"a\",\"display\":\"A\"}],\"text\":\"a "
    "b\"},\"authoredOn\":\"2026-11-23T08:00:00Z\","
    "\"occurrencePeriod\":{\"start\":\"2026-12\"},\"identifier\":[{\"system\":\"urn:i\",\"value\":\"1\"}]}",
    "{\"resourceType\":\"Patient\",\"id\":\"9\",\"active\":true,\"name\":[{\"family\":\"Roe\",\"given\":[\"Rita\","
    "\"M\"]}],\"birthDate\":"
    "\"1980-02-29\",\"telecom\":[{\"system\":\"phone\",\"value\":\"1\"}],\"address\":[{\"line\":[\"1 Main "
    "St\"],\"city\":\"X\"}]}",
    "{\"resourceType\":\"Task\",\"id\":\"a\",\"lastModified\":\"2026\",\"owner\":{\"reference\":\"" BASE
    "/Practitioner/7\",\"identifier\":{\"value\":\"7\"}},\"meta\":{\"lastUpdated\":\"not a date\"},\"status\":7}",
};

static void check(int holds)
{
    if (!holds)
        abort();
}

/* The link "self" is a query of this server's own making: it has to be readable, and to ask the same. */
static void read_again(struct fhir_arena *arena, const struct fhir_search *search,
                       const struct fhir_search_bounds *bounds)
{
    struct fhir_search *again = fhir_arena_take(arena, sizeof *again);
    struct fhir_query *query = fhir_arena_take(arena, sizeof *query);
    const char *self = search->self;
    char fault[FHIR_QUERY_FAULT_BYTES];

    check(self[0] == '\0' || self[0] == '?');
    self += self[0] == '?';
    check(fhir_query_read(arena, self, strlen(self), query, fault));
    check(fhir_search_read(arena, search->type, BASE, query, bounds, again));
    check(again->criterion_count == search->criterion_count && again->value_count == search->value_count &&
          again->sort_count == search->sort_count && again->page == search->page &&
          again->element_count == search->element_count && again->summary == search->summary);
    check(strcmp(again->self, search->self) == 0);
}

static void match(const struct fhir_search *search)
{
    struct fhir_json *trees[3];
    struct fhir_json_fault fault;

    for (size_t i = 0; i < 3; i++) {
        trees[i] = fhir_json_parse(resources[i], strlen(resources[i]), strlen(resources[i]), &fault);
        check(trees[i] != NULL);
        (void)fhir_search_matches(search, BASE, trees[i]);
    }
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            const int one = fhir_search_compare(search, trees[i], trees[j]);
            const int other = fhir_search_compare(search, trees[j], trees[i]);
            check((one < 0) == (other > 0) && (one == 0) == (other == 0));
        }
    for (size_t i = 0; i < 3; i++)
        fhir_json_free(trees[i]);
}

/* The first byte chooses the type and how strictly; the rest is the query. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fhir_search_bounds bounds = {.page_default = 20, .page_most = 200, .now = INT64_C(1795420800000)};
    struct fhir_arena arena = {0};
    struct fhir_search *search;
    struct fhir_query *query;
    char fault[FHIR_QUERY_FAULT_BYTES];
    const struct fhir_type *type;

    if (size < 1 || size > 8192)
        return 0;
    search = fhir_arena_take(&arena, sizeof *search);
    query = fhir_arena_take(&arena, sizeof *query);
    type = fhir_type_at((bytes[0] & 0x7f) % 14);
    bounds.strict = (bytes[0] & 0x80) != 0;
    if (fhir_query_read(&arena, (const char *)bytes + 1, size - 1, query, fault)) {
        const bool good = fhir_search_read(&arena, type->name, BASE, query, &bounds, search);
        check(good || search->fault_count > 0);
        for (size_t i = 0; i < search->fault_count; i++)
            check(strlen(search->faults[i]) > 0 && fhir_is_text(search->faults[i], strlen(search->faults[i])));
        if (good) {
            match(search);
            read_again(&arena, search, &bounds);
        }
    } else {
        check(fault[0] != '\0');
    }
    fhir_arena_finish(&arena);
    return 0;
}
