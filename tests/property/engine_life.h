/*
 * A random life of a small node, one step after another: referrals come, change and are resent, therapists come, change and go, offers are
 * answered, visits booked, time passes, and now and then a second node is loaded from what the first left behind.
 *
 * A promise that breaks fails the test and names the seed. For tests under cmocka.
 */
#ifndef FASCIA_TESTS_ENGINE_LIFE_H
#define FASCIA_TESTS_ENGINE_LIFE_H

#include "desk.h"

#define LIFE_THERAPISTS 6
#define LIFE_SENT       14 /* ids */
#define LIFE_SENDERS    3  /* each id is of one of them */

struct life {
    uint64_t seed, random;
    struct desk desk;
    struct desk twin; /* loaded from what the desk left behind, and given the same commands since */
    bool has_twin;
    int version[LIFE_SENT]; /* of the content last sent under each id; 0: never */
    uint64_t number[LIFE_SENT];
    size_t accepted, resent, reloaded, closed;
};

extern const char *const life_senders[LIFE_SENDERS];

/* The clinic is borrowed. */
void life_begin(struct life *life, uint64_t seed, struct clinic *clinic);
void life_step(struct life *life);
/* All work that is due. */
void life_work(struct life *life);
/* A twin starts from what is left behind, must be in the same state, and with `go_on` stays and must do the same from now on. */
void life_reload(struct life *life, bool go_on);
void life_end(struct life *life);

#endif
