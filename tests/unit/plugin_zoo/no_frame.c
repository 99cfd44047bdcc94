/* Takes streams and can not frame them. */
#include "zoo.h"

ZOO("no-frame", described.frame = NULL)
