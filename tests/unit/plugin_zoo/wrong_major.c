/* Built for an ABI that is not this one. */
#include "zoo.h"

ZOO("wrong-major", described.abi_major = 2)
