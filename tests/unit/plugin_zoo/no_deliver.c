/* Nothing can be delivered to it. */
#include "zoo.h"

ZOO("no-deliver", described.deliver = NULL)
