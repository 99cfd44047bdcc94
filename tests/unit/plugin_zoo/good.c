/* Nothing is wrong with it. */
#include "zoo.h"

ZOO("good", (void)0)
