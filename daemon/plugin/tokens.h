/*
 * The open deliveries of one instance: each token is a number that no other delivery of the process ever had.
 *
 * The low bits of a token are its place in a table, the high bits a number that only grows: looking one up is one comparison, and a token that has ended can
 * never be mistaken for a later one in the same place. Open tokens are kept in the order of their deadlines.
 */
#ifndef FASCIA_PLUGIN_TOKENS_H
#define FASCIA_PLUGIN_TOKENS_H

#include "plugin/plugin.h"

#define TOKENS_MOST 65536u /* of one instance; 16 bits of the token */

struct kept_delivery; /* remote.h */

struct token {
    uint64_t number; /* 0: this place is free */
    enum plugin_call call;
    void *user;
    struct kept_delivery
        *kept; /* of an isolated plugin: what is given again to the next process. Whoever takes the token frees it */
    uint32_t submitted; /* submissions so far */
    bool refused;       /* of a DELIVER: none is taken, it is only answered */
    int64_t deadline;
    uint32_t before, after; /* neighbours by deadline; places, or TOKENS_MOST. A free place uses after */
};

struct token_table {
    struct token *places; /* grows up to most */
    uint32_t room, most, open;
    uint32_t first, last, free; /* places, or TOKENS_MOST */
    uint64_t *sequence;         /* shared by the process, so that no two instances give the same token */
};

void tokens_init(struct token_table *table, uint32_t most, uint64_t *sequence);
void tokens_finish(struct token_table *table);

/* 0 when most are open. */
MUST_CHECK uint64_t tokens_add(struct token_table *table, enum plugin_call call, void *user, int64_t deadline);
/* NULL when it is not open. Lent until the table changes. */
struct token *tokens_find(const struct token_table *table, uint64_t number);
/* Copies what was open and frees its place. False when it was not open. */
bool tokens_take(struct token_table *table, uint64_t number, struct token *taken);
/* The same token under a number that nobody knows yet, with another deadline; the old number is as good as ended. */
uint64_t tokens_renew(struct token_table *table, uint64_t number, int64_t deadline);
/* The open token with the earliest deadline, or NULL. */
const struct token *tokens_earliest(const struct token_table *table);
/* All open tokens, the earliest deadline first, in numbers[0..open]. */
void tokens_list(const struct token_table *table, uint64_t *numbers);

#endif
