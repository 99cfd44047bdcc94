/* A kind that nobody knows. */
#include "zoo.h"

ZOO("unknown-kind", described.kind = 9)
