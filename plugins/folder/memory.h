/* Memory that is there: a process that is out of it stops. Sizes are bounded by the file that is being read. */
#ifndef FOLDER_MEMORY_H
#define FOLDER_MEMORY_H

#include <stddef.h>

/* Zeroed. */
void *folder_allocate(size_t size);
char *folder_text(const char *text);
/* Adds item to a list of pointers, as protobuf-c's repeated fields are. */
void folder_push(void ***list, size_t *count, void *item);

#define FOLDER_PUSH(list, count, item)                                                                                 \
    do {                                                                                                               \
        void **folder_list = (void **)(list);                                                                          \
        folder_push(&folder_list, &(count), (item));                                                                   \
        (list) = (void *)folder_list;                                                                                  \
    } while (0)

#endif
