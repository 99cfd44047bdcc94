#include "folder/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (memory != NULL)
        return memory;
    fputs("fascia: folder: out of memory\n", stderr);
    abort();
}

void *folder_allocate(size_t size)
{
    return must(calloc(1, size > 0 ? size : 1));
}

char *folder_text(const char *text)
{
    return must(strdup(text));
}

/* Lists grow at powers of two. */
void folder_push(void ***list, size_t *count, void *item)
{
    if ((*count & (*count - 1)) == 0)
        *list = must(realloc(*list, (*count > 0 ? 2 * *count : 1) * sizeof **list));
    (*list)[(*count)++] = item;
}
