/*
 * The types of resources that this server has, a table: what each is made from, what can be done with it, and how it is written.
 * Dispatch, search and the CapabilityStatement go by it.
 */
#ifndef FHIR_RESOURCE_H
#define FHIR_RESOURCE_H

#include "fascia/v1/http.pb-c.h"
#include "fhir/json.h"
#include "fhir/story.h"

#include <stdbool.h>

enum fhir_origin { FHIR_FROM_REFERRAL, FHIR_FROM_THERAPIST, FHIR_FROM_NODE };

/* Bits of fhir_type.interactions. */
enum {
    FHIR_READ = 1u << 0,
    FHIR_VREAD = 1u << 1,
    FHIR_HISTORY = 1u << 2,
    FHIR_SEARCH = 1u << 3,
    FHIR_CREATE = 1u << 4,
    FHIR_UPDATE = 1u << 5,
    FHIR_PATCH = 1u << 6
};

/* What resources are written from. */
struct fhir_subject {
    struct fhir_arena *arena;
    const char *url;       /* of this server, without a '/' at its end */
    const char *publisher; /* name of the node's organization */
    int64_t now;
    bool sees_offers; /* a sender hears of a therapist only who has taken the case */
    /* FHIR_FROM_REFERRAL */
    const Fascia__ReferralDetail *detail;
    struct fhir_story story;
    bool current; /* the story is that of now */
    /* FHIR_FROM_THERAPIST */
    const Fascia__TherapistRow *therapist;
};

struct fhir_type {
    const char *name;
    enum fhir_origin origin;
    unsigned interactions;
    bool content; /* what the sender said of the patient is needed */
    bool many;    /* more than one of a referral or therapist */
    bool
        slots; /* what is written is what all of them have; each stretch of the therapist's time is one (fhir_slots_of) */
    /* Adds every resource of this type that the subject gives. */
    void (*write)(const struct fhir_subject *subject, struct fhir_json *list);
};

const struct fhir_type *fhir_type_find(const char *name);
const struct fhir_type *fhir_type_at(size_t index); /* NULL ends */

/* Which referral a resource of that id is made from. false: none can have this id. */
bool fhir_id_referral(const char *id, uint64_t *referral);
/* Which therapist a resource of that id is made from: their identifier, of the arena. NULL: none can have it. many: the id has a part of its own behind a '-'. */
const char *fhir_id_therapist(struct fhir_arena *arena, const char *id, bool many);
/* The identifier as an id: letters, digits and '-' as they are, the rest as ".XX". Cut at 64 bytes. */
const char *fhir_id_of_therapist(struct fhir_arena *arena, const char *identifier);
#define FHIR_NODE_ID "node"

#endif
