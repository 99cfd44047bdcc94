#include "fhir/source.h"

const struct fascia_plugin *fascia_plugin(void)
{
    return &fhir_plugin;
}
