#include "fhir/source.h"

#include "fhir/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
    const struct fascia_host *host;
    struct fhir_settings settings;
    struct fhir_exchange *exchanges[FHIR_EXCHANGES_MOST];
    size_t count;
};

static enum fascia_status source_open(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                                      char *fault, size_t fault_size)
{
    Fascia__Options *values;
    struct source *source;
    bool good;

    if (!FASCIA_HAS(host, ask)) {
        snprintf(fault, fault_size, "this source needs a host of ABI 1.3, which serves HTTP");
        return FASCIA_E_INVALID;
    }
    values = fascia__options__unpack(NULL, options.size, options.data);
    if (values == NULL) {
        snprintf(fault, fault_size, "the options can't be read");
        return FASCIA_E_INVALID;
    }
    source = fhir_allocate(sizeof *source);
    memset(source, 0, sizeof *source);
    source->host = host;
    good = fhir_settings_init(&source->settings, values, fault, fault_size);
    fascia__options__free_unpacked(values, NULL);
    if (!good) {
        free(source);
        return FASCIA_E_INVALID;
    }
    *instance = source;
    return FASCIA_OK;
}

static void source_close(void *instance)
{
    struct source *source = instance;

    if (source == NULL)
        return;
    while (source->count > 0)
        fhir_exchange_destroy(source->exchanges[--source->count]);
    fhir_settings_finish(&source->settings);
    free(source);
}

static size_t find(const struct source *source, uint64_t token)
{
    size_t at = 0;

    while (at < source->count && fhir_exchange_token(source->exchanges[at]) != token)
        at++;
    return at;
}

static void forget(struct source *source, size_t at)
{
    fhir_exchange_destroy(source->exchanges[at]);
    source->exchanges[at] = source->exchanges[--source->count];
}

/* With no exchange: the source is full, or the host's message can't be read. */
static void reply_plainly(struct source *source, uint64_t token)
{
    static const char body[] = "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":"
                               "\"transient\",\"details\":{\"text\":\"too many requests are open: try again\"}}]}";
    Fascia__HttpReply reply = FASCIA__HTTP_REPLY__INIT;
    Fascia__HttpField fields[2] = {FASCIA__HTTP_FIELD__INIT, FASCIA__HTTP_FIELD__INIT};
    Fascia__HttpField *list[2] = {&fields[0], &fields[1]};
    uint8_t packed[512];

    reply.status = 503;
    fields[0].name = "content-type";
    fields[0].value = "application/fhir+json; charset=utf-8";
    fields[1].name = "retry-after";
    fields[1].value = "5";
    reply.fields = list;
    reply.n_fields = 2;
    reply.body = (ProtobufCBinaryData){sizeof body - 1, (uint8_t *)(uintptr_t)body};
    source->host->complete(source->host->context, token,
                           (struct fascia_bytes){packed, fascia__http_reply__pack(&reply, packed)});
}

static void source_request(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__HttpRequest *request = fascia__http_request__unpack(NULL, message.size, message.data);
    struct fhir_exchange *exchange;

    if (request == NULL || source->count == FHIR_EXCHANGES_MOST) {
        reply_plainly(source, token);
        if (request != NULL)
            fascia__http_request__free_unpacked(request, NULL);
        return;
    }
    exchange = fhir_exchange_create(source->host, &source->settings, token, request);
    source->exchanges[source->count++] = exchange;
    if (fhir_exchange_begin(exchange))
        forget(source, source->count - 1);
}

static void source_answer(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    const size_t at = find(source, token);
    Fascia__Answer *answer = fascia__answer__unpack(NULL, message.size, message.data);

    if (answer == NULL)
        return;
    if (at < source->count && fhir_exchange_answer(source->exchanges[at], answer))
        forget(source, at);
    fascia__answer__free_unpacked(answer, NULL);
}

static void source_abandon(void *instance, uint64_t token)
{
    struct source *source = instance;
    const size_t at = find(source, token);

    if (at < source->count)
        forget(source, at);
}

/* Senders by FHIR ask for the Task, or search; nothing is sent to them. */
static void source_status(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct source *source = instance;
    Fascia__Outbound outbound = FASCIA__OUTBOUND__INIT;
    uint8_t packed[16];

    (void)message;
    outbound.kind = FASCIA__OUTBOUND__KIND__NOTHING;
    source->host->complete(source->host->context, token,
                           (struct fascia_bytes){packed, fascia__outbound__pack(&outbound, packed)});
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

static const struct fascia_route routes[] = {
    {.size = sizeof(struct fascia_route),
     .body_bytes = FHIR_BODY_BYTES,
     .methods = "GET POST PUT PATCH DELETE" /* of HEAD the host asks GET */,
     .path = "/*"},
};

const struct fascia_plugin fhir_plugin = {
    .magic = FASCIA_PLUGIN_MAGIC,
    .size = sizeof(struct fascia_plugin),
    .abi_major = FASCIA_ABI_MAJOR,
    .abi_minor = FASCIA_ABI_MINOR,
    .kind = FASCIA_KIND_SOURCE,
    .transports = FASCIA_TRANSPORT_HTTP,
    .option_count = FHIR_OPTION_COUNT,
    .name = "fhir",
    .version = FASCIA_VERSION,
    .summary = "FHIR R4: referrals as ServiceRequest and Task, therapists as Practitioner, over HTTP",
    .options = fhir_options,
    .open = source_open,
    .close = source_close,
    .request = source_request,
    .answer = source_answer,
    .status = source_status,
    .answered = source_answered,
    .abandon = source_abandon,
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
};
