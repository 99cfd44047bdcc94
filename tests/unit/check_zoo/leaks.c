/* Forgets a little memory with every result. */
#include "lines.h"

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    char *volatile lost = malloc(40);

    lost[0] = 'x';
    lost = NULL;
    lines_result(instance, token, bytes);
}

ANIMAL(described.result = result)
