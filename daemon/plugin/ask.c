/* Requests over HTTP, and what a plugin asks of the node for them. */
#include "core/message.h"
#include "plugin/remote.h"

static enum fascia_status take_ask(struct plugin_instance *instance, uint64_t request, struct fascia_bytes bytes,
                                   uint32_t *item)
{
    struct token *token = plugin_is_out_of_turn(instance) ? NULL : tokens_find(&instance->tokens, request);
    enum fascia_status status = FASCIA_E_INVALID;
    Fascia__Ask *ask = NULL;
    void *user = NULL;

    if (token == NULL || token->call != PLUGIN_CALL_REQUEST || instance->owner.ask == NULL)
        return FASCIA_E_TOKEN;
    if (bytes.size > instance->limits.submission_bytes || token->submitted >= instance->limits.asks)
        return FASCIA_E_LIMIT;
    if (bytes.data == NULL)
        return FASCIA_E_INVALID;
    token->submitted++;
    user = token->user;
    ask = message_receive(&fascia__ask__descriptor, bytes.data, bytes.size);
    *item = ask == NULL ? 0 : ask->item;
    if (ask != NULL && ask->request != NULL)
        status = instance->owner.ask(instance->owner.context, request, user, ask);
    fascia__ask__free_unpacked(ask, NULL);
    return status;
}

enum fascia_status plugin_take_ask(struct plugin_instance *instance, uint64_t request, struct fascia_bytes bytes,
                                   uint32_t *item)
{
    enum fascia_status status = take_ask(instance, request, bytes, item);

    /* The owner being full is no fault of the plugin. */
    if (status != FASCIA_OK && status != FASCIA_E_BUSY)
        instance->counts.refused_submissions++;
    return status;
}

void plugin_refuse_ask(struct plugin_instance *instance, uint64_t request, uint32_t item, enum fascia_status status)
{
    Fascia__Answer answer = FASCIA__ANSWER__INIT;
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;

    response.last = true;
    response.unavailable = status == FASCIA_E_BUSY;
    response.error = status == FASCIA_E_BUSY    ? "the node is busy: try again"
                     : status == FASCIA_E_LIMIT ? "too much was asked for one request"
                                                : "this can't be read as something to ask of a node";
    answer.item = item;
    answer.response = &response;
    plugin_answer(instance, request, &answer);
}

uint64_t plugin_request(struct plugin_instance *instance, const Fascia__HttpRequest *request, void *user)
{
    return plugin_begin(instance, PLUGIN_CALL_REQUEST, ENTRY_REQUEST, &request->base, user);
}

void plugin_answer(struct plugin_instance *instance, uint64_t request, const Fascia__Answer *answer)
{
    const struct token *token = tokens_find(&instance->tokens, request);

    if (token != NULL && token->call == PLUGIN_CALL_REQUEST)
        plugin_enter(instance, ENTRY_ANSWER, request, &answer->base);
}

void plugin_abandon(struct plugin_instance *instance, uint64_t token)
{
    if (tokens_find(&instance->tokens, token) != NULL)
        plugin_give_up(instance, token);
}
