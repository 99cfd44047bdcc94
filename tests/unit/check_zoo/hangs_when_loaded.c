/* Never tells what it is. */
#include "lines.h"

static void wait_forever(void)
{
    volatile bool forever = true;

    while (forever)
        ;
}

ANIMAL(wait_forever())
