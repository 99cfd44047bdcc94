/* What the decode_*.c share: the resources that came, and reading values from places. Nobody else includes this. */
#ifndef FHIR_DECODE_PARTS_H
#define FHIR_DECODE_PARTS_H

#include "fhir/decode.h"

/* So many parts of a name, or texts of a note, are put together; more than that is nobody's name. */
enum { FHIR_PARTS = 20 };

#define OWNED(text) ((char *)(uintptr_t)(text))

/* A resource that came: the root, one of a Bundle's entries, or one that another contains. */
struct fhir_resource {
    struct fhir_place *place;
    const char *type;
    const char *id;                   /* "" */
    const char *full_url;             /* of a Bundle's entry; "" */
    struct fhir_resource *container;  /* of a contained one; NULL */
    struct fhir_place *entry;         /* of a Bundle; NULL */
    struct fhir_place *referenced_by; /* where it was first resolved from; NULL */
    struct fhir_resource *focus;      /* of a Task; NULL */
    bool belongs;                     /* to the request that is being read */
};

struct fhir_resources {
    size_t requests; /* ServiceRequests that are not contained */
    size_t count;
    struct fhir_resource **list;
};

struct fhir_decoder {
    const struct fhir_decode_settings *settings;
    struct fhir_arena *arena;
    struct fhir_issues *issues;
    struct fhir_resources *resources;
    struct fhir_resource *bundle;  /* NULL: none */
    struct fhir_resource *request; /* the ServiceRequest */
    struct fhir_resource *task;    /* whose focus it is; NULL */
    struct fhir_resource *patient; /* NULL until found */
    Fascia__Referral *referral;
    unsigned request_entry, task_entry; /* in the Bundle that is Referral.original */
};

/* ---- decode_resources.c ---- */
/* Finds all resources of a document; false: too many, which is said. */
bool fhir_resources_find(struct fhir_arena *arena, struct fhir_place *root, struct fhir_resources *resources,
                         struct fhir_issues *issues);
/* What a Reference points to among them; NULL: it is not here. */
struct fhir_resource *fhir_resolve(struct fhir_decoder *decoder, struct fhir_place *reference);
/* Sets `belongs` of all resources: what the request and its Task reach by references, and what in the Bundle is of the same patient. */
void fhir_resources_belong(struct fhir_decoder *decoder);
/* By an URL or relative reference that stands elsewhere than in a Reference. */
struct fhir_resource *fhir_resolve_text(struct fhir_decoder *decoder, const struct fhir_place *from, const char *text);

/* ---- decode_values.c ---- */
struct fhir_place *fhir_at(struct fhir_decoder *decoder, struct fhir_place *place, const char *name);
struct fhir_place *fhir_nth(struct fhir_decoder *decoder, struct fhir_place *list, size_t index);
/* The text of a member, which is then read; "": there is none. */
const char *fhir_read(struct fhir_decoder *decoder, struct fhir_place *place, const char *name);
const char *fhir_peek(struct fhir_place *place, const char *name); /* without having it read; "" */
void fhir_mark(struct fhir_place *place);                          /* takes NULL */
const char *fhir_path(struct fhir_decoder *decoder, const struct fhir_place *place);
/* Whether a CodeableConcept has this code in any of its codings; system may end early ("http://snomed.info/sct"). */
bool fhir_has_code(struct fhir_decoder *decoder, struct fhir_place *concept, const char *code);
/* What people read of a CodeableConcept, not marked as read; "". */
const char *fhir_words(struct fhir_decoder *decoder, struct fhir_place *concept);
/* The coding that tables know best; NULL: there is neither code nor text. */
Fascia__Code *fhir_decode_concept(struct fhir_decoder *decoder, struct fhir_place *concept);
const char *fhir_decode_system(struct fhir_arena *arena, const char *uri); /* fascia's name of a code system */
void fhir_add_code(struct fhir_decoder *decoder, Fascia__Code ***list, size_t *count,
                   Fascia__Code *code); /* unless it is there; takes NULL */
void fhir_add_note(struct fhir_decoder *decoder, const char *kind, const char *text, const char *location);
void fhir_add_identifier(struct fhir_decoder *decoder, Fascia__Identifier ***list, size_t *count,
                         struct fhir_place *identifier);
void fhir_read_telecoms(struct fhir_decoder *decoder, struct fhir_place *list, char ***phones, size_t *phone_count,
                        char ***emails, size_t *email_count); /* emails may be NULL */
/* HumanName in the order of speech, all of it read. */
const char *fhir_read_name(struct fhir_decoder *decoder, struct fhir_place *name);
struct fhir_place *fhir_best_name(struct fhir_decoder *decoder, struct fhir_place *names);
/* The day a date or dateTime begins or ends with; "": none stands there. */
const char *fhir_read_day(struct fhir_decoder *decoder, struct fhir_place *place, const char *name, bool last);
bool fhir_decode_base64(struct fhir_arena *arena, const char *text, uint8_t **bytes, size_t *size);
bool fhir_read_count(struct fhir_decoder *decoder, struct fhir_place *place, const char *name, uint32_t *count);
/* Whether what reference has led to is of somebody else than the request, which is said: it must never be acted on as if it were of this patient. */
bool fhir_is_of_another(struct fhir_decoder *decoder, struct fhir_place *reference, struct fhir_resource *found);
/* Whether a record says of itself that it does not hold: entered-in-error, refuted, cancelled ... */
bool fhir_is_void(struct fhir_decoder *decoder, struct fhir_resource *resource);

/* ---- the parts of a referral ---- */
void fhir_decode_identity(struct fhir_decoder *decoder);  /* decode_identity.c: sender, ids. Errors are in the issues */
void fhir_decode_patient(struct fhir_decoder *decoder);   /* decode_patient.c */
void fhir_decode_requester(struct fhir_decoder *decoder); /* decode_people.c */
void fhir_decode_performers(struct fhir_decoder *decoder);
void fhir_decode_clinical(struct fhir_decoder *decoder); /* decode_clinical.c: reasons, procedures, flags, notes */
/* What a reference in supportingInfo or reasonReference brings. reason: a Condition is what is to be treated. */
void fhir_decode_support(struct fhir_decoder *decoder, struct fhir_place *reference, bool reason);
void fhir_decode_document(struct fhir_decoder *decoder, struct fhir_resource *document); /* decode_documents.c */
void fhir_decode_documents(struct fhir_decoder *decoder);
void fhir_decode_wishes(struct fhir_decoder *decoder);    /* decode_wishes.c: priority, times, places */
void fhir_decode_insurance(struct fhir_decoder *decoder); /* decode_insurance.c: coverages, authorization, visits */
void fhir_decode_kept(struct fhir_decoder *decoder, const struct fhir_place *root); /* decode_kept.c: the rest */

#endif
