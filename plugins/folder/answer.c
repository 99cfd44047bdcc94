#include "folder/answer.h"

#include "core/csv.h"
#include "folder/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *folder_state_word(Fascia__State state)
{
    static const char *const words[] = {
        [FASCIA__STATE__STATE_NONE] = "",
        [FASCIA__STATE__STATE_RECEIVED] = "received",
        [FASCIA__STATE__STATE_NEEDS_INFORMATION] = "needs-information",
        [FASCIA__STATE__STATE_REJECTED] = "rejected",
        [FASCIA__STATE__STATE_MATCHING] = "matching",
        [FASCIA__STATE__STATE_WAITLISTED] = "waitlisted",
        [FASCIA__STATE__STATE_OFFERED] = "offered",
        [FASCIA__STATE__STATE_ACCEPTED] = "accepted",
        [FASCIA__STATE__STATE_SCHEDULED] = "scheduled",
        [FASCIA__STATE__STATE_IN_PROGRESS] = "in-progress",
        [FASCIA__STATE__STATE_NO_SHOW] = "no-show",
        [FASCIA__STATE__STATE_VISIT_CANCELLED] = "visit-cancelled",
        [FASCIA__STATE__STATE_COMPLETED] = "completed",
        [FASCIA__STATE__STATE_CLOSED] = "closed",
        [FASCIA__STATE__STATE_FORWARDED] = "forwarded",
        [FASCIA__STATE__STATE_CANCELLED] = "cancelled",
        [FASCIA__STATE__STATE_WITHDRAWN] = "withdrawn",
    };

    return (size_t)state < sizeof words / sizeof *words && words[state] != NULL ? words[state] : "";
}

static const char *verdict_word(Fascia__Result__Verdict verdict)
{
    switch (verdict) {
    case FASCIA__RESULT__VERDICT__OK:
        return "accepted";
    case FASCIA__RESULT__VERDICT__DUPLICATE:
        return "known";
    case FASCIA__RESULT__VERDICT__NOT_FOUND:
        return "not-found";
    case FASCIA__RESULT__VERDICT__CONFLICT:
        return "conflict";
    default:
        return "refused";
    }
}

static void write_problem(FILE *out, const Fascia__Problem *problem, bool first)
{
    fputs(first ? "" : "; ", out);
    if (problem->severity == FASCIA__PROBLEM__SEVERITY__WARNING)
        fputs("warning: ", out);
    if (problem->location[0] != '\0')
        fprintf(out, "%s: ", problem->location);
    if (problem->field[0] != '\0')
        fprintf(out, "%s: ", problem->field);
    fputs(problem->message, out);
}

void folder_outcome_take(struct folder_outcome *outcome, const Fascia__Result *result)
{
    const bool own = result->n_problems > 0 || result->status == NULL;
    Fascia__Problem *const *problems = own ? result->problems : result->status->problems;
    const size_t count = own ? result->n_problems : result->status->n_problems;
    size_t size = 0;
    FILE *out;

    outcome->result = verdict_word(result->verdict);
    outcome->referral = result->referral;
    outcome->state = folder_state_word(result->state);
    if (count == 0)
        return;
    free(outcome->problem);
    out = open_memstream(&outcome->problem, &size);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        write_problem(out, problems[i], i == 0);
    fclose(out);
}

bool folder_outcome_is_good(const struct folder_outcome *outcome)
{
    return outcome->result != NULL &&
           (strcmp(outcome->result, "accepted") == 0 || strcmp(outcome->result, "known") == 0);
}

static void write_csv(FILE *out, const struct folder_outcome *outcome)
{
    const char *problem = outcome->problem != NULL ? outcome->problem : "";
    const size_t room = 2 * strlen(problem) + 2;
    char *field = folder_allocate(room + 1);

    csv_write_field(field, room, problem, ',');
    fprintf(out, "%zu,%s,", outcome->number, outcome->result);
    if (outcome->referral != 0)
        fprintf(out, "R%" PRIu64, outcome->referral);
    fprintf(out, ",%s,%s\n", outcome->state, field);
    free(field);
}

static void write_json(FILE *out, const struct folder_outcome *outcome)
{
    json_t *object = json_pack("{sI ss}", "line", (json_int_t)outcome->number, "result", outcome->result);
    char referral[32];

    if (object == NULL)
        abort();
    snprintf(referral, sizeof referral, "R%" PRIu64, outcome->referral);
    if (outcome->referral != 0)
        json_object_set_new(object, "referral", json_string(referral));
    if (outcome->state[0] != '\0')
        json_object_set_new(object, "state", json_string(outcome->state));
    if (outcome->problem != NULL)
        json_object_set_new(object, "problem", json_string(outcome->problem));
    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}

uint8_t *folder_answer_write(const struct folder_outcome *outcomes, size_t count, bool json, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    if (out == NULL)
        abort();
    if (!json)
        fputs("line,result,referral,state,problem\n", out);
    for (size_t i = 0; i < count; i++)
        (json ? write_json : write_csv)(out, &outcomes[i]);
    fclose(out);
    return (uint8_t *)text;
}
