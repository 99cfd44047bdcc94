/*
 * What FHIR R4 says of the resources that a referral is made of: which elements there are, of which type, how many, and which codes where the standard allows no
 * others. Every fault is found, not only the first.
 */
#ifndef FHIR_SCHEMA_H
#define FHIR_SCHEMA_H

#include "fhir/outcome.h"

struct fhir_element {
    const char *type; /* "CodeableConcept" "code" "Resource" "Patient.communication"; not ended by NUL */
    size_t type_size;
    const char *codes; /* of a code with a required binding: "active,on-hold": not ended by NUL; NULL */
    size_t codes_size;
    bool many, required;
};

/* The element of a type ("Patient", "HumanName", "Timing.repeat") by the name that it has in JSON; of a choice by the name with its type ("valueString").
 * false: the standard has none. */
bool fhir_schema_find(const char *type, const char *name, struct fhir_element *element);
/* Whether the elements of this type are known here. */
bool fhir_schema_knows(const char *type);

/* Checks a resource and all inside it; issues carry the places' paths. Elements that FHIR has not are warned of, for they are kept. */
void fhir_schema_check(struct fhir_arena *arena, struct fhir_place *resource, struct fhir_issues *issues);

/* How the elements of a type are written down: "name:Type" with '!' required, '*' many, '+' many and at least one, "(a,b)" its codes, "name[x]:A|B" a choice. */
struct fhir_schema_row {
    const char *type, *elements;
};
extern const struct fhir_schema_row fhir_schema_types[];     /* data types, and what they are made of */
extern const struct fhir_schema_row fhir_schema_resources[]; /* resources, and their backbones: those with a dot */
extern const size_t fhir_schema_type_count, fhir_schema_resource_count;

#endif
