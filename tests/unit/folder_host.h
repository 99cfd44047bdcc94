/*
 * A host for the folder source in tests: keeps what is submitted, answers when told to, and checks that each token ends once.
 */
#ifndef TESTS_FOLDER_HOST_H
#define TESTS_FOLDER_HOST_H

#include "fascia/v1/plugin.pb-c.h"
#include "folder/source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_ROWS 512

struct folder_host {
    struct fascia_host host;
    void *instance;
    Fascia__Submission *submissions[HOST_ROWS];
    size_t count;
    size_t answered;
    size_t room; /* submissions that may wait; beyond it BUSY. 0: no bound */
    unsigned completed;
    Fascia__Completion *completion;
    Fascia__Outbound *outbound;
    char fault[512];
};

static inline enum fascia_status host_submit(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    struct folder_host *host = context;

    (void)delivery;
    if (host->room > 0 && host->count - host->answered >= host->room)
        return FASCIA_E_BUSY;
    if (host->count == HOST_ROWS)
        abort();
    host->submissions[host->count] = fascia__submission__unpack(NULL, bytes.size, bytes.data);
    if (host->submissions[host->count] == NULL)
        abort();
    host->count++;
    return FASCIA_OK;
}

static inline enum fascia_status host_complete(void *context, uint64_t delivery, struct fascia_bytes bytes)
{
    struct folder_host *host = context;

    if (delivery == 7)
        host->completion = fascia__completion__unpack(NULL, bytes.size, bytes.data);
    else
        host->outbound = fascia__outbound__unpack(NULL, bytes.size, bytes.data);
    if (host->completed++ > 0)
        abort();
    return FASCIA_OK;
}

static inline void host_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    (void)context;
    (void)level;
    (void)event;
    (void)number;
}

/* options: pairs of name and text, ending in NULL; "columns.X" is an entry of the map. */
static inline bool host_open(struct folder_host *host, const char *const *options)
{
    Fascia__Options message = FASCIA__OPTIONS__INIT;
    Fascia__OptionValue values[16];
    Fascia__OptionValue *list[16];
    Fascia__OptionMap map = FASCIA__OPTION_MAP__INIT;
    Fascia__OptionMap__EntriesEntry entries[16];
    Fascia__OptionMap__EntriesEntry *entry_list[16];
    uint8_t packed[8192];
    size_t size;

    memset(host, 0, sizeof *host);
    host->host = (struct fascia_host){.size = sizeof host->host,
                                      .abi_major = FASCIA_ABI_MAJOR,
                                      .context = host,
                                      .submit = host_submit,
                                      .complete = host_complete,
                                      .log = host_log};
    message.values = list;
    map.entries = entry_list;
    for (; *options != NULL; options += 2) {
        char *name = (char *)(uintptr_t)options[0];
        char *text = (char *)(uintptr_t)options[1];
        if (strncmp(name, "columns.", 8) == 0) {
            fascia__option_map__entries_entry__init(&entries[map.n_entries]);
            entries[map.n_entries].key = name + 8;
            entries[map.n_entries].value = text;
            entry_list[map.n_entries] = &entries[map.n_entries];
            map.n_entries++;
            continue;
        }
        Fascia__OptionValue *value = &values[message.n_values];
        fascia__option_value__init(value);
        value->name = name;
        if (strcmp(name, "window") == 0 || strcmp(name, "maximum_rows") == 0) {
            value->value_case = FASCIA__OPTION_VALUE__VALUE_NUMBER;
            value->number = atoi(text);
        } else if (strcmp(text, "false") == 0) {
            value->value_case = FASCIA__OPTION_VALUE__VALUE_FLAG;
        } else {
            value->value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
            value->text = text;
        }
        list[message.n_values++] = value;
    }
    if (map.n_entries > 0) {
        Fascia__OptionValue *value = &values[message.n_values];
        char columns[] = "columns";
        fascia__option_value__init(value);
        value->name = columns;
        value->value_case = FASCIA__OPTION_VALUE__VALUE_MAP;
        value->map = &map;
        list[message.n_values++] = value;
        size = fascia__options__pack(&message, packed);
    } else {
        size = fascia__options__pack(&message, packed);
    }
    return folder_plugin.open(&host->host, (struct fascia_bytes){packed, size}, &host->instance, host->fault,
                              sizeof host->fault) == FASCIA_OK;
}

static inline void host_deliver(struct folder_host *host, const char *name, const void *bytes, size_t size)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;
    uint8_t *packed;
    size_t packed_size;

    delivery.payload = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
    delivery.file_name = (char *)(uintptr_t)name;
    packed_size = fascia__delivery__get_packed_size(&delivery);
    packed = malloc(packed_size);
    fascia__delivery__pack(&delivery, packed);
    folder_plugin.deliver(host->instance, 7, (struct fascia_bytes){packed, packed_size});
    free(packed);
}

/* Answers the submission with this number. */
static inline void host_answer(struct folder_host *host, size_t number, Fascia__Result *result)
{
    Fascia__SubmissionResult message = FASCIA__SUBMISSION_RESULT__INIT;
    uint8_t packed[8192];

    message.item = host->submissions[number]->item;
    message.result = result;
    host->answered++;
    folder_plugin.result(host->instance, 7,
                         (struct fascia_bytes){packed, fascia__submission_result__pack(&message, packed)});
}

/* Answers all that came and comes, as taken. */
static inline void host_answer_all(struct folder_host *host)
{
    for (size_t i = host->answered; i < host->count; i++) {
        Fascia__Result result = FASCIA__RESULT__INIT;
        result.referral = 100 + i;
        result.state = FASCIA__STATE__STATE_MATCHING;
        host_answer(host, i, &result);
    }
}

/* The file of results as text. */
static inline const char *host_reply(struct folder_host *host)
{
    static char text[65536];

    if (host->completion == NULL || host->completion->reply.len >= sizeof text)
        return "(not completed)";
    memcpy(text, host->completion->reply.data, host->completion->reply.len);
    text[host->completion->reply.len] = '\0';
    return text;
}

static inline void host_close(struct folder_host *host)
{
    if (host->instance != NULL)
        folder_plugin.close(host->instance);
    for (size_t i = 0; i < host->count; i++)
        fascia__submission__free_unpacked(host->submissions[i], NULL);
    if (host->completion != NULL)
        fascia__completion__free_unpacked(host->completion, NULL);
    if (host->outbound != NULL)
        fascia__outbound__free_unpacked(host->outbound, NULL);
    memset(host, 0, sizeof *host);
}

#endif
