/*
 * batch and transaction: each entry is a call of its own, one after another, but for those that a referral is made of, which are one. A transaction may write one
 * thing: two can't be promised together.
 */
#include "fhir/work.h"

#include "fhir/encode.h"

#include <stdio.h>
#include <string.h>

struct entry {
    const struct fhir_json *json, *resource;
    const char *method, *url; /* "" : none */
    struct fhir_call *call;   /* NULL: a part of another's */
    bool writes;
};
struct batch {
    struct fhir_call *call;
    bool transaction;
    struct fhir_decoded *decoded; /* NULL: there is no referral in it */
    struct entry *entries;
    size_t count, at;
    bool running, stopped;
};

/* ---- reading the Bundle ------------------------------------------------------------------------------------------------- */

static const char *text_of(const struct fhir_json *object, const char *name)
{
    const char *text = fhir_json_text_of(object, name);

    return text != NULL ? text : "";
}

static bool is_type(const struct fhir_json *resource, const char *type)
{
    return strcmp(text_of(resource, "resourceType"), type) == 0;
}

/* "ServiceRequest?status=active", or with the server's own address before it. */
static const char *local_url(const struct fhir_call *call, const char *url)
{
    const size_t length = strlen(fhir_url(call));

    if (strncmp(url, fhir_url(call), length) == 0 && url[length] == '/')
        url += length + 1;
    return url[0] == '/' ? url + 1 : url;
}

static bool is_write(const char *method)
{
    return method[0] != '\0' && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static bool read_entries(struct fhir_call *call, struct batch *batch, const struct fhir_json *bundle)
{
    const struct fhir_json *list = fhir_json_get(bundle, "entry");

    batch->count = fhir_json_size(list);
    if (batch->count > FHIR_ENTRIES_MOST) {
        fhir_fail(call, 413, "too-long", "Bundle.entry", "at most %d entries are taken at one time", FHIR_ENTRIES_MOST);
        return false;
    }
    batch->entries = fhir_arena_take(call->arena, (batch->count + 1) * sizeof *batch->entries);
    for (size_t i = 0; i < batch->count; i++) {
        struct entry *entry = &batch->entries[i];
        const struct fhir_json *request;
        entry->json = fhir_json_item(list, i);
        entry->resource = fhir_json_get(entry->json, "resource");
        request = fhir_json_get(entry->json, "request");
        entry->method = text_of(request, "method");
        entry->url = local_url(call, text_of(request, "url"));
        entry->writes = is_write(entry->method);
        if (entry->method[0] != '\0')
            continue;
        fhir_fail(call, 400, "required", fhir_arena_format(call->arena, "Bundle.entry[%zu].request.method", i),
                  "an entry of a batch or transaction says what is to be done with it: request.method and request.url");
        return false;
    }
    return true;
}

static bool has_referral(const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (is_type(batch->entries[i].resource, "ServiceRequest") && strcmp(batch->entries[i].method, "POST") == 0)
            return true;
    return false;
}

static bool decode(struct fhir_call *call, struct batch *batch)
{
    const Fascia__Principal *principal = fhir_request(call)->principal;
    const struct fhir_decode_settings settings = {.sender = principal->sender[0] != '\0' ? principal->sender
                                                                                         : principal->account,
                                                  .message_id = fhir_request(call)->id,
                                                  .performer_is_therapist = fhir_settings(call)->performer_is_therapist,
                                                  .most = fhir_settings(call)->body_bytes};

    if (!has_referral(batch))
        return true;
    batch->decoded = fhir_arena_take(call->arena, sizeof *batch->decoded);
    fhir_decode(call->arena, &settings, call->body, batch->decoded);
    (void)fhir_own(call, batch->decoded->json);
    if (batch->decoded->issues.errors == 0 || !batch->transaction)
        return true;
    call->issues = batch->decoded->issues;
    fhir_end_issues(call, 0);
    return false;
}

static struct fhir_asked *asked_of(const struct batch *batch, size_t entry)
{
    for (size_t i = 0; batch->decoded != NULL && i < batch->decoded->count; i++)
        if (batch->decoded->asked[i]->entry == entry)
            return batch->decoded->asked[i];
    return NULL;
}

/* What only says more of a referral in the same Bundle. */
static bool is_part(const struct batch *batch, size_t at)
{
    const struct entry *entry = &batch->entries[at];

    return batch->decoded != NULL && strcmp(entry->method, "POST") == 0 && entry->resource != NULL &&
           !is_type(entry->resource, "ServiceRequest");
}

/* ---- running it --------------------------------------------------------------------------------------------------------- */

static void run(struct batch *batch);

static void done(struct fhir_call *entry)
{
    struct batch *batch = entry->exchange_state;

    if (batch->transaction && entry->reply.status >= 400)
        batch->stopped = true;
    if (!batch->running)
        run(batch);
}

static struct fhir_call *make_call(struct batch *batch, const struct entry *entry)
{
    struct fhir_call *call = fhir_call_create(batch->call->exchange);
    const struct fhir_json *request = fhir_json_get(entry->json, "request");
    const char *mark = strchr(entry->url, '?');
    const size_t size = mark != NULL ? (size_t)(mark - entry->url) : strlen(entry->url);
    char fault[FHIR_QUERY_FAULT_BYTES];

    call->method = entry->method;
    call->path = fhir_arena_format(call->arena, "/%.*s", (int)size, entry->url);
    call->prefer = batch->call->prefer;
    call->if_match = fhir_json_text_of(request, "ifMatch");
    call->if_none_match = fhir_json_text_of(request, "ifNoneMatch");
    call->if_none_exist = fhir_json_text_of(request, "ifNoneExist");
    call->resource = entry->resource;
    call->done = done;
    call->exchange_state = batch;
    if (mark != NULL && !fhir_query_read(call->arena, mark + 1, strlen(mark + 1), &call->query, fault))
        fhir_fail(call, 400, "invalid", "", "%s", fault);
    return call;
}

static void begin_entry(struct batch *batch, size_t at)
{
    struct entry *entry = &batch->entries[at];
    struct fhir_asked *asked = asked_of(batch, at);

    if (is_part(batch, at))
        return;
    entry->call = make_call(batch, entry);
    if (entry->call->ended)
        return;
    entry->call->asked = asked;
    if (asked != NULL && asked->submit == NULL) {
        entry->call->issues = asked->issues;
        fhir_end_issues(entry->call, 0);
        return;
    }
    if (strcmp(entry->method, "PATCH") == 0) {
        fhir_fail(entry->call, 422, "not-supported", "", "a PATCH is sent alone, as application/json-patch+json");
        return;
    }
    fhir_call_begin(entry->call);
}

/* ---- the answer --------------------------------------------------------------------------------------------------------- */

static const char *status_text(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } texts[] = {{200, "200 OK"},
                 {201, "201 Created"},
                 {304, "304 Not Modified"},
                 {400, "400 Bad Request"},
                 {403, "403 Forbidden"},
                 {404, "404 Not Found"},
                 {409, "409 Conflict"},
                 {410, "410 Gone"},
                 {412, "412 Precondition Failed"},
                 {422, "422 Unprocessable Entity"},
                 {503, "503 Service Unavailable"}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].status == status)
            return texts[i].text;
    return NULL;
}

static void write_entry(struct batch *batch, const struct entry *entry, struct fhir_json *bundle)
{
    struct fhir_json *written = fhir_add_to(bundle, "entry", fhir_json_new_object());
    const struct fhir_reply *reply = entry->call != NULL ? &entry->call->reply : NULL;
    struct fhir_json *response;
    char number[16];

    if (reply == NULL) { /* it is kept within the referral */
        response = fhir_json_set(written, "response", fhir_json_new_object());
        fhir_json_set_text(response, "status", "200 OK");
        return;
    }
    if (reply->body != NULL && reply->status < 400)
        fhir_json_set(written, "resource", fhir_json_copy(reply->body));
    response = fhir_json_set(written, "response", fhir_json_new_object());
    snprintf(number, sizeof number, "%u", reply->status);
    fhir_json_set_text(response, "status", status_text(reply->status) != NULL ? status_text(reply->status) : number);
    fhir_json_set_text(response, "location", reply->location);
    fhir_json_set_text(response, "etag", reply->etag);
    fhir_set_instant(response, "lastModified", reply->modified);
    if (reply->body != NULL && reply->status >= 400)
        fhir_json_set(response, "outcome", fhir_json_copy(reply->body));
    (void)batch;
}

static void end(struct batch *batch)
{
    struct fhir_json *bundle =
        fhir_new_bundle(batch->call, batch->transaction ? "transaction-response" : "batch-response");

    for (size_t i = 0; i < batch->count; i++)
        write_entry(batch, &batch->entries[i], bundle);
    fhir_end(batch->call, 200, bundle);
}

/* A transaction that failed is answered as its entry would have been alone. */
static void end_stopped(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct fhir_call *failed = batch->entries[i].call;
        if (failed == NULL || !failed->ended || failed->reply.status < 400)
            continue;
        batch->call->reply.retry_after = failed->reply.retry_after;
        batch->call->reply.challenge = failed->reply.challenge;
        fhir_end(batch->call, failed->reply.status, fhir_json_copy(failed->reply.body));
        return;
    }
}

/* What writes comes before what reads (R4, 3.1.0.11.2): twice the count of steps. */
static void run(struct batch *batch)
{
    batch->running = true;
    while (batch->at < batch->count * 2 && !batch->stopped) {
        const size_t at = batch->at % batch->count;
        const bool writes = batch->at++ < batch->count;
        if (batch->entries[at].writes != writes)
            continue;
        begin_entry(batch, at);
        if (batch->entries[at].call != NULL && !batch->entries[at].call->ended) {
            batch->running = false;
            return;
        }
    }
    batch->running = false;
    if (batch->stopped)
        end_stopped(batch);
    else
        end(batch);
}

/* Whether no more than one thing is written: all that a transaction can promise. */
static bool is_one(struct fhir_call *call, const struct batch *batch)
{
    size_t writes = 0;

    for (size_t i = 0; i < batch->count; i++)
        writes += batch->entries[i].writes && !is_part(batch, i);
    if (!batch->transaction || writes <= 1)
        return true;
    fhir_fail(call, 422, "not-supported", "Bundle.entry",
              "several changes can't be made all or none: send them as a batch, or one transaction each");
    return false;
}

void fhir_work_batch(struct fhir_call *call)
{
    struct batch *batch = fhir_arena_take(call->arena, sizeof *batch);
    struct fhir_json_fault fault;
    const struct fhir_json *bundle =
        fhir_own(call, fhir_json_parse(call->body.data, call->body.size, fhir_settings(call)->body_bytes, &fault));

    if (bundle == NULL) {
        fhir_issue_json(&call->issues, &fault);
        fhir_end_issues(call, 0);
        return;
    }
    batch->call = call;
    batch->transaction = strcmp(text_of(bundle, "type"), "transaction") == 0;
    if (!is_type(bundle, "Bundle") || (!batch->transaction && strcmp(text_of(bundle, "type"), "batch") != 0)) {
        fhir_fail(
            call, 400, "value", "Bundle.type",
            "a Bundle of type batch or transaction is taken here; a single resource goes to the address of its type");
        return;
    }
    if (!read_entries(call, batch, bundle) || !decode(call, batch) || !is_one(call, batch))
        return;
    run(batch);
}
