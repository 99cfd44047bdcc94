/*
 * What tells who a patient is: the values of one referral that must not be seen elsewhere.
 */
#ifndef FASCIA_CHECK_PATIENT_H
#define FASCIA_CHECK_PATIENT_H

#include "fascia/v1/referral.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

#define PATIENT_MARKERS_MOST 32

struct patient {
    struct {
        const char *what; /* "family name" */
        const char *text; /* lent by the referral */
    } markers[PATIENT_MARKERS_MOST];
    size_t count;
};

/* Only what is long enough to mean something: four bytes, six of a number. */
void patient_read(struct patient *patient, const Fascia__Referral *referral);
/* Which marker stands in the text as a word of its own, whatever its case; NULL: none. */
const char *patient_found(const struct patient *patient, const char *text, size_t size);
/* The same with the marker's own text, for looking it up elsewhere. */
const char *patient_found_text(const struct patient *patient, const char *text, size_t size);

#endif
