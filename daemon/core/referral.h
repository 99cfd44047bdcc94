/*
 * One referral as the engine holds it: little for every one there ever was, more while something can still happen.
 *
 * Nothing here says who the patient is: the need is what a therapist must meet, and keys are keyed hashes.
 */
#ifndef FASCIA_CORE_REFERRAL_H
#define FASCIA_CORE_REFERRAL_H

#include "core/record.h"
#include "fascia/v1/event.pb-c.h"

struct therapist;
struct sender;
struct order;

struct visit {
    uint32_t number; /* 0: a hold */
    int64_t from, to;
    uint32_t
        appointment; /* that its sender knows it by: the number of the visit that was first booked, before it was moved */
};

/* What is only kept while open. */
struct referral_open {
    uint8_t *need; /* packed fascia.v1.Need */
    size_t need_size;
    uint8_t *problems; /* packed fascia.v1.Screened without its need; NULL: none */
    size_t problems_size;
    bool held;      /* an error is among them */
    char **cleared; /* flags that a clinician has cleared */
    size_t cleared_count, cleared_room;
    struct therapist **declined; /* or let their offer expire, or gave the case back */
    size_t declined_count, declined_room;
    struct visit *visits; /* booked, by start */
    size_t visit_count, visit_room;
    uint32_t visits_numbered, visits_done;
    int64_t hold_from, hold_to, due;
    uint32_t offers;       /* ever made; the last one's number */
    uint32_t offers_fresh; /* made since the need last changed */
    int32_t score;         /* of the last match: of whom the offer went to, or would have */
    uint64_t outcome_outbox;
    bool outcome_undelivered; /* its delivery was given up */
    bool asked;               /* policies were asked; not part of the state: after a restart they are asked again */
    bool all_declined;        /* waits because everybody who passes has declined */
    uint32_t
        waiting;    /* place in the index of who waits, + 1; 0: none. This and the next two are not part of the state */
    uint32_t swept; /* number of the sweep that tried it last */
    bool woken;     /* a change may help it */
    struct order *order; /* the queue that it stands in */
    size_t order_place;
    int64_t order_key;
    struct referral *case_before, *case_after; /* of the same therapist */
    struct referral *open_before, *open_after; /* of all open ones, by number */
};

struct referral {
    uint64_t number;
    int64_t opened, changed;
    uint64_t content_sequence, match_sequence;
    uint8_t sender_key[RECORD_KEY_BYTES], content_key[RECORD_KEY_BYTES], patient_key[RECORD_KEY_BYTES];
    struct therapist *therapist; /* who has it, or holds the offer, or had it last */
    const char *source;
    struct sender *sender;                       /* whose it is (core/listing.h); NULL: not known */
    struct referral *same_sender, *same_patient; /* next of the same hash */
    struct referral_open *open;                  /* NULL once nothing can happen any more */
    uint32_t statuses;
    uint8_t state, priority;
    bool erased;
    bool recent; /* counts among its therapist's recent cases */
};

#endif
