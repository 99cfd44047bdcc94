/*
 * What is wrong, in FHIR's words: issues, the OperationOutcome that tells them, and the HTTP status that goes with it.
 *
 * Texts say where and what to do, and never repeat what the sender wrote. Everything lives in an arena.
 */
#ifndef FHIR_OUTCOME_H
#define FHIR_OUTCOME_H

#include "fascia/v1/command.pb-c.h"
#include "fhir/json.h"

enum fhir_severity { FHIR_FATAL, FHIR_ERROR, FHIR_WARNING, FHIR_INFORMATION };

struct fhir_issue {
    enum fhir_severity severity;
    const char *code;        /* of the value set IssueType: "structure" "required" "value" "code-invalid" ... */
    const char *text;        /* details.text: a person can act on it */
    const char *diagnostics; /* "": none */
    const char *expression;  /* "ServiceRequest.subject"; "": none */
    unsigned line, column;   /* of JSON that can't be read; 0: none */
    unsigned status;         /* the HTTP status that this alone would give; 0: none, as of a warning */
};

enum { FHIR_ISSUES = 100 }; /* are kept; the others are only counted */

struct fhir_issues {
    struct fhir_arena *arena;
    size_t count; /* in list */
    size_t more;  /* beyond it */
    size_t errors;
    struct fhir_issue *list[FHIR_ISSUES];
};

/* Of the types and shapes of FHIR itself: 400. */
__attribute__((format(printf, 4, 5))) void fhir_issue_shape(struct fhir_issues *issues, const char *code,
                                                            const char *expression, const char *format, ...);
/* What FHIR allows and this node can't take: 422. */
__attribute__((format(printf, 4, 5))) void fhir_issue_rule(struct fhir_issues *issues, const char *code,
                                                           const char *expression, const char *format, ...);
__attribute__((format(printf, 4, 5))) void fhir_issue_warn(struct fhir_issues *issues, const char *code,
                                                           const char *expression, const char *format, ...);
/* Any other error. */
void fhir_issue_add(struct fhir_issues *issues, struct fhir_issue issue);
void fhir_issue_json(struct fhir_issues *issues, const struct fhir_json_fault *fault); /* 400, 413 */

/* What the core found. Their location is an expression already; without one, expression stands in, or what `field` is in a ServiceRequest. */
void fhir_issue_problems(struct fhir_issues *issues, Fascia__Problem *const *problems, size_t count,
                         const char *expression);

/* What is said of a Result: its problems, or a sentence where there are none; nothing of OK. */
void fhir_issue_result(struct fhir_issues *issues, const Fascia__Result *result, const char *expression);
/* 200 of OK and DUPLICATE, REFUSED 422, NOT_FOUND 404, CONFLICT 409, BUSY and FAILED 503. */
unsigned fhir_status_of_verdict(Fascia__Result__Verdict verdict);
/* Seconds for Retry-After; 0: the header is not sent. */
unsigned fhir_retry_after(Fascia__Result__Verdict verdict);

/* The status of all issues together: 413 before 400, 400 before others, else the first error's; 200 without errors. */
unsigned fhir_status_of_issues(const struct fhir_issues *issues);
/* An OperationOutcome, the caller's. Without issues it says that all is well: FHIR asks for at least one. */
struct fhir_json *fhir_outcome(const struct fhir_issues *issues);

#endif
