/*
 * The token endpoint of OAuth 2 for SMART Backend Services: client_credentials (RFC 6749 4.4), with an assertion that the client has signed (RFC 7523).
 * Errors are those of RFC 6749 5.2. Why an assertion does not count is told; whether there is such a client is not.
 */
#include "access/form.h"
#include "access/keys.h"
#include "access/scope.h"
#include "access/state.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define JTI_BYTES      255
#define LATEST         1e12 /* seconds: beyond this a time is none */

struct refusal {
    unsigned status;
    const char *error, *why;
    unsigned retry;
};

#define REFUSE(status, error, why) ((struct refusal){status, error, why, 0})
#define GOOD                       ((struct refusal){0}) /* nothing is refused */

/* Of one request. */
struct asking {
    struct access *access;
    int64_t now;
    struct form form;
    struct assertion assertion;
    struct account *account;
    char granted[SCOPES * SCOPE_TEXT_BYTES];
};

static void write_answer(struct access_answer *answer, unsigned status, json_t *body)
{
    INVARIANT(body != NULL);
    answer->status = status;
    answer->body = json_dumps(body, JSON_COMPACT);
    INVARIANT(answer->body != NULL);
    json_decref(body);
}

/* ---- the form ---- */

static struct refusal read_form(struct asking *asking, const char *form, size_t size)
{
    const char *kind, *value;

    if (size > ACCESS_FORM_BYTES || !form_read(form, size, &asking->form))
        return REFUSE(400, "invalid_request", "the body is no form, or names something twice");
    kind = form_value(&asking->form, "grant_type");
    if (kind == NULL)
        return REFUSE(400, "invalid_request", "grant_type is missing");
    if (strcmp(kind, "client_credentials") != 0)
        return REFUSE(400, "unsupported_grant_type", "grant_type must be client_credentials");
    value = form_value(&asking->form, "client_assertion_type");
    if (value == NULL || strcmp(value, ASSERTION_TYPE) != 0)
        return REFUSE(401, "invalid_client", "client_assertion_type must be " ASSERTION_TYPE);
    value = form_value(&asking->form, "client_assertion");
    if (value == NULL || !assertion_read(value, &asking->assertion))
        return REFUSE(401, "invalid_client", "client_assertion must be a JWT signed with RS384 or ES384");
    return GOOD;
}

/* ---- the assertion ---- */

static const char *claim(const struct asking *asking, const char *name)
{
    const char *text = json_string_value(json_object_get(asking->assertion.claims, name));

    return text == NULL ? "" : text;
}

/* An instant in ms; false when the claim is there and none. fallback: when it is not there. */
static bool claim_time(const struct asking *asking, const char *name, int64_t fallback, int64_t *time)
{
    const json_t *value = json_object_get(asking->assertion.claims, name);
    const double seconds = json_number_value(value);

    *time = fallback;
    if (value == NULL)
        return true;
    if (!json_is_number(value) || !(seconds >= 0 && seconds < LATEST))
        return false;
    *time = (int64_t)(seconds * 1000);
    return true;
}

static struct refusal check_signature(struct asking *asking)
{
    const struct account *account;
    const char *name = form_value(&asking->form, "client_id");

    asking->account = account_find(asking->access, claim(asking, "iss"));
    account = asking->account;
    if (account == NULL || account->content->kind != FASCIA__ACCOUNT__KIND__CLIENT || account->content->disabled ||
        account->keys == NULL || strcmp(claim(asking, "sub"), claim(asking, "iss")) != 0 ||
        (name != NULL && strcmp(name, claim(asking, "iss")) != 0) || !keys_verify(account->keys, &asking->assertion)) {
        asking->account = NULL;
        return REFUSE(401, "invalid_client", "iss and sub must be the client's name, and one of its keys have signed");
    }
    return GOOD;
}

static bool is_for_us(const struct asking *asking)
{
    const json_t *audience = json_object_get(asking->assertion.claims, "aud"), *one;
    const char *us = asking->access->token_url;
    size_t i;

    if (json_is_string(audience))
        return strcmp(json_string_value(audience), us) == 0;
    json_array_foreach(audience, i,
                       one) if (json_is_string(one) && strcmp(json_string_value(one), us) == 0) return true;
    return false;
}

/* Of an assertion that does not say when it was issued, it follows from when it ends: no process took it that would have ended later. */
static struct refusal check_times(struct asking *asking, int64_t *ends)
{
    static const struct refusal early = {503, "temporarily_unavailable",
                                         "this node has just begun, and takes what was issued after that",
                                         ACCESS_SKEW / 1000};
    const int64_t now = asking->now;
    int64_t issued, from;

    if (!claim_time(asking, "exp", -1, ends) || *ends < 0)
        return REFUSE(401, "invalid_client", "exp is missing, or no time");
    if (now >= *ends + ACCESS_SKEW)
        return REFUSE(401, "invalid_client", "exp has passed");
    if (*ends > now + ACCESS_ASSERTION_LIFE + ACCESS_SKEW)
        return REFUSE(401, "invalid_client", "exp is more than 5 minutes ahead");
    if (!claim_time(asking, "iat", *ends - ACCESS_ASSERTION_LIFE, &issued) || issued > now + ACCESS_SKEW)
        return REFUSE(401, "invalid_client", "iat lies ahead, or is no time");
    if (!claim_time(asking, "nbf", 0, &from) || from > now + ACCESS_SKEW)
        return REFUSE(401, "invalid_client", "nbf lies ahead, or is no time");
    return issued < asking->access->assertions_from ? early : GOOD;
}

static struct refusal use_once(struct asking *asking, int64_t ends)
{
    static const struct refusal many = {503, "temporarily_unavailable", "too many assertions at once", 60};
    const char *id = claim(asking, "jti");
    uint8_t key[LEDGER_KEY_BYTES];

    if (id[0] == '\0' || strlen(id) > JTI_BYTES)
        return REFUSE(401, "invalid_client", "jti is missing, or longer than 255 bytes");
    ledger_key(key, "assertion", asking->account->content->name, id);
    if (ledger_find(asking->access->assertions, key) != NULL)
        return REFUSE(401, "invalid_client", "this jti was used before");
    if (asking->account->assertions >= ASSERTIONS_EACH)
        ledger_trim(asking->access->assertions, asking->now);
    if (asking->account->assertions >= ASSERTIONS_EACH ||
        ledger_add(asking->access->assertions, key, asking->now, ends + ACCESS_SKEW, &asking->account->assertions,
                   false) == NULL)
        return many;
    return GOOD;
}

/* ---- scopes and the token ---- */

static struct refusal grant(struct asking *asking)
{
    const Fascia__Account *account = asking->account->content;
    const char *asked = form_value(&asking->form, "scope");
    struct scope_list allowed = {.count = 0}, granted;
    size_t at = 0;

    for (size_t i = 0; i < account->n_scopes; i++) {
        struct scope scope;

        if (scope_read(account->scopes[i], strlen(account->scopes[i]), &scope))
            scope_add(&allowed, &scope);
    }
    if (asked == NULL)
        return REFUSE(400, "invalid_scope", "scope is missing");
    scope_grant(&allowed, asked, &granted);
    if (granted.count == 0)
        return REFUSE(400, "invalid_scope", "nothing of this scope is granted to this client");
    for (size_t i = 0; i < granted.count; i++) {
        if (i > 0)
            asking->granted[at++] = ' ';
        scope_write(&granted.scopes[i], asking->granted + at);
        at += strlen(asking->granted + at);
    }
    return GOOD;
}

static struct refusal issue(struct asking *asking, struct access_answer *answer)
{
    static const struct refusal full = {503, "temporarily_unavailable", "too many tokens at once", 60};
    char token[TICKET_TEXT_BYTES];

    if (!ticket_issue(asking->access, asking->account, false, asking->granted, asking->now, token))
        return full;
    write_answer(answer, 200,
                 json_pack("{s:s, s:s, s:i, s:s}", "access_token", token, "token_type", "bearer", "expires_in",
                           ACCESS_TOKEN_LIFE / 1000, "scope", asking->granted));
    return GOOD;
}

static struct refusal ask(struct asking *asking, const char *form, size_t size, struct access_answer *answer)
{
    int64_t ends = 0;
    struct refusal refusal = read_form(asking, form, size);

    if (refusal.status == 0)
        refusal = check_signature(asking);
    if (refusal.status != 0)
        return refusal;
    memcpy(answer->account, asking->account->content->name, strlen(asking->account->content->name) + 1);
    if (!is_for_us(asking))
        return REFUSE(401, "invalid_client", "aud is not the URL of this token endpoint");
    refusal = check_times(asking, &ends);
    if (refusal.status == 0)
        refusal = use_once(asking, ends);
    if (refusal.status == 0)
        refusal = grant(asking);
    return refusal.status == 0 ? issue(asking, answer) : refusal;
}

void access_token(struct access *access, const char *form, size_t size, int64_t now, struct access_answer *answer)
{
    struct asking *asking = memory_allocate(1, sizeof *asking);
    struct refusal refusal;

    asking->access = access;
    asking->now = now;
    *answer = (struct access_answer){.error = "", .why = ""};
    refusal = ask(asking, form, size, answer);
    if (refusal.status != 0) {
        answer->error = refusal.error;
        answer->why = refusal.why;
        answer->retry = refusal.retry;
        write_answer(answer, refusal.status,
                     json_pack("{s:s, s:s}", "error", refusal.error, "error_description", refusal.why));
    }
    form_end(&asking->form);
    assertion_end(&asking->assertion);
    free(asking);
}

void access_answer_finish(struct access_answer *answer)
{
    free(answer->body);
    *answer = (struct access_answer){.error = "", .why = ""};
}

/* ---- what it is good for ---- */

Fascia__Principal *access_bearer(struct access *access, const char *authorization, int64_t now, const char **refused)
{
    static const char bearer[] = "Bearer ";
    const struct ticket *ticket;

    *refused = "";
    if (authorization == NULL)
        return NULL;
    *refused = "unknown";
    if (strncasecmp(authorization, bearer, sizeof bearer - 1) != 0)
        return NULL;
    authorization += sizeof bearer - 1;
    authorization += strspn(authorization, " ");
    if (strlen(authorization) != TICKET_TEXT_BYTES - 1)
        return NULL;
    ticket = ticket_find(access, authorization, false, now, refused);
    return ticket == NULL ? NULL : account_principal(ticket->account, ticket->scopes);
}

char *access_configuration(const struct access *access)
{
    json_t *configuration = json_pack(
        "{s:s, s:[s], s:[s], s:[s, s], s:[s, s, s, s, s], s:[], s:[s], s:[s, s, s]}", "token_endpoint",
        access->token_url, "grant_types_supported", "client_credentials", "token_endpoint_auth_methods_supported",
        "private_key_jwt", "token_endpoint_auth_signing_alg_values_supported", "RS384", "ES384", "scopes_supported",
        "system/ServiceRequest.cruds", "system/Task.rus", "system/Appointment.crus", "system/Practitioner.rs",
        "system/*.rs", "response_types_supported",
        /* required of every server, also of one with nothing to prove it on */
        "code_challenge_methods_supported", "S256", "capabilities", "client-confidential-asymmetric", "permission-v1",
        "permission-v2");
    char *text;

    INVARIANT(configuration != NULL);
    text = json_dumps(configuration, JSON_INDENT(2));
    json_decref(configuration);
    return text;
}
