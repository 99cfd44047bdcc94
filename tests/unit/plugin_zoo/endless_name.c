/* A name that is too long. */
#include "zoo.h"

ZOO("a-name-that-is-one-byte-longer-xy", (void)0)
