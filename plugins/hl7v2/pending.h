/*
 * Deliveries that were submitted and have no result yet: what their answers will need.
 *
 * Bounded: beyond HL7_MAX_PENDING a sender is told to come back. One thread at a time.
 */
#ifndef HL7V2_PENDING_H
#define HL7V2_PENDING_H

#include "hl7v2/incoming.h"

enum { HL7_MAX_PENDING = 65536 };

struct hl7_pending {
    struct hl7_pending *next;
    uint64_t delivery;
    const struct hl7_charset *charset;
    char *echo; /* segments of the message, as hl7_incoming_echo() gives them */
    size_t echo_size;
    char *referral_id;
    char referrer[HL7_LOCATION_BYTES]; /* where the referrer was read from; "" */
    struct hl7_finding *warnings;
    size_t warning_count;
};

struct hl7_pendings;
struct hl7_pendings *hl7_pendings_create(void);
void hl7_pendings_destroy(struct hl7_pendings *pendings);
/* Copies what it is given. false: full, or the delivery is there already. */
bool hl7_pendings_add(struct hl7_pendings *pendings, uint64_t delivery, const struct hl7_incoming *incoming,
                      struct hl7_span echo, const char *referral_id);
/* Takes it out; the caller frees it with hl7_pending_free. NULL: none. */
struct hl7_pending *hl7_pendings_take(struct hl7_pendings *pendings, uint64_t delivery);
void hl7_pending_free(struct hl7_pending *pending);
size_t hl7_pendings_count(const struct hl7_pendings *pendings);

#endif
