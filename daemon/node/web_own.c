/* What the node itself serves below the prefix of every source that takes HTTP: how to sign in. */
#include "node/web.h"

#include "access/access.h"
#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse_method(const struct io_http_request *head, const char *method)
{
    return strcmp(head->method, method) == 0 ? 0 : 405;
}

bool web_own_admit(const char *path, const struct io_http_request *head, size_t *body_most, int *status)
{
    *body_most = 0;
    if (strcmp(path, WEB_CONFIGURATION_PATH) == 0) {
        *status = strcmp(head->method, "HEAD") == 0 ? 0 : refuse_method(head, "GET");
        return true;
    }
    if (strcmp(path, WEB_TOKEN_PATH) == 0) {
        *body_most = ACCESS_FORM_BYTES;
        *status = refuse_method(head, "POST");
        return true;
    }
    return web_sign_admit(path, head, body_most, status);
}

static bool is_form(const struct io_http_request *request)
{
    static const char form[] = "application/x-www-form-urlencoded";

    const char *type = web_field(request, "content-type");

    return type != NULL && strncasecmp(type, form, sizeof form - 1) == 0;
}

static void give_token(struct web *web, struct io_http_exchange *io, const struct io_http_request *request)
{
    struct access_answer answer = {.status = 0};
    char retry[16];
    struct io_http_field fields[5] = {
        {"content-type", "application/json"}, {"cache-control", "no-store"}, {"pragma", "no-cache"}};
    size_t count = 3;

    if (!is_form(request)) {
        io_http_reply_text(io, 415, "a token is asked for with application/x-www-form-urlencoded");
        return;
    }
    access_token(web->access, (const char *)request->body, request->size, io_now(), &answer);
    if (answer.retry > 0) {
        snprintf(retry, sizeof retry, "%u", answer.retry);
        fields[count++] = (struct io_http_field){"retry-after", retry};
    }
    if (answer.error[0] != '\0')
        LOG(LOG_LEVEL_INFO, "access.token-refused", LOG_CONFIGURED("why", answer.why));
    io_http_reply(io, (int)answer.status, fields, count, answer.body, strlen(answer.body));
    access_answer_finish(&answer);
}

bool web_own_request(struct web *web, const char *path, struct io_http_exchange *io,
                     const struct io_http_request *request)
{
    if (strcmp(path, WEB_CONFIGURATION_PATH) == 0) {
        char *body = access_configuration(web->access);
        io_http_reply(io, 200, (const struct io_http_field[]){{"content-type", "application/json"}}, 1, body,
                      strlen(body));
        free(body);
        return true;
    }
    if (strcmp(path, WEB_TOKEN_PATH) != 0)
        return web_sign_request(web, path, io, request);
    give_token(web, io, request);
    return true;
}
