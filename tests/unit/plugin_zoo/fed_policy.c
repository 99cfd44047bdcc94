/* A policy that says that it can be fed. */
#include "zoo.h"

ZOO("fed-policy", described.kind = FASCIA_KIND_POLICY)
