/* The gate before the tree: whether bytes are JSON that is taken at all. Only json.c needs this. */
#ifndef FHIR_JSON_GATE_H
#define FHIR_JSON_GATE_H

#include "fhir/json.h"

/* What can be seen without a reader: empty, a byte order mark, too large, too deep, too many values. */
bool fhir_json_scan(const uint8_t *bytes, size_t size, size_t most, struct fhir_json_fault *fault);
/* RFC 8259 by jansson, strictly. */
bool fhir_json_gate(const uint8_t *bytes, size_t size, struct fhir_json_fault *fault);

#endif
