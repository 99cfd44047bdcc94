/* Who works which interaction off; each begins a call that dispatch has found and access was checked of. */
#ifndef FHIR_WORK_H
#define FHIR_WORK_H

#include "fhir/exchange.h"

void fhir_work_capabilities(struct fhir_call *call); /* capabilities.c */
void fhir_work_read(struct fhir_call *call);         /* read.c: read, vread and history of an instance */
void fhir_work_search(struct fhir_call *call);       /* find.c */
void fhir_work_create(struct fhir_call *call);       /* create.c */
void fhir_work_update(struct fhir_call *call);       /* update.c: PUT and PATCH */
void fhir_work_batch(struct fhir_call *call);        /* batch.c */
void fhir_work_match(struct fhir_call *call);        /* operation.c */
void fhir_work_explain(struct fhir_call *call);

/* ---- create.c: shared by those who submit ------------------------------------------------------------------------------ */

/* What the body, or these bytes, ask; NULL: the call has ended with what is wrong. id: of an update. */
struct fhir_asked *fhir_decode_body(struct fhir_call *call, struct fascia_bytes bytes, const char *id);
bool fhir_ask_submit(struct fhir_call *call, uint32_t slot, struct fhir_asked *asked);
/* Ends the call unless the command is done; true: it is, and the answer has a result. */
bool fhir_took(struct fhir_call *call, const Fascia__Answer *answer, struct fhir_issues *issues,
               const char *expression);
/* Asks for what a write is answered with. */
bool fhir_ask_written(struct fhir_call *call, uint32_t slot, const struct fhir_type *type, uint64_t referral);
/* Ends a write with what was asked for as its answer; status 200 or 201. */
void fhir_give_written(struct fhir_call *call, const struct fhir_type *type, uint64_t referral,
                       const Fascia__Answer *answer, unsigned status);

/* ---- subject.c: what resources are made from, asked and read --------------------------------------------------------- */

/* Of which referral or therapist resources are made: a number, or an identifier. */
struct fhir_key {
    uint64_t referral;
    const char *therapist; /* NULL: of a referral, or of the node */
};
/* false: no resource of this type has that id. */
bool fhir_key_of(struct fhir_arena *arena, const struct fhir_type *type, const char *id, struct fhir_key *key);
/* Asks for it; false: the call has ended. Not for resources of the node itself, of which nothing is asked. */
bool fhir_ask_subject(struct fhir_call *call, uint32_t slot, const struct fhir_type *type, const struct fhir_key *key);
/* answer NULL: of the node. false: the answer holds none. */
bool fhir_subject_read(struct fhir_call *call, const struct fhir_type *type, const Fascia__Answer *answer,
                       struct fhir_subject *subject);
/* Every resource of this type that the subject gives: a list, owned by the call. */
struct fhir_json *fhir_resources_of(struct fhir_call *call, const struct fhir_type *type,
                                    const struct fhir_subject *subject);
/* The one of this id; NULL. */
const struct fhir_json *fhir_resource_of_id(const struct fhir_json *list, const char *id);

/* ---- slots.c: a therapist's time ---------------------------------------------------------------------------------------- */

/* When a Slot of that id begins; false: none can have it. */
bool fhir_id_start(const char *id, int64_t *start);
/* Asks for the time of a therapist that a search wants, by its criteria on start; NULL: all that there is. */
bool fhir_ask_slots(struct fhir_call *call, uint32_t slot, const char *therapist, const struct fhir_search *search);
/* The same around one start, for a read. */
bool fhir_ask_slot(struct fhir_call *call, uint32_t slot, const char *therapist, int64_t start);
/* A list of Slots, owned by the call. common: a list with what all have. */
struct fhir_json *fhir_slots_of(struct fhir_call *call, const struct fhir_json *common,
                                const Fascia__ControlResponse *response);

/* ---- filter.c: _summary and _elements --------------------------------------------------------------------------------- */

/* A copy with what is asked for, owned by the call. */
struct fhir_json *fhir_filter(struct fhir_call *call, const struct fhir_search *search,
                              const struct fhir_json *resource);

/* ---- reply.c: parts of replies ---------------------------------------------------------------------------------------- */

/* ETag and Last-Modified of the resource's meta. */
void fhir_reply_version(struct fhir_call *call, const struct fhir_json *resource);
/* Whether a list of entity tags (If-Match, If-None-Match) names this one, weakly compared; "*" names any. */
bool fhir_tags_name(const char *list, const char *etag);
/* A Bundle of this type, with its id and time. */
struct fhir_json *fhir_new_bundle(struct fhir_call *call, const char *type);
void fhir_add_link(struct fhir_json *bundle, const char *relation, const char *url);
/* How the client wants what was written back: "minimal", "representation", "OperationOutcome". */
const char *fhir_preferred_return(const struct fhir_call *call);
bool fhir_prefers_strict(const struct fhir_call *call);
/* With line breaks and blanks; in the arena. */
const char *fhir_pretty(struct fhir_arena *arena, const char *compact, size_t size, size_t *made);
/* The reply packed as an HttpReply, and given to the host. */
void fhir_reply_send(const struct fascia_host *host, uint64_t token, struct fhir_arena *arena,
                     const struct fhir_reply *reply);

#endif
