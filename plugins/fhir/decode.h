/*
 * From a ServiceRequest, or a Bundle around one or several, to fascia.v1.Submit.
 *
 * Pure: bytes in, Submits and issues out; all in the arena of the caller. Every fault is found, not only the first. What is not understood goes to Referral.kept
 * with its FHIRPath expression; the bytes as they came are Referral.original. Of a batch with several referrals each gets only what belongs to it: a Bundle of
 * its own resources, for another patient is nobody's business.
 *
 * sender_referral_id is made of what the resource says (README). Who updates a referral by its URL knows better, and sets the one that it has.
 */
#ifndef FHIR_DECODE_H
#define FHIR_DECODE_H

#include "fascia/plugin.h"
#include "fascia/v1/command.pb-c.h"
#include "fhir/outcome.h"

enum {
    FHIR_RESOURCES = 1000,      /* in one document, contained ones too */
    FHIR_BUNDLE_REQUESTS = 100, /* referrals in one batch */
    FHIR_CODES = 500            /* conditions, procedures, flags: of each */
};

struct fhir_decode_settings {
    bool
        update; /* a PUT, or what a PATCH made: the ServiceRequest is known already. Of an entry of a Bundle, its request says so */
    const char *id;         /* of an update: the id in the URL, which must be the resource's; NULL: none */
    const char *sender;     /* whose referrals they are where the host does not say; NULL: what a MessageHeader says */
    const char *message_id; /* of the request, where the Bundle has none; NULL: none */
    bool update_if_changed; /* as in Submit */
    bool
        performer_is_therapist; /* a person in ServiceRequest.performer is the therapist who is asked for; else noted */
    size_t most;                /* bytes */
};

/* One referral that is asked for. */
struct fhir_asked {
    Fascia__Submit *submit; /* NULL: issues say why not */
    /* Its own, and those of the shapes of what it is made of. What the core says of it can be added. */
    struct fhir_issues issues;
    const char *expression; /* of its ServiceRequest: "ServiceRequest", "Bundle.entry[2].resource" */
    const char *id;         /* of the resource as it was sent; "" */
    const char *full_url;   /* of its entry; "" */
    size_t entry;           /* in the Bundle; 0 of one that stands alone */
};

struct fhir_decoded {
    struct fhir_json *json;  /* what was read; NULL: it is no JSON object */
    const char *type;        /* its resourceType; "" */
    const char *bundle_type; /* "transaction" "batch" "message"; "" of no Bundle */
    size_t count;
    struct fhir_asked *asked[FHIR_BUNDLE_REQUESTS];
    struct fhir_issues issues; /* all: also those of each asked */
};

/* bytes is borrowed by the Submits. fhir_decoded_finish() frees what is not in the arena; call it before the arena's end. */
void fhir_decode(struct fhir_arena *arena, const struct fhir_decode_settings *settings, struct fascia_bytes bytes,
                 struct fhir_decoded *decoded);
void fhir_decoded_finish(struct fhir_decoded *decoded);

#endif
