/*
 * What a step of the core leaves behind to be kept: events, the rows that follow from them, and messages that must go out.
 *
 * One batch becomes one transaction: all of it is durable, or none. A batch owns every byte in it; it is made on the
 * core's thread and then handed on whole, never shared.
 */
#ifndef FASCIA_CORE_RECORD_H
#define FASCIA_CORE_RECORD_H

#include "core/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_KEY_BYTES  16
#define RECORD_NAME_BYTES 64 /* longest identifier of a therapist, name of a source, or actor */

struct event_record {
    uint64_t sequence; /* from 1, without gaps, over the whole node */
    int64_t at;
    uint64_t referral; /* 0: of no referral */
    char actor[RECORD_NAME_BYTES + 1];
    uint32_t kind;    /* Fascia__Event__BodyCase */
    uint8_t *payload; /* packed fascia.v1.Event; sealed by the store under the referral's key */
    size_t size;
};

/* Where a referral stands; the whole row is written each time. No patient data in clear. */
struct referral_row {
    uint64_t referral;
    uint32_t state; /* Fascia__State */
    uint32_t priority;
    bool open;
    char source[RECORD_NAME_BYTES + 1];
    char sender[RECORD_NAME_BYTES + 1];    /* Referral.sender; "" when it was not kept, or is longer */
    char therapist[RECORD_NAME_BYTES + 1]; /* who has it or holds the offer; "" */
    int64_t opened, changed;
    int64_t due;               /* when the open offer expires; 0 */
    uint64_t content_sequence; /* of the event with the latest content */
    uint64_t match_sequence;   /* of the event with the latest explanation; 0 */
    uint32_t statuses;         /* how many were sent to its sender so far */
    uint8_t sender_key[RECORD_KEY_BYTES];
    uint8_t content_key[RECORD_KEY_BYTES];
    uint8_t patient_key[RECORD_KEY_BYTES];
    bool erased;
};

/* A piece of a therapist's time. The store holds that no two of one therapist overlap. */
struct slot_row {
    bool remove;
    bool booked; /* else held for an open offer */
    char therapist[RECORD_NAME_BYTES + 1];
    int64_t from, to;
    uint64_t referral;
    uint32_t visit; /* 0 for a hold */
};

enum outbox_state { OUTBOX_PENDING = 0, OUTBOX_DELIVERED = 1, OUTBOX_GIVEN_UP = 2 };

struct outbox_row {
    bool update; /* of an existing row: only state, attempts, due and error are written */
    uint64_t outbox;
    uint64_t referral;
    char source[RECORD_NAME_BYTES + 1];
    uint32_t state; /* enum outbox_state */
    uint32_t attempts;
    int64_t due;
    char error[32]; /* a short word: "AE", "refused", "time-out"; no patient data */
    uint8_t
        *payload; /* packed fascia.v1.Status, sealed; with referral 0 a fascia.v1.Notice, which holds nothing to seal */
    size_t size;
};

struct therapist_row {
    char identifier[RECORD_NAME_BYTES + 1];
    bool remove;
    bool added;       /* there is no row of this identifier yet; else nobody says */
    uint8_t *payload; /* packed fascia.v1.Therapist */
    size_t size;
};

struct account_row {
    char name[RECORD_NAME_BYTES + 1];
    bool remove;
    uint8_t *payload; /* packed fascia.v1.Account, with its secrets: hashes, and what is sealed already */
    size_t size;
};

struct record_batch {
    struct event_record *events;
    size_t event_count, event_room;
    struct referral_row *referrals; /* at most one row per referral: a later one replaces it */
    size_t referral_count, referral_room;
    struct slot_row *slots; /* in order */
    size_t slot_count, slot_room;
    struct outbox_row *outbox;
    size_t outbox_count, outbox_room;
    struct therapist_row *therapists;
    size_t therapist_count, therapist_room;
    struct account_row *accounts; /* in order */
    size_t account_count, account_room;
    uint64_t *erasures; /* referrals whose key is to be destroyed, after the batch is durable */
    size_t erasure_count, erasure_room;
    size_t bytes;              /* payloads in all */
    uint32_t *referral_places; /* where in `referrals` a referral's row stands: the batch's own bookkeeping */
    size_t referral_place_room;
};

void record_batch_init(struct record_batch *batch);
void record_batch_finish(struct record_batch *batch);
bool record_batch_is_empty(const struct record_batch *batch);
/* Each takes over payload (heap) and copies the rest. */
void record_add_event(struct record_batch *batch, const struct event_record *event);
void record_add_referral(struct record_batch *batch, const struct referral_row *row);
void record_add_slot(struct record_batch *batch, const struct slot_row *row);
void record_add_outbox(struct record_batch *batch, const struct outbox_row *row);
void record_add_therapist(struct record_batch *batch, const struct therapist_row *row);
void record_add_account(struct record_batch *batch, const struct account_row *row);
void record_add_erasure(struct record_batch *batch, uint64_t referral);

#endif
