/*
 * A host for the hl7v2 source in tests: keeps what it is given, and checks that each token ends once.
 */
#ifndef TESTS_HL7V2_HOST_H
#define TESTS_HL7V2_HOST_H

#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_host {
    struct fascia_host host;
    void *instance;
    enum fascia_status submit_status;
    unsigned submitted, completed;
    uint64_t token; /* of the last completion */
    uint8_t *submission, *ending;
    size_t submission_size, ending_size;
    unsigned logged;
    char last_event[80];
};

static inline uint8_t *test_copy(struct fascia_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size > 0 ? bytes.size : 1);

    if (copy == NULL)
        abort();
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return copy;
}

static inline enum fascia_status test_submit(void *context, uint64_t delivery, struct fascia_bytes submission)
{
    struct test_host *host = context;

    (void)delivery;
    if (host->submit_status != FASCIA_OK)
        return host->submit_status;
    host->submitted++;
    free(host->submission);
    host->submission = test_copy(submission);
    host->submission_size = submission.size;
    return FASCIA_OK;
}

static inline enum fascia_status test_complete(void *context, uint64_t delivery, struct fascia_bytes ending)
{
    struct test_host *host = context;

    host->completed++;
    host->token = delivery;
    free(host->ending);
    host->ending = test_copy(ending);
    host->ending_size = ending.size;
    return FASCIA_OK;
}

static inline void test_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    struct test_host *host = context;

    (void)level;
    (void)number;
    host->logged++;
    snprintf(host->last_event, sizeof host->last_event, "%s", event);
}

static inline int64_t test_now(void *context)
{
    (void)context;
    return INT64_C(1795420800000); /* 2026-11-23T08:00:00Z */
}

static inline void test_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 7);
}

/* options: NULL for none. Returns what open() said. */
static inline enum fascia_status test_host_open(struct test_host *host, const Fascia__Options *options, char *fault,
                                                size_t fault_size)
{
    Fascia__Options none = FASCIA__OPTIONS__INIT;
    enum fascia_status status;
    uint8_t *packed;
    size_t size;

    memset(host, 0, sizeof *host);
    host->host = (struct fascia_host){.size = sizeof(struct fascia_host),
                                      .abi_major = FASCIA_ABI_MAJOR,
                                      .abi_minor = FASCIA_ABI_MINOR,
                                      .context = host,
                                      .submit = test_submit,
                                      .complete = test_complete,
                                      .log = test_log,
                                      .now = test_now,
                                      .random = test_random};
    if (options == NULL)
        options = &none;
    size = fascia__options__get_packed_size(options);
    packed = malloc(size + 1);
    if (packed == NULL)
        abort();
    fascia__options__pack(options, packed);
    status = hl7_source.open(&host->host, (struct fascia_bytes){packed, size}, &host->instance, fault, fault_size);
    free(packed);
    return status;
}

/* Options as a host would make them: "name=value" texts of one sender, and of the source itself. */
enum { TEST_OPTIONS = 24 };
struct test_options {
    Fascia__OptionValue values[TEST_OPTIONS], *list[TEST_OPTIONS];
    char texts[TEST_OPTIONS][100];
    size_t count;
    Fascia__Options options;
};

static inline void test_add_option(struct test_options *set, const char *assignment)
{
    Fascia__OptionValue *value = &set->values[set->count];
    char *text = set->texts[set->count], *equals;

    snprintf(text, sizeof set->texts[0], "%s", assignment);
    equals = strchr(text, '=');
    if (equals == NULL || set->count == TEST_OPTIONS - 1)
        abort();
    *equals = '\0';
    fascia__option_value__init(value);
    value->name = text;
    value->value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
    value->text = equals + 1;
    set->list[set->count++] = value;
    fascia__options__init(&set->options);
    set->options.values = set->list;
    set->options.n_values = set->count;
}

/* Lists end with NULL. sender NULL: none is configured. */
static inline enum fascia_status test_host_open_with(struct test_host *host, const char *const *source,
                                                     const char *const *sender, char *fault, size_t size)
{
    static struct test_options top, inner;
    static Fascia__OptionList list;
    static Fascia__Options *items[1];

    memset(&top, 0, sizeof top);
    memset(&inner, 0, sizeof inner);
    fascia__options__init(&top.options);
    for (; *source != NULL; source++)
        test_add_option(&top, *source);
    if (sender != NULL) {
        Fascia__OptionValue *value = &top.values[top.count];
        for (; *sender != NULL; sender++)
            test_add_option(&inner, *sender);
        fascia__option_list__init(&list);
        items[0] = &inner.options;
        list.items = items;
        list.n_items = 1;
        fascia__option_value__init(value);
        value->name = (char *)"senders";
        value->value_case = FASCIA__OPTION_VALUE__VALUE_LIST;
        value->list = &list;
        top.list[top.count++] = value;
        top.options.values = top.list;
        top.options.n_values = top.count;
    }
    return test_host_open(host, &top.options, fault, size);
}

static inline void test_host_close(struct test_host *host)
{
    if (host->instance != NULL)
        hl7_source.close(host->instance);
    free(host->submission);
    free(host->ending);
    memset(host, 0, sizeof *host);
}

static inline void test_deliver(struct test_host *host, uint64_t token, const void *bytes, size_t size)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;
    uint8_t *packed;
    size_t packed_size;

    delivery.payload = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
    delivery.connection = 1;
    packed_size = fascia__delivery__get_packed_size(&delivery);
    packed = malloc(packed_size + 1);
    if (packed == NULL)
        abort();
    fascia__delivery__pack(&delivery, packed);
    hl7_source.deliver(host->instance, token, (struct fascia_bytes){packed, packed_size});
    free(packed);
}

static inline void test_result(struct test_host *host, uint64_t token, Fascia__Result *result)
{
    Fascia__SubmissionResult message = FASCIA__SUBMISSION_RESULT__INIT;
    uint8_t *packed;
    size_t size;

    message.result = result;
    size = fascia__submission_result__get_packed_size(&message);
    packed = malloc(size + 1);
    if (packed == NULL)
        abort();
    fascia__submission_result__pack(&message, packed);
    hl7_source.result(host->instance, token, (struct fascia_bytes){packed, size});
    free(packed);
}

/* The reply of the last completion as text that ends in NUL; the caller frees it. */
static inline char *test_reply(const struct test_host *host)
{
    Fascia__Completion *completion = fascia__completion__unpack(NULL, host->ending_size, host->ending);
    char *text;

    if (completion == NULL)
        return NULL;
    text = calloc(1, completion->reply.len + 1);
    if (text == NULL)
        abort();
    if (completion->reply.len > 0)
        memcpy(text, completion->reply.data, completion->reply.len);
    fascia__completion__free_unpacked(completion, NULL);
    return text;
}

static inline Fascia__Submission *test_submission(const struct test_host *host)
{
    return fascia__submission__unpack(NULL, host->submission_size, host->submission);
}

/* A file of plugins/hl7v2/samples; the caller frees it. */
static inline char *test_sample(const char *name, size_t *size)
{
    char path[4096];
    char *bytes;
    FILE *file;
    long end;

    snprintf(path, sizeof path, "%s/plugins/hl7v2/samples/%s", FASCIA_SOURCE, name);
    file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0) {
        fprintf(stderr, "no sample %s\n", path);
        abort();
    }
    rewind(file);
    bytes = calloc(1, (size_t)end + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)end, file) != (size_t)end)
        abort();
    fclose(file);
    *size = (size_t)end;
    return bytes;
}

#endif
