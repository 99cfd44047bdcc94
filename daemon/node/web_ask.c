/* What a plugin asks of the node for an open request: held to what the principal may, and to what they reach. */
#include "node/web.h"

#include "access/access.h"
#include "access/may.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asked {
    struct web_exchange *exchange;
    uint32_t item;
};

static void give(const struct web_exchange *exchange, uint32_t item, Fascia__ControlResponse *response, bool forbidden)
{
    Fascia__Answer answer = FASCIA__ANSWER__INIT;

    if (exchange->ended || exchange->source->instance == NULL)
        return;
    answer.item = item;
    answer.response = response;
    answer.forbidden = forbidden;
    plugin_answer(exchange->source->instance, exchange->token, &answer);
}

static void answered(void *context, Fascia__ControlResponse *response, bool last)
{
    struct asked *asked = context;
    struct web_exchange *exchange = asked->exchange;

    give(exchange, asked->item, response, false);
    if (!last)
        return;
    free(asked);
    exchange->asks--;
    web_exchange_free_if_over(exchange);
}

static bool is_unwanted(void *context)
{
    return ((const struct asked *)context)->exchange->ended;
}

/* A therapist's or referrer's reach, as a message on the heap; NULL: all. */
static Fascia__Reach *reach_of(const struct access_decision *decision)
{
    Fascia__Reach *reach = NULL;

    if (decision->all)
        return NULL;
    reach = memory_allocate(1, sizeof *reach);
    fascia__reach__init(reach);
    reach->sender = memory_text(decision->reach.sender);
    reach->therapist = memory_text(decision->reach.therapist);
    return reach;
}

static void set_text(char **field, const char *text)
{
    if (*field != (char *)protobuf_c_empty_string)
        free(*field);
    *field = memory_text(text);
}

/* Whose referral it is and by which source it came is not the plugin's to say. */
static void complete_submit(const struct web_exchange *exchange, Fascia__Submit *submit)
{
    set_text(&submit->source, exchange->source->config->name);
    if (submit->referral != NULL && exchange->principal->sender[0] != '\0')
        set_text(&submit->referral->sender, exchange->principal->sender);
}

static void complete(const struct web_exchange *exchange, const struct access_decision *decision,
                     Fascia__ControlRequest *request)
{
    request->version = 1;
    if (request->reach != NULL)
        fascia__reach__free_unpacked(request->reach, NULL);
    request->reach = reach_of(decision);
    if (request->body_case != FASCIA__CONTROL_REQUEST__BODY_COMMAND)
        return;
    if (request->command->body_case == FASCIA__COMMAND__BODY_SUBMIT)
        complete_submit(exchange, request->command->submit);
}

static void forbid(const struct web_exchange *exchange, uint32_t item, const char *why)
{
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;

    response.last = true;
    response.error = (char *)(uintptr_t)why;
    give(exchange, item, &response, true);
}

enum fascia_status web_ask(void *source, uint64_t token, void *user, Fascia__Ask *ask)
{
    struct web_exchange *exchange = user;
    const struct control_origin origin = {NULL, answered, is_unwanted};
    struct control_origin mine = origin;
    struct access_decision decision = {.may = false};
    struct asked *asked = NULL;

    (void)source;
    exchange->token = token; /* it may ask from within request(), before that has told its token */
    if (exchange->principal == NULL) {
        forbid(exchange, ask->item, "nobody has signed in");
        return FASCIA_OK;
    }
    access_may(exchange->principal, ask->request, &decision);
    if (!decision.may) {
        forbid(exchange, ask->item, decision.why);
        return FASCIA_OK;
    }
    complete(exchange, &decision, ask->request);
    asked = memory_allocate(1, sizeof *asked);
    *asked = (struct asked){exchange, ask->item};
    mine.context = asked;
    exchange->asks++;
    control_ask(exchange->web->control, &mine, exchange->actor, ask->request);
    ask->request = NULL;
    return FASCIA_OK;
}
