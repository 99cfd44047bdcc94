#include "plugin/tokens.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define PLACE_BITS 16
#define NOWHERE    TOKENS_MOST

void tokens_init(struct token_table *table, uint32_t most, uint64_t *sequence)
{
    INVARIANT(most > 0 && most <= TOKENS_MOST);
    memset(table, 0, sizeof *table);
    table->most = most;
    table->first = table->last = table->free = NOWHERE;
    table->sequence = sequence;
}

void tokens_finish(struct token_table *table)
{
    INVARIANT(table->open == 0);
    free(table->places);
    memset(table, 0, sizeof *table);
}

static void grow(struct token_table *table)
{
    uint32_t room = table->room == 0 ? 16 : table->room * 2;

    room = room > table->most ? table->most : room;
    table->places = memory_resize(table->places, room, sizeof *table->places);
    for (uint32_t place = table->room; place < room; place++) {
        memset(&table->places[place], 0, sizeof table->places[place]);
        table->places[place].after = place + 1 < room ? place + 1 : NOWHERE;
    }
    table->free = table->room;
    table->room = room;
}

/* Nearly always the last: one instance waits equally long for all. Only a clock that was set back makes it walk. */
static void link_in_order(struct token_table *table, uint32_t place)
{
    struct token *token = &table->places[place];
    uint32_t before = table->last;

    while (before != NOWHERE && table->places[before].deadline > token->deadline)
        before = table->places[before].before;
    token->before = before;
    token->after = before == NOWHERE ? table->first : table->places[before].after;
    if (token->after == NOWHERE)
        table->last = place;
    else
        table->places[token->after].before = place;
    if (before == NOWHERE)
        table->first = place;
    else
        table->places[before].after = place;
}

static void unlink_place(struct token_table *table, const struct token *token)
{
    if (token->before == NOWHERE)
        table->first = token->after;
    else
        table->places[token->before].after = token->after;
    if (token->after == NOWHERE)
        table->last = token->before;
    else
        table->places[token->after].before = token->before;
}

uint64_t tokens_add(struct token_table *table, enum plugin_call call, void *user, int64_t deadline)
{
    uint32_t place = 0;
    struct token *token = NULL;

    if (table->open == table->most)
        return 0;
    if (table->free == NOWHERE)
        grow(table);
    place = table->free;
    token = &table->places[place];
    table->free = token->after;
    *table->sequence += 1;
    *token = (struct token){
        .number = (*table->sequence << PLACE_BITS) | place, .call = call, .user = user, .deadline = deadline};
    link_in_order(table, place);
    table->open++;
    return token->number;
}

struct token *tokens_find(const struct token_table *table, uint64_t number)
{
    uint32_t place = (uint32_t)(number & (TOKENS_MOST - 1));

    if (number == 0 || place >= table->room || table->places[place].number != number)
        return NULL;
    return &table->places[place];
}

bool tokens_take(struct token_table *table, uint64_t number, struct token *taken)
{
    const struct token *token = tokens_find(table, number);
    uint32_t place = 0;

    if (token == NULL)
        return false;
    place = (uint32_t)(token - table->places);
    *taken = *token;
    unlink_place(table, taken);
    table->places[place] = (struct token){.after = table->free};
    table->free = place;
    table->open--;
    return true;
}

uint64_t tokens_renew(struct token_table *table, uint64_t number, int64_t deadline)
{
    struct token *token = tokens_find(table, number);
    uint32_t place = 0;

    INVARIANT(token != NULL);
    place = (uint32_t)(token - table->places);
    unlink_place(table, token);
    *table->sequence += 1;
    token->number = (*table->sequence << PLACE_BITS) | place;
    token->deadline = deadline;
    token->submitted = 0;
    link_in_order(table, place);
    return token->number;
}

void tokens_list(const struct token_table *table, uint64_t *numbers)
{
    size_t count = 0;

    for (uint32_t place = table->first; place != NOWHERE; place = table->places[place].after)
        numbers[count++] = table->places[place].number;
    INVARIANT(count == table->open);
}

const struct token *tokens_earliest(const struct token_table *table)
{
    return table->first == NOWHERE ? NULL : &table->places[table->first];
}
