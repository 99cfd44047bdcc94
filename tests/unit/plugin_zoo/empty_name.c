/* No name. */
#include "zoo.h"

ZOO("", (void)0)
