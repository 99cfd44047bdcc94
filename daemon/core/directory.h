/*
 * Everybody who treats here, or ever had a referral here, by identifier.
 *
 * An entry lives as long as the directory: who was removed keeps one, without content, because referrals still name
 * them. A present therapist has content (packed), a calendar and a place in the matcher. Beside these an entry costs some 110 bytes.
 * Not shared between threads.
 */
#ifndef FASCIA_CORE_DIRECTORY_H
#define FASCIA_CORE_DIRECTORY_H

#include "core/calendar.h"
#include "core/codes.h"
#include "core/listing.h"
#include "core/record.h"
#include "match/match.h"

struct referral;

struct therapist {
    struct calendar *calendar;
    const struct zone *zone;
    uint8_t *packed;        /* fascia.v1.Therapist; NULL when not present */
    struct referral *cases; /* open offers and accepted cases */
    struct listing listing; /* all that name them: offered, or theirs, or theirs last */
    uint32_t size;          /* of packed */
    uint32_t number;        /* from 0, in order of first hearing: directory_entry(), and the matcher's name for them */
    uint32_t offered, accepted;
    uint32_t recent; /* accepted cases of referrals that came in the last 90 days */
    bool present;
    uint8_t change;    /* enum therapist_change */
    char identifier[]; /* at most RECORD_NAME_BYTES and the end */
};

struct directory;

struct directory *directory_create(const struct zone_source *zones);
/* Who is behind a number; for the matcher, which is made after the directory and borrows this from it. */
const struct match_names *directory_names(const struct directory *directory);
/* The matcher that is told of everybody from now on; before anybody is put. Borrowed: it outlives what is put. */
void directory_serve(struct directory *directory, struct match_index *index);
void directory_destroy(struct directory *directory);

/* NULL when never heard of. */
struct therapist *directory_find(const struct directory *directory, const char *identifier);
/* Makes an entry without content when there is none. identifier has 1..RECORD_NAME_BYTES bytes. */
struct therapist *directory_refer(struct directory *directory, const char *identifier);

/* Content of a checked therapist; packed is taken over. The new calendar is at the day of the last directory_advance() in its zone,
 * or at that of `now` when nobody was in it yet (0: waits for the next advance), and empty of takes. */
void directory_put(struct directory *directory, struct therapist *therapist, const Fascia__Therapist *content,
                   uint8_t *packed, size_t size, int64_t now);
void directory_remove(struct directory *directory, struct therapist *therapist);
/* Tells the matcher how many cases they have. */
void directory_tell_load(struct directory *directory, const struct therapist *therapist);

/* Moves the calendars of zones where a day began: the same work for one therapist and for a million. true when any did. */
bool directory_advance(struct directory *directory, int64_t now);
/* Lets the days of one more zone count, though no therapist may be in it. */
void directory_watch(struct directory *directory, const struct zone *zone, int64_t now);
/* The next instant at which directory_advance has something to do. */
int64_t directory_next_day(const struct directory *directory);

/* Present ones. */
size_t directory_count(const struct directory *directory);
/* The first present one whose identifier comes after `after`, in byte order; NULL. The first page after new ones came costs a sort of those. */
struct therapist *directory_after(struct directory *directory, const char *after);
/* All entries, present or not, by number: in order of first hearing. */
struct therapist *directory_entry(const struct directory *directory, size_t number);
size_t directory_entries(const struct directory *directory);

/* Unpacked content; free with fascia__therapist__free_unpacked(). NULL when not present. */
Fascia__Therapist *directory_content(const struct therapist *therapist);

/* ---- directory_check.c ---- */
/* Brings content into its one form (positions from postal codes, zone, cases of codes) and appends what is wrong to problems. true when it
 * can be put. */
bool directory_check(Fascia__Therapist *content, const struct codes *codes, const struct zone_source *zones,
                     const char *default_zone, Fascia__Problem ***problems, size_t *count);

#endif
