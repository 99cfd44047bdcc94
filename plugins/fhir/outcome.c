#include "fhir/outcome.h"

#include <stdio.h>
#include <string.h>

/* ---- collecting --------------------------------------------------------------------------------------------------- */

void fhir_issue_add(struct fhir_issues *issues, struct fhir_issue issue)
{
    struct fhir_issue *kept;

    if (issue.severity <= FHIR_ERROR)
        issues->errors++;
    if (issues->count == FHIR_ISSUES) {
        issues->more++;
        return;
    }
    if (issue.expression == NULL)
        issue.expression = "";
    if (issue.diagnostics == NULL)
        issue.diagnostics = "";
    kept = fhir_arena_take(issues->arena, sizeof *kept);
    *kept = issue;
    issues->list[issues->count++] = kept;
}

static void add(struct fhir_issues *issues, struct fhir_issue issue, const char *format, va_list values)
{
    char text[400];

    vsnprintf(text, sizeof text, format, values);
    issue.text = fhir_arena_text(issues->arena, text, strlen(text));
    fhir_issue_add(issues, issue);
}

void fhir_issue_shape(struct fhir_issues *issues, const char *code, const char *expression, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    add(issues, (struct fhir_issue){.severity = FHIR_ERROR, .code = code, .expression = expression, .status = 400},
        format, values);
    va_end(values);
}

void fhir_issue_rule(struct fhir_issues *issues, const char *code, const char *expression, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    add(issues, (struct fhir_issue){.severity = FHIR_ERROR, .code = code, .expression = expression, .status = 422},
        format, values);
    va_end(values);
}

void fhir_issue_warn(struct fhir_issues *issues, const char *code, const char *expression, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    add(issues, (struct fhir_issue){.severity = FHIR_WARNING, .code = code, .expression = expression}, format, values);
    va_end(values);
}

void fhir_issue_json(struct fhir_issues *issues, const struct fhir_json_fault *fault)
{
    fhir_issue_add(issues,
                   (struct fhir_issue){.severity = FHIR_FATAL,
                                       .code = fault->too_large ? "too-long" : "structure",
                                       .text = fhir_arena_text(issues->arena, fault->message, strlen(fault->message)),
                                       .line = fault->line,
                                       .column = fault->column,
                                       .status = fault->too_large ? 413 : 400});
}

/* ---- of the core -------------------------------------------------------------------------------------------------- */

/* Where a ServiceRequest would have it, for problems that have no place in the message because something is missing. */
static const char *expression_of(const char *field)
{
    static const char *const places[][2] = {
        {"sender_referral_id", "ServiceRequest.identifier"},
        {"referrer", "ServiceRequest.requester"},
        {"patient.birth_date", "Patient.birthDate"},
        {"patient.gender", "Patient.gender"},
        {"patient.address", "Patient.address"},
        {"patient.identifier", "Patient.identifier"},
        {"patient.family_name", "Patient.name"},
        {"patient.given_name", "Patient.name"},
        {"patient", "ServiceRequest.subject"},
        {"conditions", "ServiceRequest.reasonCode"},
        {"procedures", "ServiceRequest.code"},
        {"flags", "ServiceRequest.supportingInfo"},
        {"coverages", "ServiceRequest.insurance"},
        {"authorization", "ServiceRequest.insurance"},
        {"preferences.visit_mode", "ServiceRequest.locationCode"},
        {"preferences.therapist", "ServiceRequest.performer"},
        {"preferences", "ServiceRequest.occurrence"},
        {"priority", "ServiceRequest.priority"},
        {"attachments", "ServiceRequest.supportingInfo"},
        {"notes", "ServiceRequest.note"},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strncmp(field, places[i][0], strlen(places[i][0])) == 0)
            return places[i][1];
    return "";
}

static const char *code_of(Fascia__Problem__Kind kind)
{
    switch (kind) {
    case FASCIA__PROBLEM__KIND__MISSING:
        return "required";
    case FASCIA__PROBLEM__KIND__BAD_TYPE:
        return "value";
    case FASCIA__PROBLEM__KIND__UNKNOWN_CODE:
        return "code-invalid";
    case FASCIA__PROBLEM__KIND__UNKNOWN_KEY:
        return "not-found";
    case FASCIA__PROBLEM__KIND__DUPLICATE_KEY:
        return "duplicate";
    case FASCIA__PROBLEM__KIND__LOCKED:
        return "conflict";
    default:
        return "business-rule";
    }
}

void fhir_issue_problems(struct fhir_issues *issues, Fascia__Problem *const *problems, size_t count,
                         const char *expression)
{
    for (size_t i = 0; i < count; i++) {
        const Fascia__Problem *problem = problems[i];
        bool error = problem->severity == FASCIA__PROBLEM__SEVERITY__ERROR;
        const char *place = problem->location[0] != '\0' ? problem->location : expression_of(problem->field);
        if (place[0] == '\0' && expression != NULL)
            place = expression;
        fhir_issue_add(issues, (struct fhir_issue){
                                   .severity = error ? FHIR_ERROR : FHIR_WARNING,
                                   .code = code_of(problem->kind),
                                   .text = fhir_arena_text(issues->arena, problem->message, strlen(problem->message)),
                                   .diagnostics = problem->field[0] == '\0'
                                                      ? ""
                                                      : fhir_arena_format(issues->arena, "field %s", problem->field),
                                   .expression = fhir_arena_text(issues->arena, place, strlen(place)),
                                   .status = error ? 422 : 0});
    }
}

unsigned fhir_status_of_verdict(Fascia__Result__Verdict verdict)
{
    switch (verdict) {
    case FASCIA__RESULT__VERDICT__OK:
    case FASCIA__RESULT__VERDICT__DUPLICATE:
        return 200;
    case FASCIA__RESULT__VERDICT__REFUSED:
        return 422;
    case FASCIA__RESULT__VERDICT__NOT_FOUND:
        return 404;
    case FASCIA__RESULT__VERDICT__CONFLICT:
        return 409;
    default:
        return 503;
    }
}

unsigned fhir_retry_after(Fascia__Result__Verdict verdict)
{
    /* Queues are short; a disk that refuses takes longer to be seen to. */
    return verdict == FASCIA__RESULT__VERDICT__BUSY ? 2 : verdict == FASCIA__RESULT__VERDICT__FAILED ? 30 : 0;
}

static struct fhir_issue issue_of(Fascia__Result__Verdict verdict)
{
    struct fhir_issue issue = {.severity = FHIR_ERROR, .status = fhir_status_of_verdict(verdict)};

    switch (verdict) {
    case FASCIA__RESULT__VERDICT__REFUSED:
        issue.code = "business-rule";
        issue.text = "what was sent can't be taken, and nothing of it was kept";
        break;
    case FASCIA__RESULT__VERDICT__NOT_FOUND:
        issue.code = "not-found";
        issue.text = "there is no such referral";
        break;
    case FASCIA__RESULT__VERDICT__CONFLICT:
        issue.code = "conflict";
        issue.text = "the state of the referral does not allow this";
        break;
    case FASCIA__RESULT__VERDICT__BUSY:
        issue.code = "throttled";
        issue.text = "the node is busy, and nothing was kept: try again";
        break;
    case FASCIA__RESULT__VERDICT__DUPLICATE:
        issue.severity = FHIR_INFORMATION;
        issue.code = "duplicate";
        issue.text = "the same was sent before; it stands as it did";
        issue.status = 0;
        break;
    default:
        issue.code = "transient";
        issue.text = "the node could not keep it, and nothing was kept: try again later";
        break;
    }
    return issue;
}

void fhir_issue_result(struct fhir_issues *issues, const Fascia__Result *result, const char *expression)
{
    size_t first = issues->count;
    size_t errors = issues->errors;
    unsigned status = fhir_status_of_verdict(result->verdict);

    fhir_issue_problems(issues, result->problems, result->n_problems, expression);
    for (size_t i = first; i < issues->count; i++)
        if (issues->list[i]->severity == FHIR_ERROR)
            issues->list[i]->status = status;
    if (result->verdict == FASCIA__RESULT__VERDICT__OK || issues->errors > errors)
        return;
    fhir_issue_add(issues, issue_of(result->verdict));
    if (expression != NULL && issues->count > 0)
        issues->list[issues->count - 1]->expression = expression;
}

/* ---- telling ------------------------------------------------------------------------------------------------------ */

unsigned fhir_status_of_issues(const struct fhir_issues *issues)
{
    unsigned status = 0;

    for (size_t i = 0; i < issues->count; i++) {
        unsigned own = issues->list[i]->status;
        if (own == 413)
            return 413;
        if (own != 0 && (status == 0 || own == 400))
            status = own;
    }
    if (status == 0)
        return issues->errors > 0 ? 422 : 200;
    return status;
}

static void tell(struct fhir_json *list, const struct fhir_issue *issue)
{
    static const char *const severities[] = {"fatal", "error", "warning", "information"};
    struct fhir_json *entry = fhir_json_add(list, fhir_json_new_object()), *place;
    char location[40];

    fhir_json_set_text(entry, "severity", severities[issue->severity]);
    fhir_json_set_text(entry, "code", issue->code);
    fhir_json_set_text(fhir_json_set(entry, "details", fhir_json_new_object()), "text", issue->text);
    fhir_json_set_text(entry, "diagnostics", issue->diagnostics);
    if (issue->line > 0) {
        snprintf(location, sizeof location, "%u:%u", issue->line, issue->column);
        place = fhir_json_set(entry, "location", fhir_json_new_array());
        fhir_json_add(place, fhir_json_new_text(location));
    }
    if (issue->expression[0] != '\0') {
        place = fhir_json_set(entry, "expression", fhir_json_new_array());
        fhir_json_add(place, fhir_json_new_text(issue->expression));
    }
}

struct fhir_json *fhir_outcome(const struct fhir_issues *issues)
{
    struct fhir_json *outcome = fhir_json_new_object(), *list;
    char text[80];

    fhir_json_set_text(outcome, "resourceType", "OperationOutcome");
    list = fhir_json_set(outcome, "issue", fhir_json_new_array());
    for (size_t i = 0; i < issues->count; i++)
        tell(list, issues->list[i]);
    if (issues->more > 0) {
        snprintf(text, sizeof text, "%zu further issues are not listed", issues->more);
        tell(list, &(struct fhir_issue){FHIR_INFORMATION, "incomplete", text, "", "", 0, 0, 0});
    }
    if (issues->count == 0)
        tell(list, &(struct fhir_issue){FHIR_INFORMATION, "informational", "all is well", "", "", 0, 0, 0});
    return outcome;
}
