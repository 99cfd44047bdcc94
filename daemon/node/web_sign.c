/* People sign in, below the prefix of every source that takes HTTP: a password, a code where there is one, and then a cookie. */
#include "node/web.h"

#include "access/access.h"
#include "access/sign_in.h"
#include "core/memory.h"
#include "io/log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGN_IN_PATH  "/auth/sign-in"
#define SIGN_OUT_PATH "/auth/sign-out"
#define WHO_PATH      "/auth/who"
#define SIGN_BYTES    8192
#define COOKIE        "fascia-session"

/* ---- cookies --------------------------------------------------------------------------------------------------------------- */

const char *web_field(const struct io_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++)
        if (strcmp(request->fields[i].name, name) == 0)
            return request->fields[i].value;
    return NULL;
}

/* false: there is none. */
static bool find_cookie(const struct io_http_request *request, char session[ACCESS_SESSION_BYTES])
{
    const char *at = web_field(request, "cookie");

    while (at != NULL && *at != '\0') {
        const size_t size = strcspn(at, ";");
        const size_t name = sizeof COOKIE; /* with its '=' */
        if (size > name && size - name < ACCESS_SESSION_BYTES && strncmp(at, COOKIE "=", name) == 0) {
            memcpy(session, at + name, size - name);
            session[size - name] = '\0';
            return true;
        }
        at += size;
        at += strspn(at, "; ");
    }
    return false;
}

/* A page of another site can make a browser send the cookie, but not say that it is ours. */
static bool is_from_our_pages(const struct io_http_request *request)
{
    const char *origin = web_field(request, "origin"), *site = web_field(request, "sec-fetch-site");
    char ours[300];

    if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0)
        return true;
    if (site != NULL && strcmp(site, "same-origin") != 0)
        return false;
    snprintf(ours, sizeof ours, "%s://%s", request->secure ? "https" : "http", request->host);
    return origin != NULL ? strcmp(origin, ours) == 0 : site != NULL;
}

Fascia__Principal *web_principal(struct web *web, const struct io_http_request *request, const char **refused)
{
    const char *authorization = web_field(request, "authorization");
    char session[ACCESS_SESSION_BYTES];

    if (authorization != NULL || !find_cookie(request, session))
        return access_bearer(web->access, authorization, io_now(), refused);
    if (!is_from_our_pages(request)) {
        *refused = "another-site";
        return NULL;
    }
    return access_session(web->access, session, io_now(), refused);
}

/* ---- answers ----------------------------------------------------------------------------------------------------------------- */

static void answer_json(struct io_http_exchange *io, int status, json_t *body, const char *cookie, unsigned retry)
{
    char *text = json_dumps(body, JSON_COMPACT), seconds[16];
    struct io_http_field fields[4] = {{"content-type", "application/json"}, {"cache-control", "no-store"}};
    size_t count = 2;

    INVARIANT(text != NULL);
    if (cookie != NULL)
        fields[count++] = (struct io_http_field){"set-cookie", cookie};
    if (retry > 0) {
        snprintf(seconds, sizeof seconds, "%u", retry);
        fields[count++] = (struct io_http_field){"retry-after", seconds};
    }
    io_http_reply(io, status, fields, count, text, strlen(text));
    free(text);
    json_decref(body);
}

static void refuse(struct io_http_exchange *io, int status, const char *error, unsigned retry)
{
    answer_json(io, status, json_pack("{s:s}", "error", error), NULL, retry);
}

static json_t *tell_who(const Fascia__Principal *principal)
{
    static const char *const names[] = {"none", "referrer", "therapist", "coordinator", "admin"};
    json_t *roles = json_array();

    for (size_t i = 0; i < principal->n_roles; i++)
        if ((size_t)principal->roles[i] < sizeof names / sizeof names[0])
            json_array_append_new(roles, json_string(names[principal->roles[i]]));
    return json_pack("{s:s, s:s, s:o, s:s, s:s}", "account", principal->account, "title", principal->title, "roles",
                     roles, "sender", principal->sender, "therapist", principal->therapist);
}

static void write_cookie(char *cookie, size_t room, const char *session, bool secure, const char *more)
{
    snprintf(cookie, room, COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s%s", session, secure ? "; Secure" : "",
             more);
}

/* ---- signing in ---------------------------------------------------------------------------------------------------------------- */

struct signing {
    struct read_job job;
    struct web_waiting waiting;
    struct web *web;
    struct io_http_exchange *io; /* NULL: the client has gone */
    bool secure;
    char code[16];
    struct access_attempt attempt;
};

static void signing_gone(struct web_waiting *waiting)
{
    ((struct signing *)((char *)waiting - offsetof(struct signing, waiting)))->io = NULL;
}

static void signing_free(struct signing *signing)
{
    access_attempt_finish(&signing->attempt);
    free(signing);
}

static void check_password(struct store_reader *reader, struct read_job *job)
{
    (void)reader;
    access_password_check(&((struct signing *)job)->attempt);
}

static void answer_signed_in(const struct signing *signing, const char *session)
{
    const char *refused = "";
    Fascia__Principal *principal = access_session(signing->web->access, session, io_now(), &refused);
    char cookie[256];

    if (principal == NULL) {
        refuse(signing->io, 401, "wrong", 0);
        return;
    }
    write_cookie(cookie, sizeof cookie, session, signing->secure, "");
    answer_json(signing->io, 200, tell_who(principal), cookie, 0);
    fascia__principal__free_unpacked(principal, NULL);
}

static void password_checked(struct read_job *job)
{
    struct signing *signing = (struct signing *)job;
    char session[ACCESS_SESSION_BYTES] = "";
    const enum access_verdict verdict =
        access_sign_in_end(signing->web->access, &signing->attempt, signing->code, io_now(), session);

    signing->web->open--;
    LOG(LOG_LEVEL_INFO, "access.sign-in", LOG_WORD("verdict", verdict == ACCESS_SIGNED_IN ? "signed-in" : "refused"));
    if (signing->io != NULL) {
        io_http_set_user(signing->io, NULL);
        if (verdict == ACCESS_SIGNED_IN)
            answer_signed_in(signing, session);
        else if (verdict == ACCESS_CODE_NEEDED)
            refuse(signing->io, 401, "code-needed", 0);
        else if (verdict == ACCESS_CROWDED)
            refuse(signing->io, 503, "crowded", 60);
        else
            refuse(signing->io, 401, "wrong", 0);
    }
    signing_free(signing);
}

static const char *text_of(const json_t *body, const char *name)
{
    const char *text = json_string_value(json_object_get(body, name));

    return text != NULL ? text : "";
}

static void sign_in(struct web *web, struct io_http_exchange *io, const struct io_http_request *request)
{
    json_t *body = json_loadb((const char *)request->body, request->size, JSON_REJECT_DUPLICATES, NULL);
    struct signing *signing = NULL;
    int64_t retry = 0;

    if (!json_is_object(body) || text_of(body, "name")[0] == '\0' || text_of(body, "password")[0] == '\0') {
        refuse(io, 400, "name and password are needed, as JSON", 0);
        json_decref(body);
        return;
    }
    signing = memory_allocate(1, sizeof *signing);
    signing->job = (struct read_job){.run = check_password, .done = password_checked};
    signing->waiting.gone = signing_gone;
    signing->web = web;
    signing->secure = request->secure;
    snprintf(signing->code, sizeof signing->code, "%s", text_of(body, "code"));
    if (!access_sign_in_begin(web->access, text_of(body, "name"), text_of(body, "password"), request->peer, io_now(),
                              &signing->attempt, &retry)) {
        refuse(io, 429, "wait", (unsigned)(retry / 1000 + 1));
        signing_free(signing);
    } else if (!slow_push(control_stages(web->control), &signing->job)) {
        refuse(io, 503, "busy", 1);
        signing_free(signing);
    } else {
        web->open++;
        signing->io = io;
        io_http_set_user(io, &signing->waiting);
    }
    json_decref(body);
}

static void sign_out(struct web *web, struct io_http_exchange *io, const struct io_http_request *request)
{
    char session[ACCESS_SESSION_BYTES], cookie[256];

    if (find_cookie(request, session) && is_from_our_pages(request))
        access_sign_out(web->access, session);
    write_cookie(cookie, sizeof cookie, "", request->secure, "; Max-Age=0");
    io_http_reply(io, 204, (const struct io_http_field[]){{"set-cookie", cookie}, {"cache-control", "no-store"}}, 2,
                  NULL, 0);
}

static void say_who(struct web *web, struct io_http_exchange *io, const struct io_http_request *request)
{
    const char *refused = "";
    Fascia__Principal *principal = web_principal(web, request, &refused);

    if (principal == NULL)
        refuse(io, 401, refused[0] != '\0' ? refused : "nobody", 0);
    else
        answer_json(io, 200, tell_who(principal), NULL, 0);
    fascia__principal__free_unpacked(principal, NULL);
}

/* ---- door -------------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *path, *method;
    size_t body;
    void (*serve)(struct web *web, struct io_http_exchange *io, const struct io_http_request *request);
} pages[] = {
    {SIGN_IN_PATH, "POST", SIGN_BYTES, sign_in}, {SIGN_OUT_PATH, "POST", 0, sign_out}, {WHO_PATH, "GET", 0, say_who}};

bool web_sign_admit(const char *path, const struct io_http_request *head, size_t *body_most, int *status)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(path, pages[i].path) == 0) {
            *body_most = pages[i].body;
            *status = strcmp(head->method, pages[i].method) == 0 ? 0 : 405;
            return true;
        }
    return false;
}

bool web_sign_request(struct web *web, const char *path, struct io_http_exchange *io,
                      const struct io_http_request *request)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(path, pages[i].path) == 0) {
            pages[i].serve(web, io, request);
            return true;
        }
    return false;
}
