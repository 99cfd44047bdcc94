#include "ctl/call.h"

#include "ctl/json.h"
#include "ctl/show.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/fascia/control.sock"

int ctl_usage(struct ctl_call *call, const char *format, ...)
{
    va_list arguments;

    fprintf(call->errors, "fasciactl: ");
    va_start(arguments, format);
    vfprintf(call->errors, format, arguments);
    va_end(arguments);
    fputc('\n', call->errors);
    return CTL_USAGE;
}

#define WITHIN_KM 25

bool ctl_area(struct ctl_call *call, char **near, uint32_t *within, char **country, char room[3])
{
    const char *place = call->near;

    if (place == NULL && call->area_km != 0) {
        (void)ctl_usage(call, "--within goes with --near");
        return false;
    }
    if (place == NULL)
        return true;
    if (strlen(place) > 3 && place[2] == ' ') {
        memcpy(room, place, 2);
        *country = room;
        place += 3;
    }
    *near = (char *)(uintptr_t)place;
    *within = (uint32_t)(call->area_km == 0 ? WITHIN_KM : call->area_km) * 1000;
    return true;
}

bool ctl_referral_id(struct ctl_call *call, const char *word, uint64_t *referral)
{
    const char *number = word[0] == 'R' || word[0] == 'r' ? word + 1 : word;
    char *end = NULL;

    errno = 0;
    *referral = number[0] >= '0' && number[0] <= '9' ? strtoull(number, &end, 10) : 0;
    if (end != NULL && *end == '\0' && errno == 0 && *referral > 0 && *referral <= INT64_MAX)
        return true;
    (void)ctl_usage(call, "a referral is named R123 or 123");
    return false;
}

const struct zone *ctl_call_zone(struct ctl_call *call, const char *name)
{
    const struct zone *zone = NULL;

    if (call->zone != NULL) {
        zone = ctl_zone(call->zones, call->zone);
        if (zone == NULL)
            (void)ctl_usage(call, "--zone: the system has no such time zone; a name is, for example, America/New_York");
        return zone;
    }
    if (name != NULL && name[0] != '\0')
        zone = ctl_zone(call->zones, name);
    return zone != NULL ? zone : ctl_zone(call->zones, "");
}

static const char *socket_path(const struct ctl_call *call)
{
    const char *environment = getenv("FASCIA_SOCKET");

    if (call->socket != NULL)
        return call->socket;
    return environment != NULL && environment[0] != '\0' ? environment : DEFAULT_SOCKET;
}

static int say_link(struct ctl_call *call, enum ctl_link_status status, const struct fault *fault)
{
    fprintf(call->errors, "fasciactl: %s\n", fault->text);
    return status == CTL_LINK_UNREACHABLE ? CTL_UNREACHABLE : CTL_FAILED;
}

int ctl_send(struct ctl_call *call, Fascia__ControlRequest *request)
{
    struct fault fault = {{0}};
    enum ctl_link_status status = CTL_LINK_OK;

    request->version = 1;
    if (call->link == NULL)
        status = ctl_link_open(socket_path(call), 0, &call->link, &fault);
    if (status == CTL_LINK_OK)
        status = ctl_link_send(call->link, request, &fault);
    return status == CTL_LINK_OK ? CTL_OK : say_link(call, status, &fault);
}

int ctl_receive(struct ctl_call *call, Fascia__ControlResponse **response)
{
    struct fault fault = {{0}};
    enum ctl_link_status status;

    *response = NULL;
    ctl_link_watch(call->link, call->progress, call);
    status = ctl_link_receive(call->link, response, &fault);
    if (status != CTL_LINK_OK)
        return say_link(call, status, &fault);
    if ((*response)->error[0] == '\0')
        return CTL_OK;
    if (call->json)
        ctl_print_json(call, &(*response)->base, NULL);
    fprintf(call->errors, "fasciactl: ");
    ctl_show_text(call->errors, (*response)->error);
    fputc('\n', call->errors);
    if (call->explain_error != NULL)
        call->explain_error(call, *response);
    const bool unavailable = (*response)->unavailable;
    fascia__control_response__free_unpacked(*response, NULL);
    *response = NULL;
    return unavailable ? CTL_FAILED : CTL_REFUSED;
}

int ctl_ask(struct ctl_call *call, Fascia__ControlRequest *request, Fascia__ControlResponse **response)
{
    const int code = ctl_send(call, request);

    *response = NULL;
    return code == CTL_OK ? ctl_receive(call, response) : code;
}

static int exit_of(Fascia__Result__Verdict verdict)
{
    switch (verdict) {
    case FASCIA__RESULT__VERDICT__OK:
    case FASCIA__RESULT__VERDICT__DUPLICATE:
        return CTL_OK;
    case FASCIA__RESULT__VERDICT__REFUSED:
    case FASCIA__RESULT__VERDICT__NOT_FOUND:
    case FASCIA__RESULT__VERDICT__CONFLICT:
        return CTL_REFUSED;
    default:
        return CTL_FAILED;
    }
}

int ctl_ask_and_keep(struct ctl_call *call, Fascia__ControlRequest *request, const char *list,
                     void (*show)(struct ctl_call *call, const Fascia__ControlResponse *response),
                     Fascia__ControlResponse **response)
{
    int code;

    if (ctl_call_zone(call, NULL) == NULL)
        return CTL_USAGE;
    code = ctl_ask(call, request, response);
    if (code != CTL_OK)
        return code;
    if (call->json)
        ctl_print_json(call, &(*response)->base, list);
    else
        show(call, *response);
    return CTL_OK;
}

int ctl_ask_and_show(struct ctl_call *call, Fascia__ControlRequest *request, const char *list,
                     void (*show)(struct ctl_call *call, const Fascia__ControlResponse *response))
{
    Fascia__ControlResponse *response = NULL;
    const int code = ctl_ask_and_keep(call, request, list, show, &response);

    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

int ctl_command(struct ctl_call *call, Fascia__Command *command)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ControlResponse *response = NULL;
    int code;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_COMMAND;
    request.command = command;
    code = ctl_ask(call, &request, &response);
    if (code != CTL_OK)
        return code;
    if (response->result == NULL) {
        fascia__control_response__free_unpacked(response, NULL);
        fprintf(call->errors, "fasciactl: the daemon's answer has no result\n");
        return CTL_FAILED;
    }
    code = exit_of(response->result->verdict);
    if (call->json)
        ctl_print_json(call, &response->base, NULL);
    else
        ctl_show_result(call, response->result);
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

/* A number that the node can't tell is null, and not what stands in its place. */
static void forget_unknown(json_t *node)
{
    const json_t *names = json_object_get(node, "unknown");

    for (size_t i = 0; i < json_array_size(names); i++)
        if (json_object_get(node, json_string_value(json_array_get(names, i))) != NULL)
            json_object_set_new(node, json_string_value(json_array_get(names, i)), json_null());
}

/* Of an answer, what it does not use is left out: its own fields, and lists that another question fills. */
static void leave_out_unused(json_t *object, const char *list)
{
    const char *name;
    void *next;
    json_t *value;

    json_object_foreach_safe(object, next, name, value)
    {
        const bool empty = (json_is_array(value) && json_array_size(value) == 0) ||
                           (json_is_string(value) && json_string_length(value) == 0);
        if (strcmp(name, "last") == 0 ||
            ((strcmp(name, "unavailable") == 0 || strcmp(name, "not_found") == 0) && !json_is_true(value)) ||
            (empty && (list == NULL || strcmp(name, list) != 0)))
            json_object_del(object, name);
    }
}

void ctl_print_json(struct ctl_call *call, const ProtobufCMessage *message, const char *list)
{
    json_t *object = ctl_json_write(message, CTL_JSON_FULL);

    if (message->descriptor == &fascia__control_response__descriptor)
        leave_out_unused(object, list);
    forget_unknown(json_object_get(object, "node"));
    json_dumpf(object, call->out, JSON_INDENT(2));
    fputc('\n', call->out);
    json_decref(object);
}
