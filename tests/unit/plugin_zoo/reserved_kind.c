/* A kind that has a number and nothing more yet. */
#include "zoo.h"

ZOO("reserved-kind", described.kind = FASCIA_KIND_POLICY)
