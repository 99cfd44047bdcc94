#include "core/directory.h"

#include "core/arena.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

struct zone_day {
    const struct zone *zone;
    struct calendar_today *today; /* of all calendars of the zone */
};

/* Of a hash table with open addresses: nobody ever leaves it. */
struct place {
    uint32_t hash;
    uint32_t entry; /* its number and one; 0: nobody */
};

struct directory {
    struct match_index *index;
    struct match_names names;
    const struct zone_source *zones;
    struct place *places;
    size_t place_count;         /* a power of 2 */
    struct therapist **entries; /* by number */
    size_t entry_count, entry_room;
    struct arena memory; /* of entries */
    uint32_t *sorted;    /* numbers of the first sorted_count entries, by identifier */
    size_t sorted_count;
    size_t present;
    struct zone_day *days;
    size_t day_count, day_room;
    int64_t next_day;
};

static const char *name_of(void *context, uint32_t number)
{
    const struct directory *directory = context;

    return directory->entries[number]->identifier;
}

static uint32_t number_of(void *context, const char *identifier)
{
    const struct therapist *therapist = directory_find(context, identifier);

    return therapist == NULL ? MATCH_NOBODY : therapist->number;
}

struct directory *directory_create(const struct zone_source *zones)
{
    struct directory *directory = memory_allocate(1, sizeof *directory);

    directory->names = (struct match_names){directory, name_of, number_of};
    directory->zones = zones;
    directory->place_count = 256;
    directory->places = memory_allocate(directory->place_count, sizeof *directory->places);
    directory->next_day = INT64_MAX;
    arena_begin(&directory->memory);
    return directory;
}

const struct match_names *directory_names(const struct directory *directory)
{
    return &directory->names;
}

void directory_serve(struct directory *directory, struct match_index *index)
{
    directory->index = index;
}

static void therapist_empty(struct therapist *therapist)
{
    calendar_destroy(therapist->calendar);
    free(therapist->packed);
    therapist->calendar = NULL;
    therapist->packed = NULL;
    therapist->size = 0;
    therapist->present = false;
}

void directory_destroy(struct directory *directory)
{
    if (directory == NULL)
        return;
    for (size_t i = 0; i < directory->entry_count; i++) {
        listing_finish(&directory->entries[i]->listing);
        if (directory->entries[i]->present)
            therapist_empty(directory->entries[i]);
    }
    arena_finish(&directory->memory);
    free(directory->entries);
    free(directory->places);
    free(directory->sorted);
    for (size_t i = 0; i < directory->day_count; i++)
        calendar_today_destroy(directory->days[i].today);
    free(directory->days);
    free(directory);
}

/* FNV-1a: identifiers are given by the node's own people. */
static uint32_t hash_of(const char *identifier, size_t *size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *at = identifier;

    for (; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    *size = (size_t)(at - identifier);
    return (uint32_t)(hash ^ hash >> 32);
}

/* Where the identifier stands, or would stand. */
static struct place *find_place(const struct directory *directory, const char *identifier, uint32_t hash)
{
    size_t at = hash & (directory->place_count - 1);

    for (;; at = (at + 1) & (directory->place_count - 1)) {
        struct place *place = &directory->places[at];

        if (place->entry == 0 ||
            (place->hash == hash && strcmp(directory->entries[place->entry - 1]->identifier, identifier) == 0))
            return place;
    }
}

struct therapist *directory_find(const struct directory *directory, const char *identifier)
{
    size_t size;
    const struct place *place = find_place(directory, identifier, hash_of(identifier, &size));

    return place->entry == 0 ? NULL : directory->entries[place->entry - 1];
}

/* At most three quarters are taken. */
static void widen(struct directory *directory)
{
    struct place *before = directory->places;
    const size_t count = directory->place_count;

    directory->place_count = count * 2;
    directory->places = memory_allocate(directory->place_count, sizeof *directory->places);
    for (size_t i = 0; i < count; i++) {
        size_t at = before[i].hash & (directory->place_count - 1);

        if (before[i].entry == 0)
            continue;
        while (directory->places[at].entry != 0)
            at = (at + 1) & (directory->place_count - 1);
        directory->places[at] = before[i];
    }
    free(before);
}

static struct therapist *add_entry(struct directory *directory, const char *identifier, size_t size)
{
    const size_t bytes = offsetof(struct therapist, identifier) + size + 1;
    struct therapist *therapist = arena_take(&directory->memory, bytes > sizeof *therapist ? bytes : sizeof *therapist);

    INVARIANT(directory->entry_count < UINT32_MAX - 1);
    memset(therapist, 0, sizeof *therapist);
    memcpy(therapist->identifier, identifier, size + 1);
    therapist->number = (uint32_t)directory->entry_count;
    directory->entries =
        memory_grow(directory->entries, &directory->entry_room, directory->entry_count + 1, sizeof(struct therapist *));
    directory->entries[directory->entry_count++] = therapist;
    return therapist;
}

struct therapist *directory_refer(struct directory *directory, const char *identifier)
{
    size_t size;
    const uint32_t hash = hash_of(identifier, &size);
    struct place *place = find_place(directory, identifier, hash);

    if (place->entry != 0)
        return directory->entries[place->entry - 1];
    INVARIANT(size >= 1 && size <= RECORD_NAME_BYTES);
    if ((directory->entry_count + 1) * 4 > directory->place_count * 3) {
        widen(directory);
        place = find_place(directory, identifier, hash);
    }
    *place = (struct place){hash, (uint32_t)directory->entry_count + 1};
    return add_entry(directory, identifier, size);
}

/* The day of a zone, which counts from now on. */
static struct calendar_today *today_in(struct directory *directory, const struct zone *zone, int64_t now)
{
    struct calendar_today *today;

    for (size_t i = 0; i < directory->day_count; i++)
        if (directory->days[i].zone == zone)
            return directory->days[i].today;
    today = calendar_today_create(zone);
    if (now > 0) /* not while loading, which ends with an advance of all */
        calendar_today_advance(today, now);
    directory->days =
        memory_grow(directory->days, &directory->day_room, directory->day_count + 1, sizeof *directory->days);
    directory->days[directory->day_count++] = (struct zone_day){zone, today};
    if (calendar_today_end(today) < directory->next_day)
        directory->next_day = calendar_today_end(today);
    return today;
}

void directory_watch(struct directory *directory, const struct zone *zone, int64_t now)
{
    (void)today_in(directory, zone, now);
}

void directory_put(struct directory *directory, struct therapist *therapist, const Fascia__Therapist *content,
                   uint8_t *packed, size_t size, int64_t now)
{
    const struct zone *zone = directory->zones->find(directory->zones->context, content->time_zone);
    struct calendar *before = therapist->calendar;

    INVARIANT(zone != NULL && size <= UINT32_MAX);
    directory->present += !therapist->present;
    free(therapist->packed);
    therapist->present = true;
    therapist->packed = packed;
    therapist->size = (uint32_t)size;
    therapist->zone = zone;
    therapist->calendar = calendar_create_on(today_in(directory, zone, now), content);
    match_index_put(directory->index, therapist->number, content, therapist->calendar);
    if (therapist->offered + therapist->accepted + therapist->recent > 0) /* one who was removed, and is back */
        directory_tell_load(directory, therapist);
    calendar_destroy(before);
}

void directory_remove(struct directory *directory, struct therapist *therapist)
{
    INVARIANT(therapist->present);
    match_index_remove(directory->index, therapist->number);
    therapist_empty(therapist);
    directory->present--;
}

void directory_tell_load(struct directory *directory, const struct therapist *therapist)
{
    if (therapist->present)
        match_index_set_load(directory->index, therapist->number, therapist->offered + therapist->accepted,
                             therapist->recent);
}

/* Calendars are not walked: those of a zone share its day. */
bool directory_advance(struct directory *directory, int64_t now)
{
    if (now < directory->next_day)
        return false;
    directory->next_day = INT64_MAX;
    for (size_t i = 0; i < directory->day_count; i++) {
        struct calendar_today *today = directory->days[i].today;

        if (calendar_today_end(today) <= now)
            calendar_today_advance(today, now);
        if (calendar_today_end(today) < directory->next_day)
            directory->next_day = calendar_today_end(today);
    }
    return true;
}

int64_t directory_next_day(const struct directory *directory)
{
    return directory->next_day;
}

size_t directory_count(const struct directory *directory)
{
    return directory->present;
}

/* The first bytes decide most comparisons without a look at the entry. */
struct sort_key {
    uint64_t head;
    const struct therapist *therapist;
};

static struct sort_key sort_key_of(const struct therapist *therapist)
{
    struct sort_key key = {0, therapist};
    const char *at = therapist->identifier;

    for (unsigned shift = 64; shift > 0 && *at != '\0'; at++) {
        shift -= 8;
        key.head |= (uint64_t)(unsigned char)*at << shift;
    }
    return key;
}

static int compare(const void *left, const void *right)
{
    const struct sort_key *a = left, *b = right;

    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    return strcmp(a->therapist->identifier, b->therapist->identifier);
}

/* Those who came since are sorted, and merged with the others. */
static void sort(struct directory *directory)
{
    const size_t old = directory->sorted_count, all = directory->entry_count;
    struct sort_key *fresh = memory_allocate(all - old, sizeof *fresh);
    uint32_t *merged = memory_allocate(all, sizeof *merged);
    size_t from_old = 0, from_fresh = 0;

    for (size_t i = old; i < all; i++)
        fresh[i - old] = sort_key_of(directory->entries[i]);
    qsort(fresh, all - old, sizeof *fresh, compare);
    for (size_t i = 0; i < all; i++) {
        bool take_fresh = from_old == old;

        if (!take_fresh && from_fresh < all - old)
            take_fresh = strcmp(fresh[from_fresh].therapist->identifier,
                                directory->entries[directory->sorted[from_old]]->identifier) < 0;
        merged[i] = take_fresh ? fresh[from_fresh++].therapist->number : directory->sorted[from_old++];
    }
    free(fresh);
    free(directory->sorted);
    directory->sorted = merged;
    directory->sorted_count = all;
}

struct therapist *directory_after(struct directory *directory, const char *after)
{
    size_t low = 0, high = directory->entry_count;

    if (directory->sorted_count < directory->entry_count)
        sort(directory);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(directory->entries[directory->sorted[middle]]->identifier, after) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    while (low < directory->entry_count && !directory->entries[directory->sorted[low]]->present)
        low++;
    return low < directory->entry_count ? directory->entries[directory->sorted[low]] : NULL;
}

struct therapist *directory_entry(const struct directory *directory, size_t number)
{
    return directory->entries[number];
}

size_t directory_entries(const struct directory *directory)
{
    return directory->entry_count;
}

Fascia__Therapist *directory_content(const struct therapist *therapist)
{
    Fascia__Therapist *content;

    if (!therapist->present)
        return NULL;
    content = fascia__therapist__unpack(NULL, therapist->size, therapist->packed);
    INVARIANT(content != NULL);
    return content;
}
