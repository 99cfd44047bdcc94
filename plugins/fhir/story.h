/*
 * What a referral's history tells, read from its events: which version it is, since when, where it stands, whose it is, which visits there were.
 *
 * A version is an event that changed something: its number is the event's. Looking at a referral, and its status reaching the sender, change nothing.
 * Nothing is copied: a story lives as long as the detail that it was read from, and its arena.
 */
#ifndef FHIR_STORY_H
#define FHIR_STORY_H

#include "fascia/v1/control.pb-c.h"
#include "fhir/arena.h"

#include <stdbool.h>

struct fhir_visit {
    uint32_t number; /* of the appointment: one that is moved keeps it */
    uint32_t visit;  /* of the visit that stands for it now */
    const char *therapist;
    int64_t from, to;
    enum { FHIR_VISIT_BOOKED, FHIR_VISIT_DONE, FHIR_VISIT_NO_SHOW, FHIR_VISIT_CANCELLED } how;
    int64_t created, changed;
    uint64_t version; /* of the event that changed it last */
};

struct fhir_story {
    uint64_t version; /* 0: the history is not there */
    int64_t updated;
    uint64_t content_since; /* the version by which what the sender said came; 0: not told */
    int64_t content_at;
    Fascia__State state;
    const char *therapist; /* who has it, or is offered it; "" */
    const char *reason;    /* why it ended or was given back, in somebody's words; "" */
    const char *reason_code;
    const Fascia__OutcomeReported *outcome;
    uint64_t outcome_version;
    struct fhir_visit *visits;
    size_t visit_count;
};

/* As it stood at version `until`; UINT64_MAX: now. */
void fhir_story_read(struct fhir_arena *arena, const Fascia__ReferralDetail *detail, uint64_t until,
                     struct fhir_story *story);
/* Whether an entry of a history is a version. */
bool fhir_story_is_version(const Fascia__HistoryEntry *entry);

#endif
