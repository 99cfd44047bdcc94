/*
 * The folder of a source: one file at a time is one delivery; its result is on the disk before the file moves on.
 */
#include "io/log.h"
#include "node/source.h"

#include <stdlib.h>
#include <string.h>

#define FILE_LATER_MS 2000

struct file_delivery {
    struct ending ending;
    struct source *source;
};

static void file_ended(struct ending *ending, const ProtobufCMessage *message)
{
    struct file_delivery *delivery = (struct file_delivery *)ending;
    const Fascia__Completion *completion = (const Fascia__Completion *)message;
    struct source *source = delivery->source;
    struct fault fault = {{0}};

    free(delivery);
    if (source->folder == NULL)
        return;
    /* Rows that were taken already are recognised when the file comes again. */
    if (completion == NULL || completion->later) {
        io_folder_later(source->folder, FILE_LATER_MS);
        return;
    }
    /* What could not be written or moved comes again by itself. */
    if (!io_folder_done(source->folder, completion->failed, completion->reply.data, completion->reply.len, &fault))
        LOG(LOG_LEVEL_ERROR, "source.result-not-written", LOG_CONFIGURED("source", source->config->name),
            LOG_FAULT(fault.text));
}

static void file_came(void *context, struct io_folder *folder, const char *name, const uint8_t *bytes, size_t size)
{
    struct source *source = context;
    struct file_delivery *delivery = calloc(1, sizeof *delivery);
    Fascia__Delivery message = FASCIA__DELIVERY__INIT;

    INVARIANT(delivery != NULL);
    delivery->ending.ended = file_ended;
    delivery->source = source;
    message.payload.data = (uint8_t *)(uintptr_t)bytes;
    message.payload.len = size;
    message.received = io_now();
    message.file_name = (char *)(uintptr_t)name;
    if (plugin_deliver(source->instance, &message, &delivery->ending) == 0) {
        free(delivery);
        io_folder_later(folder, FILE_LATER_MS);
        return;
    }
    source->files++;
    source_touch_expiry(source);
}

bool folder_source_start(struct source *source, struct fault *fault)
{
    const struct config_folder *wanted = &source->config->folder;
    const struct io_folder_settings settings = {.path = wanted->path,
                                                .settle_ms = wanted->settle_ms,
                                                .scan_ms = wanted->scan_ms,
                                                .maximum_bytes = wanted->maximum_bytes};
    const struct io_folder_handler handler = {.context = source, .file = file_came};

    source->folder = io_folder_watch(source->loop, &settings, &handler, fault);
    if (source->folder == NULL) {
        fault_prefix(fault, "source %s", source->config->name);
        return false;
    }
    LOG(LOG_LEVEL_INFO, "source.watching", LOG_CONFIGURED("source", source->config->name),
        LOG_CONFIGURED("folder", wanted->path));
    return true;
}
