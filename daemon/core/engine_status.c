#include "core/engine_state.h"
#include "core/lifecycle.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 256
#define NAME_SIZE 161 /* of a therapist in a line for people; longer ones are cut */

/* One line for people. Names of therapists are in it, nothing of the patient. */
static void describe(const struct referral *referral, const char therapist[NAME_SIZE], char text[TEXT_SIZE])
{
    const struct referral_open *open = referral->open;
    const char *line = "";

    switch (referral->state) {
    case FASCIA__STATE__STATE_RECEIVED:
    case FASCIA__STATE__STATE_MATCHING:
    case FASCIA__STATE__STATE_OFFERED:
        line = "received; looking for a therapist";
        break;
    case FASCIA__STATE__STATE_NEEDS_INFORMATION:
        line = "on hold: more information is needed before a therapist can be found";
        break;
    case FASCIA__STATE__STATE_WAITLISTED:
        line = open != NULL && open->all_declined
                   ? "every therapist who qualifies has declined; kept on the waiting list for new ones"
                   : "no therapist with free capacity passes yet; kept on the waiting list";
        break;
    case FASCIA__STATE__STATE_ACCEPTED:
        snprintf(text, TEXT_SIZE, "accepted by %s", therapist);
        return;
    case FASCIA__STATE__STATE_SCHEDULED:
        snprintf(text, TEXT_SIZE, "accepted by %s; a visit is booked", therapist);
        return;
    case FASCIA__STATE__STATE_IN_PROGRESS:
        snprintf(text, TEXT_SIZE, "in treatment with %s", therapist);
        return;
    case FASCIA__STATE__STATE_NO_SHOW:
        snprintf(text, TEXT_SIZE, "the patient did not come to the visit with %s", therapist);
        return;
    case FASCIA__STATE__STATE_VISIT_CANCELLED:
        snprintf(text, TEXT_SIZE, "the visit with %s was called off", therapist);
        return;
    case FASCIA__STATE__STATE_COMPLETED:
    case FASCIA__STATE__STATE_CLOSED:
        snprintf(text, TEXT_SIZE, "treatment by %s is completed", therapist);
        return;
    case FASCIA__STATE__STATE_CANCELLED:
        line = "cancelled by the referrer";
        break;
    case FASCIA__STATE__STATE_WITHDRAWN:
        line = "withdrawn by the clinic";
        break;
    default:
        line = lifecycle_words((Fascia__State)referral->state)->name;
    }
    snprintf(text, TEXT_SIZE, "%s", line);
}

/* The sender hears of a therapist only who has taken the case. */
static bool is_shown(const struct referral *referral)
{
    return referral->therapist != NULL && referral->state != FASCIA__STATE__STATE_OFFERED;
}

static void name_therapist(const struct referral *referral, Fascia__Status *status, char name[NAME_SIZE])
{
    Fascia__Therapist *content;

    snprintf(name, NAME_SIZE, "the therapist");
    if (!is_shown(referral))
        return;
    message_set(&status->therapist, referral->therapist->identifier);
    snprintf(name, NAME_SIZE, "%s", referral->therapist->identifier);
    content = directory_content(referral->therapist);
    if (content == NULL)
        return;
    message_set(&status->therapist_name, content->name);
    message_set(&status->therapist_phone, content->telephone);
    message_set(&status->time_zone, content->time_zone);
    snprintf(name, NAME_SIZE, "%s", content->name);
    fascia__therapist__free_unpacked(content, NULL);
}

/* Moves what is wrong with the referral, as last screened, into an empty list. */
static void take_problems(const struct referral *referral, Fascia__Problem ***problems, size_t *count)
{
    Fascia__Screened *screened;

    if (referral->open == NULL || referral->open->problems == NULL)
        return;
    screened = fascia__screened__unpack(NULL, referral->open->problems_size, referral->open->problems);
    INVARIANT(screened != NULL);
    *problems = screened->problems;
    *count = screened->n_problems;
    screened->problems = NULL;
    screened->n_problems = 0;
    fascia__screened__free_unpacked(screened, NULL);
}

static void fill_open(const struct referral *referral, Fascia__Status *status)
{
    const struct referral_open *open = referral->open;

    status->visits_done = open->visits_done;
    if (open->visit_count > 0) {
        status->visit_from = open->visits[0].from;
        status->visit_to = open->visits[0].to;
    }
    if (referral->state == FASCIA__STATE__STATE_NEEDS_INFORMATION)
        take_problems(referral, &status->problems, &status->n_problems);
}

Fascia__Status *engine_status_of(const struct engine *engine, const struct referral *referral)
{
    const struct lifecycle_words *words = lifecycle_words((Fascia__State)referral->state);
    Fascia__Status *status = memory_allocate(1, sizeof *status);
    char name[NAME_SIZE], text[TEXT_SIZE];
    bool declined = referral->state == FASCIA__STATE__STATE_WAITLISTED && referral->open->all_declined;

    fascia__status__init(status);
    status->referral = referral->number;
    status->state = (Fascia__State)referral->state;
    status->at = referral->changed;
    status->number = referral->statuses;
    name_therapist(referral, status, name);
    describe(referral, name, text);
    message_set(&status->text, text);
    if (*status->time_zone == '\0')
        message_set(&status->time_zone, engine->settings.default_zone);
    if (referral->open != NULL)
        fill_open(referral, status);
    /* Everybody who qualifies declined: the referrer must be able to act, so table 0283 says rejected, though the
     * referral still waits here for somebody new. */
    message_set(&status->rf1_status, declined ? "R" : words->rf1_status);
    message_set(&status->task_status, words->task_status);
    message_set(&status->business_status, declined ? "4.0" : words->business_status);
    return status;
}

static void add_telling(Fascia__Status *status, const struct telling *telling)
{
    if (telling->text != NULL)
        message_set(&status->text, telling->text);
    if (telling->reason != NULL)
        message_set(&status->reason, telling->reason);
    if (telling->outcome != NULL)
        status->outcome = message_copy(&telling->outcome->base);
    if (telling->appointment != NULL)
        status->appointment = message_copy(&telling->appointment->base);
}

/* A change of an appointment alone is not counted: who does not keep calendars would miss a number. */
void engine_tell_sender(struct engine *engine, struct referral *referral, const struct telling *telling)
{
    struct outbox_row row = {
        .outbox = ++engine->last_outbox, .referral = referral->number, .state = OUTBOX_PENDING, .due = engine->now};
    bool alone = telling != NULL && telling->appointment != NULL && telling->appointment->alone;
    Fascia__Status *status;

    if (!alone)
        referral->statuses++;
    status = engine_status_of(engine, referral);
    if (alone)
        status->number = 0;
    if (telling != NULL)
        add_telling(status, telling);
    memcpy(row.source, referral->source, strlen(referral->source) + 1);
    row.payload = message_pack(&status->base, &row.size);
    fascia__status__free_unpacked(status, NULL);
    record_add_outbox(engine->batch, &row);
    engine_write_row(engine, referral);
}

static void tell_of_visit(struct engine *engine, struct referral *referral, const struct visit *visit,
                          Fascia__AppointmentChange__How how, bool alone)
{
    Fascia__AppointmentChange change = FASCIA__APPOINTMENT_CHANGE__INIT;

    change.how = how;
    change.number = visit->appointment;
    change.from = visit->from;
    change.to = visit->to;
    change.alone = alone;
    engine_tell_sender(engine, referral, &(struct telling){.appointment = &change});
}

void engine_tell_of_visit(struct engine *engine, struct referral *referral, const struct visit *visit,
                          Fascia__AppointmentChange__How how)
{
    tell_of_visit(engine, referral, visit, how, false);
}

void engine_tell_of_freed_visit(struct engine *engine, struct referral *referral, const struct visit *visit)
{
    tell_of_visit(engine, referral, visit, FASCIA__APPOINTMENT_CHANGE__HOW__CANCELLED, true);
}

Fascia__Result *engine_answer(const struct engine *engine, const struct referral *referral,
                              Fascia__Result__Verdict verdict)
{
    Fascia__Result *result = memory_allocate(1, sizeof *result);

    fascia__result__init(result);
    result->verdict = verdict;
    if (referral == NULL)
        return result;
    result->referral = referral->number;
    result->state = (Fascia__State)referral->state;
    result->status = engine_status_of(engine, referral);
    take_problems(referral, &result->problems, &result->n_problems);
    return result;
}

Fascia__Result *engine_answer_problem(const struct engine *engine, const struct referral *referral,
                                      Fascia__Result__Verdict verdict, Fascia__Problem__Kind kind, const char *field,
                                      const char *text)
{
    Fascia__Result *result = engine_answer(engine, referral, verdict);

    for (size_t i = 0; i < result->n_problems; i++)
        fascia__problem__free_unpacked(result->problems[i], NULL);
    free(result->problems);
    result->problems = NULL;
    result->n_problems = 0;
    message_push(&result->problems, &result->n_problems,
                 problem_new(FASCIA__PROBLEM__SEVERITY__ERROR, kind, "", field, "%s", text));
    return result;
}

Fascia__Result *engine_answer_no_referral(const struct engine *engine)
{
    return engine_answer_problem(engine, NULL, FASCIA__RESULT__VERDICT__NOT_FOUND, FASCIA__PROBLEM__KIND__UNKNOWN_KEY,
                                 "referral", "there is no referral of this number");
}

Fascia__Result *engine_answer_unknown_id(const struct engine *engine)
{
    return engine_answer_problem(engine, NULL, FASCIA__RESULT__VERDICT__NOT_FOUND, FASCIA__PROBLEM__KIND__UNKNOWN_KEY,
                                 "sender_referral_id",
                                 "no referral of this sender has this id here: send it as a new one first");
}
