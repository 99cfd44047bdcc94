/* Ends deliveries from a thread of its own. */
#include "lines.h"

#include <pthread.h>

struct ending {
    struct lines *lines;
    uint64_t token;
};

static void *end(void *context)
{
    struct ending *ending = context;

    lines_reply(ending->lines, ending->token, "OK", "");
    return NULL;
}

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    struct ending ending = {instance, token};
    pthread_t thread;

    (void)bytes;
    lines_forget(lines_find(instance, token));
    if (pthread_create(&thread, NULL, end, &ending) == 0)
        pthread_join(thread, NULL);
}

ANIMAL(described.result = result)
