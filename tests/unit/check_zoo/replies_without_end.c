/* Its replies are no whole lines. */
#include "lines.h"

static void result(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    const char *word = lines_word(bytes);

    completion.reply = (ProtobufCBinaryData){strlen(word), (uint8_t *)(uintptr_t)word};
    lines_forget(lines_find(instance, token));
    lines_end(instance, token, &completion.base);
}

ANIMAL(described.result = result)
