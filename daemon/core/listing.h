/*
 * Whose referrals are whose: of each sender and of each therapist a list, by number, so that a page of somebody's own costs what it shows and not what there is.
 *
 * A list is an array of pointers, 8 bytes a referral and at most as much again in reserve. A referral that stands in the lists of its sender and of a
 * therapist costs 24 to 40 bytes with the pointer to its sender. Senders stay for good, as the referrals do that name them.
 */
#ifndef FASCIA_CORE_LISTING_H
#define FASCIA_CORE_LISTING_H

#include "core/record.h"

struct referral;

struct listing {
    struct referral **referrals; /* by number */
    uint32_t count, room;
};
/* A referral stands in a list once. At its end, as the newest does, it costs nothing to look for its place. */
void listing_add(struct listing *listing, struct referral *referral);
void listing_drop(struct listing *listing, const struct referral *referral);
/* Place of the first whose number is `number` or higher; count: there is none. */
uint32_t listing_find(const struct listing *listing, uint64_t number);
void listing_finish(struct listing *listing);

struct sender {
    struct listing listing;
    char name[]; /* 1..RECORD_NAME_BYTES bytes */
};
struct senders {
    struct sender **places; /* a hash table with open addresses */
    size_t count, room;     /* room: a power of 2, or 0 */
};
/* The sender of this name, made when there is none; NULL of "" and of a name that is longer than RECORD_NAME_BYTES: cut short, two senders
 * could become one, and reach each other's referrals. */
struct sender *senders_refer(struct senders *senders, const char *name);
/* NULL when there is none. */
struct sender *senders_find(const struct senders *senders, const char *name);
void senders_finish(struct senders *senders);
const char *sender_name(const struct sender *sender); /* "" of NULL */

#endif
