/* Some other struct. */
#include "zoo.h"

ZOO("wrong-magic", described.magic = 0x4f474e4du)
