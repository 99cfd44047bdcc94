#include "folder/source.h"

#include "folder/delivery.h"
#include "folder/memory.h"
#include "folder/status.h"

#include <stdio.h>
#include <stdlib.h>

#define DELIVERIES_MOST 64 /* the host gives one file at a time; it bounds this, too */

struct source {
    const struct fascia_host *host;
    struct folder_settings *settings;
    struct folder_delivery *deliveries[DELIVERIES_MOST];
    size_t count;
};

static enum fascia_status source_open(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                                      char *fault, size_t fault_size)
{
    Fascia__Options *values = fascia__options__unpack(NULL, options.size, options.data);
    struct folder_settings *settings;
    struct source *source;

    if (values == NULL) {
        snprintf(fault, fault_size, "the options can't be read");
        return FASCIA_E_INVALID;
    }
    settings = folder_settings_create(values, fault, fault_size);
    fascia__options__free_unpacked(values, NULL);
    if (settings == NULL)
        return FASCIA_E_INVALID;
    source = folder_allocate(sizeof *source);
    source->host = host;
    source->settings = settings;
    *instance = source;
    return FASCIA_OK;
}

static void source_close(void *instance)
{
    struct source *source = instance;

    if (source == NULL)
        return;
    while (source->count > 0)
        folder_delivery_destroy(source->deliveries[--source->count]);
    folder_settings_destroy(source->settings);
    free(source);
}

static size_t find(const struct source *source, uint64_t token)
{
    size_t at = 0;

    while (at < source->count && folder_delivery_token(source->deliveries[at]) != token)
        at++;
    return at;
}

static void forget(struct source *source, size_t at)
{
    folder_delivery_destroy(source->deliveries[at]);
    source->deliveries[at] = source->deliveries[--source->count];
}

static void complete_later(struct source *source, uint64_t token)
{
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    uint8_t packed[16];

    completion.later = true;
    source->host->complete(source->host->context, token,
                           (struct fascia_bytes){packed, fascia__completion__pack(&completion, packed)});
}

/* Working it off ended this plugin's process before: the file goes to failed/, with a result that says so. */
static void source_refuse(void *instance, uint64_t token, struct fascia_bytes message)
{
    static const char text[] = "this file can't be worked off by this node: somebody should look at it\n";
    struct source *source = instance;
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    uint8_t packed[128];

    (void)message;
    completion.failed = true;
    completion.reply = (ProtobufCBinaryData){sizeof text - 1, (uint8_t *)(uintptr_t)text};
    source->host->complete(source->host->context, token,
                           (struct fascia_bytes){packed, fascia__completion__pack(&completion, packed)});
}

static void source_deliver(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__Delivery *delivery = fascia__delivery__unpack(NULL, message.size, message.data);

    if (delivery == NULL || source->count == DELIVERIES_MOST) {
        complete_later(source, token);
    } else {
        source->deliveries[source->count++] = folder_delivery_create(source->settings, source->host, token, delivery);
        if (folder_delivery_advance(source->deliveries[source->count - 1]))
            forget(source, source->count - 1);
    }
    if (delivery != NULL)
        fascia__delivery__free_unpacked(delivery, NULL);
}

static void source_result(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    const size_t at = find(source, token);
    Fascia__SubmissionResult *result = fascia__submission_result__unpack(NULL, message.size, message.data);

    if (result != NULL && result->result != NULL && at < source->count) {
        folder_delivery_result(source->deliveries[at], result->item, result->result);
        if (folder_delivery_advance(source->deliveries[at]))
            forget(source, at);
    }
    if (result != NULL)
        fascia__submission_result__free_unpacked(result, NULL);
}

static void source_status(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__StatusNotice *notice = fascia__status_notice__unpack(NULL, message.size, message.data);
    Fascia__StatusNotice none = FASCIA__STATUS_NOTICE__INIT;
    Fascia__Outbound *outbound = folder_status_write(source->settings, notice != NULL ? notice : &none);
    const size_t size = fascia__outbound__get_packed_size(outbound);
    uint8_t *packed = folder_allocate(size);

    fascia__outbound__pack(outbound, packed);
    source->host->complete(source->host->context, token, (struct fascia_bytes){packed, size});
    free(packed);
    fascia__outbound__free_unpacked(outbound, NULL);
    if (notice != NULL)
        fascia__status_notice__free_unpacked(notice, NULL);
}

/* Nothing that this source sends is answered. */
static void source_answered(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__Verdict verdict = FASCIA__VERDICT__INIT;
    uint8_t packed[16];

    (void)message;
    verdict.kind = FASCIA__VERDICT__KIND__UNRELATED;
    source->host->complete(source->host->context, token,
                           (struct fascia_bytes){packed, fascia__verdict__pack(&verdict, packed)});
}

static void source_abandon(void *instance, uint64_t token)
{
    struct source *source = instance;
    const size_t at = find(source, token);

    if (at < source->count)
        forget(source, at);
}

const struct fascia_plugin folder_plugin = {
    .magic = FASCIA_PLUGIN_MAGIC,
    .size = sizeof(struct fascia_plugin),
    .abi_major = FASCIA_ABI_MAJOR,
    .abi_minor = FASCIA_ABI_MINOR,
    .kind = FASCIA_KIND_SOURCE,
    .transports = FASCIA_TRANSPORT_FOLDER,
    .option_count = FOLDER_OPTION_COUNT,
    .name = "folder",
    .version = FASCIA_VERSION,
    .summary = "CSV and JSON files of practices whose software can only export",
    .options = folder_options,
    .open = source_open,
    .close = source_close,
    .deliver = source_deliver,
    .result = source_result,
    .status = source_status,
    .answered = source_answered,
    .abandon = source_abandon,
    .refuse = source_refuse,
};
