/* What an operator says of a FHIR source. */
#ifndef FHIR_SETTINGS_H
#define FHIR_SETTINGS_H

#include "fascia/plugin.h"
#include "fascia/v1/plugin.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

struct fhir_settings {
    char *publisher;
    uint32_t page_default, page_most;
    bool performer_is_therapist;
    size_t body_bytes; /* as the routes take */
};

#define FHIR_OPTION_COUNT 4
#define FHIR_BODY_BYTES   (8u << 20)
extern const struct fascia_option fhir_options[FHIR_OPTION_COUNT];

/* false, and fault says what can't be. */
bool fhir_settings_init(struct fhir_settings *settings, const Fascia__Options *options, char *fault, size_t fault_size);
void fhir_settings_finish(struct fhir_settings *settings);

#endif
