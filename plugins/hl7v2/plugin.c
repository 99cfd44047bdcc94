#include "hl7v2/source.h"

const struct fascia_plugin *fascia_plugin(void)
{
    return &hl7_source;
}
