/*
 * Resources out of what the node says. Each fhir_write_*() adds every resource of its type that the subject gives to list; the parts below are shared.
 *
 * Ids: ServiceRequest, Task and Patient have the referral's number (the Patient is the one of that referral, and of no other), Appointment
 * "<referral>-<appointment>", Provenance and AuditEvent "<referral>-<event>", Practitioner and what hangs on it the therapist's identifier.
 */
#ifndef FHIR_ENCODE_H
#define FHIR_ENCODE_H

#include "fhir/resource.h"

/* ---- encode_request.c, encode_task.c ---- */
void fhir_write_service_request(const struct fhir_subject *subject, struct fhir_json *list);
/* ServiceRequest.status of a state. */
const char *fhir_request_status(Fascia__State state);
void fhir_write_task(const struct fhir_subject *subject, struct fhir_json *list);
/* ---- encode_patient.c ---- */
void fhir_write_patient(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_coverage(const struct fhir_subject *subject, struct fhir_json *list);
/* ---- encode_visit.c, encode_trail.c ---- */
void fhir_write_appointment(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_provenance(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_audit_event(const struct fhir_subject *subject, struct fhir_json *list);
/* ---- encode_therapist.c, encode_service.c ---- */
void fhir_write_practitioner(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_practitioner_role(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_location(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_healthcare_service(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_schedule(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_slot(const struct fhir_subject *subject, struct fhir_json *list);
void fhir_write_organization(const struct fhir_subject *subject, struct fhir_json *list);
/* A Slot: what all of the therapist's have in common, and one stretch of their time. */
struct fhir_json *fhir_new_slot(struct fhir_arena *arena, const struct fhir_json *common, const Fascia__SlotRow *row);
/* Techniques, certifications and conditions, as the element specialty. */
void fhir_write_specialties(const Fascia__Therapist *therapist, struct fhir_json *resource);

/* ---- encode.c: parts ---- */
#define FHIR_NPI_SYSTEM  "http://hl7.org/fhir/sid/us-npi"
#define FHIR_NUCC_SYSTEM "http://nucc.org/provider-taxonomy"
/* fascia's own tables; their codes are those of the node's configuration. */
#define FHIR_TECHNIQUE_SYSTEM     "urn:fascia:technique"
#define FHIR_CONDITION_SYSTEM     "urn:fascia:condition"
#define FHIR_CERTIFICATION_SYSTEM "urn:fascia:certification"
#define FHIR_REASON_SYSTEM        "urn:fascia:reason"
#define FHIR_REFERRAL_SYSTEM      "urn:fascia:referral"

/* With resourceType, id and, unless version is 0, meta. */
struct fhir_json *fhir_new_resource(const char *type, const char *id, uint64_t version, int64_t updated);
void fhir_set_instant(struct fhir_json *object, const char *name, int64_t instant); /* 0: none */
void fhir_set_period(struct fhir_json *object, const char *name, int64_t from, int64_t to);
void fhir_set_dates(struct fhir_json *object, const char *name, const char *from, const char *to);
/* {"reference": ..., "display": ...} */
struct fhir_json *fhir_new_reference(const char *reference, const char *display);
void fhir_set_reference(const struct fhir_subject *subject, struct fhir_json *object, const char *name,
                        const char *type, const char *id, const char *display);
struct fhir_json *fhir_new_coding(const char *system, const char *code, const char *display);
/* With one coding, when there is a code, and a text. NULL of nothing. */
struct fhir_json *fhir_new_concept(const char *system, const char *code, const char *display, const char *text);
/* Adds to the list object.name, which is made. */
struct fhir_json *fhir_add_to(struct fhir_json *object, const char *name, struct fhir_json *item);
void fhir_put_identifier(struct fhir_json *object, const char *system, const char *value);
void fhir_add_telecom(struct fhir_json *object, const char *system, const char *value);
/* The URI of a code system that a Referral names: "ICD-10-CM" gives "http://hl7.org/fhir/sid/icd-10-cm". */
const char *fhir_code_system(struct fhir_arena *arena, const char *system);
/* Of an identifier as a Referral holds it. */
void fhir_add_sent_identifier(struct fhir_arena *arena, struct fhir_json *object, const Fascia__Identifier *identifier);
const char *fhir_gender(Fascia__Gender gender); /* NULL: not said */
const char *fhir_priority(Fascia__Priority priority);
const char *fhir_number(struct fhir_arena *arena, uint64_t number);
const char *fhir_profession_name(const char *taxonomy); /* NULL: none of the table */
uint64_t fhir_subject_referral(const struct fhir_subject *subject);
/* Who has the referral, as far as who asks may hear; "". */
const char *fhir_subject_therapist(const struct fhir_subject *subject);

#endif
