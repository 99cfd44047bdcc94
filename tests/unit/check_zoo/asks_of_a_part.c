/* refuse() looks into what it is shown as if it were whole, and asks for a treatment of it. */
#include "lines.h"

ANIMAL(described.refuse = lines_deliver)
