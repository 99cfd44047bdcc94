/* A source that nothing can be brought to. */
#include "zoo.h"

ZOO("no-transport", described.transports = 0)
