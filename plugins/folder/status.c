#include "folder/status.h"

#include "folder/answer.h"
#include "folder/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, name, json_string(text));
}

/* RFC 3339 in UTC; nothing for 0. */
static void set_time(json_t *object, const char *name, int64_t instant)
{
    const time_t seconds = (time_t)(instant / 1000);
    struct tm parts;
    char text[32];

    if (instant == 0 || gmtime_r(&seconds, &parts) == NULL)
        return;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    json_object_set_new(object, name, json_string(text));
}

static void set_part(json_t *object, const char *name, json_t *part)
{
    if (json_object_size(part) > 0)
        json_object_set(object, name, part);
    json_decref(part);
}

static json_t *therapist_of(const Fascia__Status *status)
{
    json_t *therapist = json_object();

    set_text(therapist, "identifier", status->therapist);
    set_text(therapist, "name", status->therapist_name);
    set_text(therapist, "telephone", status->therapist_phone);
    return therapist;
}

static json_t *visit_of(const Fascia__Status *status)
{
    json_t *visit = json_object();

    if (status->visit_from == 0)
        return visit;
    set_time(visit, "from", status->visit_from);
    set_time(visit, "to", status->visit_to);
    set_text(visit, "time_zone", status->time_zone);
    return visit;
}

static json_t *outcome_of(const Fascia__Status *status)
{
    json_t *outcome = json_object();

    if (status->outcome == NULL)
        return outcome;
    set_text(outcome, "summary", status->outcome->summary);
    set_text(outcome, "goal", status->outcome->goal);
    json_object_set_new(outcome, "visits", json_integer(status->outcome->visits));
    if (status->outcome->pain_before >= 0)
        json_object_set_new(outcome, "pain_before", json_integer(status->outcome->pain_before));
    if (status->outcome->pain_after >= 0)
        json_object_set_new(outcome, "pain_after", json_integer(status->outcome->pain_after));
    return outcome;
}

static json_t *problems_of(const Fascia__Status *status)
{
    json_t *problems = json_array();

    for (size_t i = 0; i < status->n_problems; i++) {
        json_t *problem = json_object();
        set_text(problem, "location", status->problems[i]->location);
        set_text(problem, "field", status->problems[i]->field);
        set_text(problem, "message", status->problems[i]->message);
        json_array_append_new(problems, problem);
    }
    return problems;
}

static char *describe(const Fascia__StatusNotice *notice)
{
    const Fascia__Status *status = notice->status;
    json_t *object = json_object();
    char referral[32];
    char *text;

    snprintf(referral, sizeof referral, "R%" PRIu64, status->referral);
    json_object_set_new(object, "referral", json_string(referral));
    if (notice->referral != NULL)
        set_text(object, "sender_referral_id", notice->referral->sender_referral_id);
    json_object_set_new(object, "number", json_integer(status->number));
    set_text(object, "state", folder_state_word(status->state));
    set_text(object, "text", status->text);
    set_time(object, "at", status->at);
    set_part(object, "therapist", therapist_of(status));
    set_part(object, "visit", visit_of(status));
    json_object_set_new(object, "visits_done", json_integer(status->visits_done));
    set_part(object, "outcome", outcome_of(status));
    if (status->n_problems > 0)
        json_object_set_new(object, "problems", problems_of(status));
    text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    if (text == NULL)
        abort();
    return text;
}

Fascia__Outbound *folder_status_write(const struct folder_settings *settings, const Fascia__StatusNotice *notice)
{
    Fascia__Outbound *outbound = folder_allocate(sizeof *outbound);
    char name[64];

    fascia__outbound__init(outbound);
    if (!settings->statuses || notice->status == NULL)
        return outbound; /* NOTHING */
    if (notice->status->appointment != NULL && notice->status->appointment->alone)
        return outbound; /* the file of what caused it follows */
    /* the same status has the same name: one that is sent twice is there once */
    snprintf(name, sizeof name, "status-R%" PRIu64 "-%u.json", notice->status->referral, notice->status->number);
    outbound->kind = FASCIA__OUTBOUND__KIND__FILE;
    outbound->file_name = folder_text(name);
    outbound->payload.data = (uint8_t *)describe(notice);
    outbound->payload.len = strlen((const char *)outbound->payload.data);
    return outbound;
}
