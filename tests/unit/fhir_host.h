/*
 * A host for the FHIR source in tests, with a small node behind it: referrals and therapists that a test puts there, which are listed and shown as a
 * node does it; commands are kept, and answered by what the test says. Checks that each request is completed once.
 */
#ifndef TESTS_FHIR_HOST_H
#define TESTS_FHIR_HOST_H

#include "fascia/v1/http.pb-c.h"
#include "fascia/v1/plugin.pb-c.h"
#include "fhir/json.h"
#include "fhir/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

enum { NODE_MOST = 64, NODE_ASKS = 2000 };
#define NODE_URL  "https://node.example/fhir"
#define NODE_TIME INT64_C(1795420800000) /* 2026-11-23T08:00Z */

struct node {
    struct fascia_host host;
    void *instance;
    uint64_t token;
    Fascia__Ask *asks[NODE_ASKS];
    size_t asked, answered;
    unsigned completed;
    Fascia__HttpReply *reply;
    struct fhir_json *json;
    /* what is there; details ascend by number */
    Fascia__ReferralDetail *details[NODE_MOST];
    size_t detail_count;
    size_t list_most; /* rows on a page of a list */
    Fascia__Therapist *therapists[NODE_MOST];
    size_t therapist_count;
    Fascia__SlotRow *slots[NODE_MOST]; /* of the first therapist; static or the test's */
    size_t slot_count;
    const Fascia__ListSlots *asked_slots;
    Fascia__Explanation *explanation;
    /* of commands */
    Fascia__Result__Verdict verdict;
    uint64_t referral;
    Fascia__Problem *problem;
    const Fascia__Command *command; /* the last one */
    unsigned commands;
    bool forbidden, unavailable, busy;
    bool only_writes; /* nothing may be read */
    /* who asks */
    Fascia__Principal principal;
    bool nobody;
    const char *refused;
};

static inline enum fascia_status node_ask(void *context, uint64_t request, struct fascia_bytes bytes)
{
    struct node *node = context;

    if (request != node->token || node->asked == NODE_ASKS)
        abort();
    if (node->busy)
        return FASCIA_E_BUSY;
    node->asks[node->asked] = fascia__ask__unpack(NULL, bytes.size, bytes.data);
    if (node->asks[node->asked] == NULL || node->asks[node->asked]->request == NULL)
        abort();
    node->asked++;
    return FASCIA_OK;
}

static inline enum fascia_status node_complete(void *context, uint64_t request, struct fascia_bytes bytes)
{
    struct node *node = context;

    if (request != node->token || node->completed++ > 0)
        abort();
    node->reply = fascia__http_reply__unpack(NULL, bytes.size, bytes.data);
    if (node->reply == NULL)
        abort();
    return FASCIA_OK;
}

static inline int64_t node_now(void *context)
{
    (void)context;
    return NODE_TIME;
}

static inline void node_open(struct node *node)
{
    Fascia__Options none = FASCIA__OPTIONS__INIT;
    uint8_t packed[8];
    char fault[256] = "";

    memset(node, 0, sizeof *node);
    node->host = (struct fascia_host){.size = sizeof node->host,
                                      .abi_major = FASCIA_ABI_MAJOR,
                                      .abi_minor = FASCIA_ABI_MINOR,
                                      .context = node,
                                      .complete = node_complete,
                                      .now = node_now,
                                      .ask = node_ask};
    fascia__principal__init(&node->principal);
    node->principal.person = true;
    node->principal.account = (char *)(uintptr_t) "clinic";
    node->refused = "";
    node->list_most = 1000;
    assert_int_equal(fhir_plugin.open(&node->host, (struct fascia_bytes){packed, fascia__options__pack(&none, packed)},
                                      &node->instance, fault, sizeof fault),
                     FASCIA_OK);
}

/* ---- answering ------------------------------------------------------------------------------------------------------ */

static inline bool node_has_state(const Fascia__ListReferrals *list, Fascia__State state)
{
    for (size_t i = 0; i < list->n_states; i++)
        if (list->states[i] == state)
            return true;
    return list->n_states == 0;
}

static inline bool node_lists(const Fascia__ListReferrals *list, const Fascia__ReferralRow *row)
{
    if (list->after != 0 && (list->descending ? row->referral >= list->after : row->referral <= list->after))
        return false;
    return (list->all_states || node_has_state(list, row->state)) &&
           (list->therapist[0] == '\0' || strcmp(list->therapist, row->therapist) == 0);
}

static inline void node_list(struct node *node, const Fascia__ListReferrals *list, Fascia__ReferralPage *page,
                             Fascia__ControlResponse *response)
{
    const size_t limit = list->limit != 0 && list->limit < node->list_most ? list->limit : node->list_most;

    response->referrals = calloc(NODE_MOST, sizeof *response->referrals);
    response->page = page;
    for (size_t i = 0; i < node->detail_count; i++) {
        Fascia__ReferralRow *row = node->details[list->descending ? node->detail_count - 1 - i : i]->row;
        if (!node_lists(list, row))
            continue;
        page->total += list->total;
        if (response->n_referrals < limit)
            response->referrals[response->n_referrals++] = row;
        else if (page->next == 0)
            page->next = response->referrals[response->n_referrals - 1]->referral;
    }
}

static inline void node_show(struct node *node, const Fascia__ShowReferral *show, Fascia__ReferralDetail *detail,
                             Fascia__ControlResponse *response)
{
    for (size_t i = 0; i < node->detail_count; i++) {
        if (node->details[i]->row->referral != show->referral)
            continue;
        *detail = *node->details[i];
        if (!show->content)
            detail->content = NULL;
        if (!show->history)
            detail->n_history = 0;
        response->detail = detail;
        return;
    }
    response->error = (char *)(uintptr_t) "there is no referral of this number";
}

static inline void node_show_therapists(struct node *node, const char *after, const char *only, size_t limit,
                                        Fascia__ControlResponse *response)
{
    response->therapists = calloc(NODE_MOST, sizeof *response->therapists);
    for (size_t i = 0; i < node->therapist_count && response->n_therapists < limit; i++) {
        Fascia__TherapistRow *row;
        if ((only != NULL && strcmp(node->therapists[i]->identifier, only) != 0) ||
            (after != NULL && strcmp(node->therapists[i]->identifier, after) <= 0))
            continue;
        row = calloc(1, sizeof *row);
        fascia__therapist_row__init(row);
        row->therapist = node->therapists[i];
        response->therapists[response->n_therapists++] = row;
    }
    if (response->n_therapists == 0 && only != NULL)
        response->error = (char *)(uintptr_t) "there is no therapist of this identifier";
}

static inline void node_answer_one(struct node *node, const Fascia__Ask *ask)
{
    Fascia__Answer answer = FASCIA__ANSWER__INIT;
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__ReferralDetail detail = FASCIA__REFERRAL_DETAIL__INIT;
    Fascia__Result result = FASCIA__RESULT__INIT;
    Fascia__ReferralPage page = FASCIA__REFERRAL_PAGE__INIT;
    const Fascia__ControlRequest *request = ask->request;
    uint8_t *packed;

    answer.item = ask->item;
    answer.response = &response;
    answer.forbidden = node->forbidden;
    response.last = true;
    response.unavailable = node->unavailable;
    answer.forbidden =
        answer.forbidden || (node->only_writes && request->body_case != FASCIA__CONTROL_REQUEST__BODY_COMMAND);
    if (answer.forbidden || node->unavailable) {
        response.error = (char *)(uintptr_t) "not now";
    } else if (request->body_case == FASCIA__CONTROL_REQUEST__BODY_LIST_REFERRALS) {
        node_list(node, request->list_referrals, &page, &response);
    } else if (request->body_case == FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL) {
        node_show(node, request->show_referral, &detail, &response);
    } else if (request->body_case == FASCIA__CONTROL_REQUEST__BODY_LIST_THERAPISTS) {
        node_show_therapists(node, request->list_therapists->after, NULL, request->list_therapists->limit, &response);
    } else if (request->body_case == FASCIA__CONTROL_REQUEST__BODY_SHOW_THERAPIST) {
        node_show_therapists(node, NULL, request->show_therapist->identifier, 1, &response);
    } else if (request->body_case == FASCIA__CONTROL_REQUEST__BODY_LIST_SLOTS) {
        node->asked_slots = request->list_slots;
        if (strcmp(request->list_slots->therapists[0], node->therapists[0]->identifier) == 0) {
            response.slots = node->slots;
            response.n_slots = node->slot_count;
        }
    } else if (request->body_case == FASCIA__CONTROL_REQUEST__BODY_COMMAND) {
        node->command = request->command;
        node->commands++;
        result.verdict = node->verdict;
        result.referral = node->referral;
        if (node->problem != NULL) {
            result.problems = &node->problem;
            result.n_problems = 1;
        }
        response.result = &result;
    } else {
        response.explanation = node->explanation;
    }
    packed = malloc(fascia__answer__get_packed_size(&answer) + 1);
    fhir_plugin.answer(node->instance, node->token,
                       (struct fascia_bytes){packed, fascia__answer__pack(&answer, packed)});
    free(packed);
    free(response.referrals);
    for (size_t i = 0; i < response.n_therapists; i++)
        free(response.therapists[i]);
    free(response.therapists);
}

/* Answers all that was asked and is, until the request ends. */
static inline void node_answer(struct node *node)
{
    while (node->completed == 0 && node->answered < node->asked)
        node_answer_one(node, node->asks[node->answered++]);
}

/* ---- asking --------------------------------------------------------------------------------------------------------- */

static inline void node_forget_reply(struct node *node)
{
    for (size_t i = 0; i < node->asked; i++)
        fascia__ask__free_unpacked(node->asks[i], NULL);
    node->asked = node->answered = 0;
    node->command = NULL;
    if (node->reply != NULL)
        fascia__http_reply__free_unpacked(node->reply, NULL);
    node->reply = NULL;
    fhir_json_free(node->json);
    node->json = NULL;
    node->completed = 0;
}

/* headers: pairs that end in NULL; NULL: none. A body is application/fhir+json unless they say otherwise. */
static inline void node_send(struct node *node, const char *method, const char *path, const char *const *headers,
                             const char *body)
{
    Fascia__HttpRequest request = FASCIA__HTTP_REQUEST__INIT;
    Fascia__HttpField fields[16];
    Fascia__HttpField *list[16];
    const char *mark = strchr(path, '?');
    char before[2048];
    bool typed = false;
    uint8_t *packed;

    node_forget_reply(node);
    node->token++;
    snprintf(before, sizeof before, "%.*s", (int)(mark != NULL ? (size_t)(mark - path) : strlen(path)), path);
    request.id = (char *)(uintptr_t) "q1";
    request.method = (char *)(uintptr_t)method;
    request.path = before;
    request.query = (char *)(uintptr_t)(mark != NULL ? mark + 1 : "");
    request.fields = list;
    request.received = NODE_TIME;
    request.url = (char *)(uintptr_t)NODE_URL;
    for (; headers != NULL && headers[0] != NULL; headers += 2) {
        Fascia__HttpField *field = &fields[request.n_fields];
        fascia__http_field__init(field);
        field->name = (char *)(uintptr_t)headers[0];
        field->value = (char *)(uintptr_t)headers[1];
        typed = typed || strcmp(headers[0], "content-type") == 0;
        list[request.n_fields++] = field;
    }
    if (body != NULL && !typed) {
        fascia__http_field__init(&fields[request.n_fields]);
        fields[request.n_fields].name = (char *)(uintptr_t) "content-type";
        fields[request.n_fields].value = (char *)(uintptr_t) "application/fhir+json";
        list[request.n_fields] = &fields[request.n_fields];
        request.n_fields++;
    }
    if (body != NULL)
        request.body = (ProtobufCBinaryData){strlen(body), (uint8_t *)(uintptr_t)body};
    if (!node->nobody)
        request.principal = &node->principal;
    request.refused = (char *)(uintptr_t)node->refused;
    packed = malloc(fascia__http_request__get_packed_size(&request) + 1);
    fhir_plugin.request(node->instance, node->token,
                        (struct fascia_bytes){packed, fascia__http_request__pack(&request, packed)});
    free(packed);
}

/* Sends, answers all that is asked, and gives the reply's status. */
static inline unsigned node_do(struct node *node, const char *method, const char *path, const char *const *headers,
                               const char *body)
{
    struct fhir_json_fault fault;

    node_send(node, method, path, headers, body);
    node_answer(node);
    assert_int_equal(node->completed, 1);
    if (node->reply->body.len > 0) {
        node->json = fhir_json_parse(node->reply->body.data, node->reply->body.len, 1u << 26, &fault);
        assert_non_null(node->json);
    }
    return node->reply->status;
}

#define GET(node, path)           node_do((node), "GET", (path), NULL, NULL)
#define GET_WITH(node, path, ...) node_do((node), "GET", (path), (const char *const[]){__VA_ARGS__, NULL}, NULL)
#define POST(node, path, body)    node_do((node), "POST", (path), NULL, (body))
#define POST_WITH(node, path, body, ...)                                                                               \
    node_do((node), "POST", (path), (const char *const[]){__VA_ARGS__, NULL}, (body))

/* The value at "entry.0.resource.id" of the reply: a text or a number as it is written, "true", "false"; "" of none. */
static inline const char *node_at(const struct node *node, const char *path)
{
    const struct fhir_json *value = node->json;
    char name[64];
    bool truth = false;

    while (*path != '\0') {
        const size_t length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        value = strspn(name, "0123456789") == length ? fhir_json_item(value, (size_t)atoi(name))
                                                     : fhir_json_get(value, name);
        path += length + (path[length] == '.');
    }
    if (fhir_json_text(value) != NULL)
        return fhir_json_text(value);
    if (fhir_json_number(value) != NULL)
        return fhir_json_number(value);
    if (fhir_json_boolean(value, &truth))
        return truth ? "true" : "false";
    return value != NULL ? "(there)" : "";
}

static inline size_t node_count(const struct node *node, const char *list)
{
    return fhir_json_size(fhir_json_get(node->json, list));
}

static inline const char *node_header(const struct node *node, const char *name)
{
    for (size_t i = 0; i < node->reply->n_fields; i++)
        if (strcmp(node->reply->fields[i]->name, name) == 0)
            return node->reply->fields[i]->value;
    return "";
}

/* Where a link leads, behind the server's address: it can be asked for as it is. NULL: there is none. */
static inline const char *node_link(const struct node *node, const char *relation)
{
    static char url[4096];
    const struct fhir_json *links = fhir_json_get(node->json, "link");

    for (size_t i = 0; i < fhir_json_size(links); i++) {
        if (strcmp(fhir_json_text_of(fhir_json_item(links, i), "relation"), relation) != 0)
            continue;
        snprintf(url, sizeof url, "%s", fhir_json_text_of(fhir_json_item(links, i), "url") + strlen(NODE_URL));
        return url;
    }
    return NULL;
}

static inline void node_close(struct node *node)
{
    fhir_plugin.close(node->instance);
    node_forget_reply(node);
    for (size_t i = 0; i < node->detail_count; i++)
        fascia__referral_detail__free_unpacked(node->details[i], NULL);
    for (size_t i = 0; i < node->therapist_count; i++)
        fascia__therapist__free_unpacked(node->therapists[i], NULL);
}

/* ---- what is there ---------------------------------------------------------------------------------------------------- */

static inline char *node_text(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    return copy;
}

/* A referral in this state that came by a Received event, whose sequence is ten times its number. */
static inline Fascia__ReferralDetail *node_refer(struct node *node, uint64_t number, Fascia__State state)
{
    Fascia__ReferralDetail *detail = calloc(1, sizeof *detail);
    Fascia__Referral *referral = calloc(1, sizeof *referral);
    Fascia__Patient *patient = calloc(1, sizeof *patient);

    fascia__referral_detail__init(detail);
    detail->row = calloc(1, sizeof *detail->row);
    fascia__referral_row__init(detail->row);
    detail->row->referral = number;
    detail->row->state = state;
    detail->row->opened = NODE_TIME - 3600000;
    detail->row->changed = NODE_TIME - 1800000;
    fascia__referral__init(referral);
    fascia__patient__init(patient);
    patient->family_name = node_text("Roe");
    patient->given_name = node_text("Rita");
    patient->birth_date = node_text("1980-02-29");
    patient->gender = FASCIA__GENDER__GENDER_FEMALE;
    referral->patient = patient;
    referral->sender = node_text("clinic");
    referral->sender_referral_id = node_text("A-1");
    detail->content = referral;
    detail->history = calloc(NODE_MOST, sizeof *detail->history);
    node->details[node->detail_count++] = detail;
    return detail;
}

/* The next event of a referral; its sequence counts on from ten times the referral's number. The body is set by the test. */
static inline Fascia__Event *node_happen(Fascia__ReferralDetail *detail, const char *actor)
{
    Fascia__HistoryEntry *entry = calloc(1, sizeof *entry);

    fascia__history_entry__init(entry);
    entry->sequence = detail->row->referral * 10 + detail->n_history;
    entry->at = NODE_TIME - 3600000 + (int64_t)detail->n_history * 60000;
    entry->actor = node_text(actor);
    entry->event = calloc(1, sizeof *entry->event);
    fascia__event__init(entry->event);
    detail->history[detail->n_history++] = entry;
    return entry->event;
}

#define NODE_EVENT(detail, actor, which, member, type, made)                                                           \
    do {                                                                                                               \
        Fascia__Event *node_event = node_happen((detail), (actor));                                                    \
        (made) = calloc(1, sizeof *(made));                                                                            \
        fascia__##type##__init(made);                                                                                  \
        node_event->body_case = FASCIA__EVENT__BODY_##which;                                                           \
        node_event->member = (made);                                                                                   \
    } while (0)

static inline void node_received(Fascia__ReferralDetail *detail)
{
    Fascia__Received *received;

    NODE_EVENT(detail, "source:fhir", RECEIVED, received, received, received);
}

static inline void node_accepted(Fascia__ReferralDetail *detail, const char *therapist)
{
    Fascia__Offered *offered;
    Fascia__Accepted *accepted;

    NODE_EVENT(detail, "node", OFFERED, offered, offered, offered);
    offered->therapist = node_text(therapist);
    NODE_EVENT(detail, "user:ann", ACCEPTED, accepted, accepted, accepted);
    accepted->therapist = node_text(therapist);
    detail->row->therapist = node_text(therapist);
}

static inline Fascia__Therapist *node_employ(struct node *node, const char *identifier, const char *name)
{
    Fascia__Therapist *therapist = calloc(1, sizeof *therapist);

    fascia__therapist__init(therapist);
    therapist->identifier = node_text(identifier);
    therapist->name = node_text(name);
    therapist->profession = node_text("225700000X");
    node->therapists[node->therapist_count++] = therapist;
    return therapist;
}

#endif
