/* A name with a capital and a blank. */
#include "zoo.h"

ZOO("Bad name", (void)0)
