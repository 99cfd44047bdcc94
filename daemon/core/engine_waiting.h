/*
 * The waiting list: who waits, which changes are still to be looked at, and whom they woke.
 *
 * Whoever waits passes nobody but therapists whose change has not been looked at yet. So a changed therapist alone is asked
 * of (match/waiting.h), and wakes, the most urgent and then the oldest first, those whom every gate and the calendar allow: as many as there is
 * room for. When they have been tried and there is still room, the next are woken. Nobody else is looked at.
 * What no change tells of, a day that begins and settings, and all after a start, is found by a sweep: every waiting
 * referral is tried once, the longest untried of the most urgent class first, so many in a second that it is over in a quarter of an hour.
 *
 * Nothing of this is kept: a start sweeps.
 */
#ifndef FASCIA_CORE_ENGINE_WAITING_H
#define FASCIA_CORE_ENGINE_WAITING_H

#include "core/order.h"
#include "match/waiting.h"

#define CLASSES 3 /* stat, urgent, routine */

struct engine;
struct therapist;

/* A therapist's place among the changes. */
enum therapist_change {
    CHANGE_NONE,
    CHANGE_NEW,  /* to be looked at */
    CHANGE_PART, /* the same, from some key on */
    CHANGE_REST, /* some were woken; whether there is room for more is seen when they were tried */
};

struct change {
    struct therapist *therapist; /* NULL: taken out */
    uint64_t after;              /* who stands before this key was looked at */
};
struct change_queue {
    struct change *changes;
    size_t first, count, room; /* a ring */
};

struct engine_waiting {
    struct match_waiting *needs;
    struct match_waiting_found found;
    struct order asleep[CLASSES]; /* by the number of the sweep that tried them last */
    struct order woken[CLASSES];  /* by age */
    struct change_queue news, rests;
    uint32_t sweep;      /* number of the latest; who was last tried in one before is due */
    uint32_t sweep_left; /* to be tried in this second */
    int64_t sweep_at;    /* when the next second begins */
};

void engine_waiting_init(struct engine *engine);
void engine_waiting_finish(struct engine *engine);

/* Something about the therapist may let a waiting referral pass. */
void engine_note_change(struct engine *engine, struct therapist *therapist);
/* Everybody who waits is to be tried once more. */
void engine_note_sweep(struct engine *engine);

/* It was offered as often as settings allow: the directory wakes it no more; a change to it starts anew. */
bool engine_waits_for_person(const struct engine *engine, const struct referral *referral);
/* Puts a referral where it belongs by its state, and takes it out. While loading it only notes that it waits; engine_waiting_loaded() then
 * makes it known. */
void engine_waiting_enter(struct engine *engine, struct referral *referral);
void engine_waiting_leave(struct engine *engine, struct referral *referral);
void engine_waiting_loaded(struct engine *engine);
/* It was tried and waits on. */
void engine_waiting_tried(struct engine *engine, struct referral *referral);

/* ---- what is to be done; each false when there is nothing ---- */
/* Looks at the next change, or at a part of it. */
bool engine_wake_some(struct engine *engine);
/* Whoever was woken has been tried: therapists with room left may wake more. */
bool engine_resume_changes(struct engine *engine);
/* The next of the sweep; NULL. */
struct referral *engine_sweep_next(struct engine *engine);
/* When there is something to do: 0 at once, INT64_MAX never. */
int64_t engine_waiting_deadline(const struct engine *engine);
size_t engine_waiting_count(const struct engine *engine);

#endif
