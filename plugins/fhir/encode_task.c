/* Task: where the work on a referral stands. */
#include "fhir/encode.h"

#include "core/lifecycle.h"

#include <inttypes.h>
#include <string.h>

#define BSER_SYSTEM "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"

static const char *business_text(const char *code)
{
    static const char *const texts[][2] = {
        {"2.0", "Service Request Created"},
        {"3.0", "Service Request Accepted"},
        {"4.0", "Service Request Declined"},
        {"5.1.1", "Service Request Event Scheduled"},
        {"5.1.2", "Scheduled Service Request Event Unattended"},
        {"5.1.3", "Scheduled Service Request Event Cancelled"},
        {"5.1.4", "Service Request Event Completed"},
        {"5.2", "Service Request Cancellation Requested"},
        {"6.0", "Service Request Fulfillment Cancelled"},
        {"7.0", "Service Request Fulfillment Completed"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i][0], code) == 0)
            return texts[i][1];
    return NULL;
}

/* Why it ended is its sender's to hear; why a therapist declined is not. */
static bool tells_reason(const struct fhir_subject *subject)
{
    switch (subject->story.state) {
    case FASCIA__STATE__STATE_REJECTED:
    case FASCIA__STATE__STATE_CANCELLED:
    case FASCIA__STATE__STATE_WITHDRAWN:
        return true;
    default:
        return subject->sees_offers;
    }
}

static void write_status(const struct fhir_subject *subject, struct fhir_json *task)
{
    const struct lifecycle_words *words = lifecycle_words(subject->story.state);
    const Fascia__Status *status = subject->current ? subject->detail->status : NULL;
    const char *business = words->business_status;

    /* The node tells more than its state: everybody who qualifies may have declined. */
    if (status != NULL && status->business_status[0] != '\0')
        business = status->business_status;
    fhir_json_set_text(task, "status", words->task_status);
    fhir_json_set(task, "businessStatus",
                  fhir_new_concept(BSER_SYSTEM, business, business_text(business), words->name));
    if (status != NULL && status->n_problems > 0)
        fhir_json_set(task, "statusReason", fhir_new_concept(NULL, NULL, NULL, status->problems[0]->message));
    else if (tells_reason(subject))
        fhir_json_set(task, "statusReason",
                      fhir_new_concept(FHIR_REASON_SYSTEM, subject->story.reason_code, NULL, subject->story.reason));
}

static void write_execution(const struct fhir_story *story, struct fhir_json *task)
{
    int64_t from = 0, to = 0;
    const bool over = story->state == FASCIA__STATE__STATE_COMPLETED || story->state == FASCIA__STATE__STATE_CLOSED;

    for (size_t i = 0; i < story->visit_count; i++) {
        const struct fhir_visit *visit = &story->visits[i];
        if (visit->how != FHIR_VISIT_DONE)
            continue;
        if (from == 0 || visit->from < from)
            from = visit->from;
        if (visit->to > to)
            to = visit->to;
    }
    if (from != 0)
        fhir_set_period(task, "executionPeriod", from, over ? to : 0);
}

static void add_output(struct fhir_json *task, const char *code, const char *text, const char *value_name,
                       struct fhir_json *value)
{
    struct fhir_json *output = fhir_add_to(task, "output", fhir_json_new_object());

    fhir_json_set(output, "type", fhir_new_concept("urn:fascia:outcome", code, NULL, text));
    fhir_json_set(output, value_name, value);
}

static void write_outcome(const Fascia__OutcomeReported *outcome, struct fhir_json *task)
{
    if (outcome == NULL)
        return;
    if (outcome->summary[0] != '\0')
        add_output(task, "summary", "What the therapist reports", "valueString", fhir_json_new_text(outcome->summary));
    add_output(task, "visits", "Visits that took place", "valueUnsignedInt", fhir_json_new_whole(outcome->visits));
    if (outcome->pain_before >= 0)
        add_output(task, "pain-before", "Pain before treatment, 0 to 10", "valueInteger",
                   fhir_json_new_whole(outcome->pain_before));
    if (outcome->pain_after >= 0)
        add_output(task, "pain-after", "Pain after treatment, 0 to 10", "valueInteger",
                   fhir_json_new_whole(outcome->pain_after));
    if (outcome->goal[0] != '\0')
        add_output(task, "goal", "Whether the goal was met", "valueCode", fhir_json_new_text(outcome->goal));
}

void fhir_write_task(const struct fhir_subject *subject, struct fhir_json *list)
{
    const struct fhir_story *story = &subject->story;
    const Fascia__ReferralRow *row = subject->detail->row;
    const Fascia__Status *status = subject->detail->status;
    const char *number = fhir_number(subject->arena, row->referral);
    const char *therapist = fhir_subject_therapist(subject);
    struct fhir_json *task = fhir_json_add(list, fhir_new_resource("Task", number, story->version, story->updated));

    fhir_put_identifier(task, FHIR_REFERRAL_SYSTEM, number);
    fhir_add_to(task, "basedOn",
                fhir_new_reference(fhir_arena_format(subject->arena, "ServiceRequest/%s", number), NULL));
    write_status(subject, task);
    fhir_json_set_text(task, "intent", "order");
    fhir_json_set_text(task, "priority", fhir_priority(row->priority));
    fhir_json_set(
        task, "code",
        fhir_new_concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill", "Fulfill the focal request", NULL));
    if (subject->current && status != NULL)
        fhir_json_set_text(task, "description", status->text);
    fhir_set_reference(subject, task, "focus", "ServiceRequest", number, NULL);
    fhir_set_reference(subject, task, "for", "Patient", number, NULL);
    write_execution(story, task);
    fhir_set_instant(task, "authoredOn", row->opened);
    fhir_set_instant(task, "lastModified", story->updated);
    if (therapist[0] != '\0')
        fhir_set_reference(subject, task, "owner", "Practitioner", fhir_id_of_therapist(subject->arena, therapist),
                           status != NULL && strcmp(status->therapist, therapist) == 0 ? status->therapist_name : NULL);
    write_outcome(story->outcome, task);
}
