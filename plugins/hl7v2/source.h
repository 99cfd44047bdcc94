/*
 * The source behind <fascia/plugin.h>: what the plugin exports, apart from its symbol, so that tests can hold two plugins at once.
 */
#ifndef HL7V2_SOURCE_H
#define HL7V2_SOURCE_H

#include "fascia/plugin.h"

extern const struct fascia_plugin hl7_source;

#endif
