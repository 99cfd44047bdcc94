/*
 * Those who wait, by what they need: asked with a therapist who changed, it names the few referrals that this may help.
 *
 * The matcher's index turned round. Needs lie in cells of the sphere as large as their distance reaches (integer cubes, so that poles and the
 * date line are places like any other); needs that a visit by video would serve lie by jurisdiction, too. In a cell they are grouped by
 * payer, and each is a few signatures: bits of the codes that it asks for. What the signatures let through is a superset of those that the
 * therapist may treat, and small beside all who wait; match_earliest() decides about each.
 * Capacity, who declined, and time but for the hours at which the patient can come, are not looked at here. Answers depend only on who is in, never on the order of
 * coming. Not shared between threads.
 */
#ifndef FASCIA_MATCH_WAITING_H
#define FASCIA_MATCH_WAITING_H

#include "core/calendar.h"
#include "core/codes.h"
#include "fascia/v1/referral.pb-c.h"
#include "fascia/v1/therapist.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MATCH_WAITING_NONE UINT32_MAX

struct match_waiting;

/* codes are borrowed. */
struct match_waiting *match_waiting_create(const struct codes *codes);
void match_waiting_destroy(struct match_waiting *waiting);

/* In what order they are named: smaller first. Of a class (0 is the most urgent, at most 3) and a number below 2^62, older is smaller. */
static inline uint64_t match_waiting_key(unsigned class, uint64_t number)
{
    return (uint64_t) class << 62 | number;
}
static inline uint64_t match_waiting_number(uint64_t key)
{
    return key & ~(UINT64_C(3) << 62);
}

/* Hours of the day and days of the week in UTC, a bit each: when somebody is free, or a patient can come, at all. Where both have none in common, no visit
 * can be. ALWAYS says nothing. */
#define MATCH_HOURS_ALWAYS UINT32_MAX
/* Of a calendar from this instant on: 0 when it has no free time, ALWAYS when it has more than a few hours. */
uint32_t match_hours_of(const struct calendar *calendar, int64_t from);

/* Adds one; what comes back is for remove. The need is read, not kept; zone is that of its windows, and lives as long. */
uint32_t match_waiting_add(struct match_waiting *waiting, uint64_t key, const Fascia__Need *need,
                           const struct zone *zone, int64_t now);
void match_waiting_remove(struct match_waiting *waiting, uint32_t place);
size_t match_waiting_count(const struct match_waiting *waiting);
size_t match_waiting_bytes(const struct match_waiting *waiting);

/* Keys, to be taken one by one; reused from question to question. All zero before the first, finish after the last. */
struct match_waiting_found {
    uint64_t *keys; /* a heap, the smallest first */
    size_t count, room;
};
/* Those behind `after` (0: all) that a therapist of this content, free at these hours, may help, but for what is left to match_earliest(). */
void match_waiting_ask(const struct match_waiting *waiting, const Fascia__Therapist *therapist, uint32_t hours,
                       uint64_t after, struct match_waiting_found *found);
/* The next, each once. false when there is no more. */
bool match_waiting_next(struct match_waiting_found *found, uint64_t *key);
void match_waiting_found_finish(struct match_waiting_found *found);

#endif
