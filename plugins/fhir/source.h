/* The FHIR source. */
#ifndef FHIR_SOURCE_H
#define FHIR_SOURCE_H

#include "fascia/plugin.h"

extern const struct fascia_plugin fhir_plugin;

#endif
