/* Built with less than ABI 1.0 had. */
#include "zoo.h"

ZOO("small", described.size = offsetof(struct fascia_plugin, abandon))
