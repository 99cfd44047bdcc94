/*
 * Memory that is lent for one call: it ends at a page that nobody may touch, and after the call it is gone itself.
 *
 * So a plugin that reads beyond its message, or keeps a pointer to it, is found where it does so and not where it hurts.
 */
#ifndef FASCIA_CHECK_LENT_H
#define FASCIA_CHECK_LENT_H

#include "fascia/plugin.h"

#include <stdbool.h>

struct lent {
    uint8_t *pages;
    size_t size; /* of the mapping */
};

/* A copy of the bytes; its first byte is not aligned. */
struct fascia_bytes lent_give(struct lent *lent, struct fascia_bytes bytes);
/* The plugin has returned. The pages stay unusable for a long while. */
void lent_take_back(struct lent *lent);
/* As lent_give(), for calls that come by the hundred thousand: there is the page that nobody may touch, but what was lent is only spoilt. */
struct fascia_bytes lent_give_often(struct fascia_bytes bytes);
void lent_spoil(struct fascia_bytes bytes);
/* Counts the pages of what was lent, from one byte to another, that are read from now on: each is forbidden until it is touched. How many there are. */
size_t lent_watch(struct fascia_bytes bytes, size_t from, size_t to);
size_t lent_unwatch(void);
/* Of a fault: true when it was such a page, and may go on. Safe in a signal handler. */
bool lent_is_watched(const void *address);
/* Whether an address lies in what was lent and taken back. Safe in a signal handler. */
bool lent_is_gone(const void *address);
/* Gives the pages themselves back. */
void lent_finish(void);

#endif
