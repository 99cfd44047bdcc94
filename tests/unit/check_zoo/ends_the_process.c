/* Gives up altogether when it is refused. */
#include "lines.h"

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    if (strcmp(lines_word(bytes), "NO") == 0)
        exit(0);
    lines_result(instance, token, bytes);
}

ANIMAL(described.result = result)
