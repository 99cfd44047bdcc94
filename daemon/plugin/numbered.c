#include "plugin/numbered.h"

#include "core/fault.h"
#include "core/memory.h"

#include <stdlib.h>

#define BUCKETS_FIRST 16

static struct numbered **bucket_of(const struct numbered_table *table, uint64_t number)
{
    return &table->buckets[number & (table->bucket_count - 1)];
}

static void put(const struct numbered_table *table, struct numbered *entry)
{
    struct numbered **bucket = bucket_of(table, entry->number);

    entry->next = *bucket;
    *bucket = entry;
}

static void grow(struct numbered_table *table)
{
    struct numbered_table grown = {.bucket_count = table->bucket_count == 0 ? BUCKETS_FIRST : table->bucket_count * 2,
                                   .count = table->count};

    grown.buckets = memory_allocate(grown.bucket_count, sizeof *grown.buckets);
    for (size_t i = 0; i < table->bucket_count; i++)
        for (struct numbered *entry = table->buckets[i], *next = NULL; entry != NULL; entry = next) {
            next = entry->next;
            put(&grown, entry);
        }
    free(table->buckets);
    *table = grown;
}

void numbered_add(struct numbered_table *table, struct numbered *entry, uint64_t number)
{
    if (table->count == table->bucket_count)
        grow(table);
    entry->number = number;
    put(table, entry);
    table->count++;
}

void numbered_remove(struct numbered_table *table, const struct numbered *entry)
{
    struct numbered **link = bucket_of(table, entry->number);

    while (*link != entry) {
        INVARIANT(*link != NULL);
        link = &(*link)->next;
    }
    *link = entry->next;
    table->count--;
}

struct numbered *numbered_find(const struct numbered_table *table, uint64_t number)
{
    struct numbered *entry = table->bucket_count == 0 ? NULL : *bucket_of(table, number);

    while (entry != NULL && entry->number != number)
        entry = entry->next;
    return entry;
}

void numbered_finish(struct numbered_table *table)
{
    free(table->buckets);
    *table = (struct numbered_table){0};
}
