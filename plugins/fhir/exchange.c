#include "fhir/exchange.h"

#include "fhir/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MOST = FHIR_ENTRIES_MOST + 1, SLOTS = 65536 };

struct fhir_exchange {
    const struct fascia_host *host;
    const struct fhir_settings *settings;
    uint64_t token;
    Fascia__HttpRequest *request;
    struct fhir_arena arena;
    struct fhir_call *calls[CALLS_MOST];
    uint32_t call_count;
    uint32_t asked;
    void **owned; /* JSON trees, in the arena */
    size_t owned_count;
};

/* ---- what is asked of whom ------------------------------------------------------------------------------------------ */

const Fascia__HttpRequest *fhir_request(const struct fhir_call *call)
{
    return call->exchange->request;
}

const struct fhir_settings *fhir_settings(const struct fhir_call *call)
{
    return call->exchange->settings;
}

const char *fhir_url(const struct fhir_call *call)
{
    return call->exchange->request->url;
}

int64_t fhir_now(const struct fhir_call *call)
{
    return call->exchange->request->received;
}

bool fhir_has_role(const struct fhir_call *call, Fascia__AccessRole role)
{
    const Fascia__Principal *principal = call->exchange->request->principal;

    for (size_t i = 0; principal != NULL && i < principal->n_roles; i++)
        if (principal->roles[i] == role)
            return true;
    return false;
}

struct fhir_json *fhir_own(struct fhir_call *call, struct fhir_json *json)
{
    struct fhir_exchange *exchange = call->exchange;

    if (json != NULL)
        fhir_arena_push(&exchange->arena, &exchange->owned, &exchange->owned_count, json);
    return json;
}

void fhir_drop(struct fhir_call *call, const struct fhir_json *json)
{
    struct fhir_exchange *exchange = call->exchange;

    for (size_t i = exchange->owned_count; i > 0; i--) {
        if (exchange->owned[i - 1] != json)
            continue;
        fhir_json_free(exchange->owned[i - 1]);
        exchange->owned[i - 1] = NULL;
        return;
    }
}

/* ---- endings -------------------------------------------------------------------------------------------------------- */

void fhir_end(struct fhir_call *call, unsigned status, struct fhir_json *body)
{
    if (call->ended)
        return;
    call->ended = true;
    call->reply.status = status;
    call->reply.body = fhir_own(call, body);
    if (call->done != NULL)
        call->done(call);
}

void fhir_end_issues(struct fhir_call *call, unsigned status)
{
    fhir_end(call, status != 0 ? status : fhir_status_of_issues(&call->issues), fhir_outcome(&call->issues));
}

void fhir_fail(struct fhir_call *call, unsigned status, const char *code, const char *expression, const char *format,
               ...)
{
    struct fhir_issue issue = {
        .severity = FHIR_ERROR, .code = code, .expression = expression, .diagnostics = "", .status = status};
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    issue.text = fhir_arena_text(call->arena, text, strlen(text));
    fhir_issue_add(&call->issues, issue);
    fhir_end_issues(call, status);
}

bool fhir_fail_answer(struct fhir_call *call, const Fascia__Answer *answer, unsigned status, const char *code)
{
    const Fascia__ControlResponse *response = answer->response;

    if (answer->forbidden) {
        fhir_fail(call, 403, "forbidden", "", "you may not do this here");
        return true;
    }
    if (response == NULL) {
        fhir_fail(call, 500, "exception", "", "the node gave no answer");
        return true;
    }
    if (response->error[0] == '\0')
        return false;
    if (response->unavailable) {
        call->reply.retry_after = 5;
        fhir_fail(call, 503, "transient", "", "%s", response->error);
    } else {
        fhir_fail(call, status, code, "", "%s", response->error);
    }
    return true;
}

/* ---- asking ----------------------------------------------------------------------------------------------------------- */

bool fhir_ask(struct fhir_call *call, uint32_t slot, Fascia__ControlRequest *request)
{
    struct fhir_exchange *exchange = call->exchange;
    Fascia__Ask ask = FASCIA__ASK__INIT;
    enum fascia_status status = FASCIA_E_LIMIT;
    uint8_t *packed;
    size_t size;

    request->version = 1;
    ask.item = call->number * SLOTS + slot;
    ask.request = request;
    size = fascia__ask__get_packed_size(&ask);
    packed = fhir_allocate(size + 1);
    fascia__ask__pack(&ask, packed);
    if (exchange->asked++ < FHIR_ASKS_MOST)
        status = exchange->host->ask(exchange->host->context, exchange->token, (struct fascia_bytes){packed, size});
    free(packed);
    if (status == FASCIA_OK) {
        call->open++;
        return true;
    }
    if (status == FASCIA_E_BUSY) {
        call->reply.retry_after = 5;
        fhir_fail(call, 503, "transient", "", "the node is busy: try again");
    } else if (status == FASCIA_E_LIMIT) {
        fhir_fail(call, 403, "too-costly", "", "this asks too much at one time: ask for less, or in several requests");
    } else {
        fhir_fail(call, 500, "exception", "", "the node did not take what this request needs");
    }
    return false;
}

bool fhir_exchange_answer(struct fhir_exchange *exchange, const Fascia__Answer *answer)
{
    const uint32_t number = answer->item / SLOTS;
    struct fhir_call *call = number < exchange->call_count ? exchange->calls[number] : NULL;

    if (call != NULL && !call->ended && call->open > 0) {
        if (answer->response == NULL || answer->response->last)
            call->open--;
        if (call->answered != NULL)
            call->answered(call, answer->item % SLOTS, answer);
    }
    if (!exchange->calls[0]->ended)
        return false;
    fhir_reply_send(exchange->host, exchange->token, &exchange->arena, &exchange->calls[0]->reply);
    return true;
}

/* ---- beginning -------------------------------------------------------------------------------------------------------- */

struct fhir_call *fhir_call_create(struct fhir_exchange *exchange)
{
    struct fhir_call *call;

    if (exchange->call_count == CALLS_MOST)
        return NULL;
    call = fhir_arena_take(&exchange->arena, sizeof *call);
    call->exchange = exchange;
    call->arena = &exchange->arena;
    call->number = exchange->call_count;
    call->issues.arena = &exchange->arena;
    call->prefer = call->accept = call->content_type = call->self = "";
    exchange->calls[exchange->call_count++] = call;
    return call;
}

static const char *field_of(const Fascia__HttpRequest *request, const char *name, const char *otherwise)
{
    for (size_t i = 0; i < request->n_fields; i++)
        if (strcmp(request->fields[i]->name, name) == 0)
            return request->fields[i]->value;
    return otherwise;
}

/* What several lines of one header say together. */
static const char *fields_of(struct fhir_arena *arena, const Fascia__HttpRequest *request, const char *name)
{
    const char *all = "";

    for (size_t i = 0; i < request->n_fields; i++)
        if (strcmp(request->fields[i]->name, name) == 0)
            all = fhir_arena_format(arena, "%s%s%s", all, *all != '\0' ? ", " : "", request->fields[i]->value);
    return all;
}

struct fhir_exchange *fhir_exchange_create(const struct fascia_host *host, const struct fhir_settings *settings,
                                           uint64_t token, Fascia__HttpRequest *request)
{
    struct fhir_exchange *exchange = fhir_allocate(sizeof *exchange);
    struct fhir_call *call;

    memset(exchange, 0, sizeof *exchange);
    exchange->host = host;
    exchange->settings = settings;
    exchange->token = token;
    exchange->request = request;
    call = fhir_call_create(exchange);
    call->method = request->method;
    call->path = request->path;
    call->if_match = field_of(request, "if-match", NULL);
    call->if_none_match = field_of(request, "if-none-match", NULL);
    call->if_none_exist = field_of(request, "if-none-exist", NULL);
    call->prefer = fields_of(&exchange->arena, request, "prefer");
    call->accept = fields_of(&exchange->arena, request, "accept");
    call->content_type = field_of(request, "content-type", "");
    call->body = (struct fascia_bytes){request->body.data, request->body.len};
    return exchange;
}

uint64_t fhir_exchange_token(const struct fhir_exchange *exchange)
{
    return exchange->token;
}

bool fhir_exchange_begin(struct fhir_exchange *exchange)
{
    struct fhir_call *call = exchange->calls[0];
    const Fascia__HttpRequest *request = exchange->request;
    char fault[FHIR_QUERY_FAULT_BYTES];

    if (fhir_query_read(call->arena, request->query, strlen(request->query), &call->query, fault))
        fhir_call_begin(call);
    else
        fhir_fail(call, 400, "invalid", "", "%s", fault);
    if (!call->ended)
        return false;
    fhir_reply_send(exchange->host, exchange->token, &exchange->arena, &call->reply);
    return true;
}

void fhir_exchange_destroy(struct fhir_exchange *exchange)
{
    if (exchange == NULL)
        return;
    for (size_t i = 0; i < exchange->owned_count; i++)
        fhir_json_free(exchange->owned[i]);
    fascia__http_request__free_unpacked(exchange->request, NULL);
    fhir_arena_finish(&exchange->arena);
    free(exchange);
}
