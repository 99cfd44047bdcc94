/* Takes no streams, so it needs no frame(). */
#include "zoo.h"

ZOO("folder-only", (described.frame = NULL, described.transports = FASCIA_TRANSPORT_FOLDER))
