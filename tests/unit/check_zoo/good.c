/* Nothing is wrong with it. */
#include "lines.h"

ANIMAL((void)0)
