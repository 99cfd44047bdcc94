/*
 * The node's HTTP servers: which source a request is for, whom it is from, its way to the plugin and back, and what a plugin asks of the node for it.
 *
 * Sources that name one address share a server, told apart by their prefixes. Nobody but the host says who asks: a plugin is given a principal, and what it asks is
 * held to what that principal may (access/may.h) and reaches (the core). Loop's thread only.
 */
#ifndef FASCIA_NODE_WEB_H
#define FASCIA_NODE_WEB_H

#include "io/http.h"
#include "node/control.h"
#include "node/source.h"

#include <sys/queue.h>

#define WEB_TOKEN_PATH         "/auth/token"
#define WEB_CONFIGURATION_PATH "/.well-known/smart-configuration"

struct access;
struct web;
struct web_exchange;

/* The routes of a plugin, kept beside it: while one process takes over from another, requests are still told apart, and wait. NULL: it takes no HTTP. */
struct web_routes *web_routes_create(const struct fascia_plugin *plugin);
void web_routes_destroy(struct web_routes *routes); /* takes NULL */

struct web *web_create(struct io_loop *loop);
/* Before the first source is served; both are lent. */
void web_attach(struct web *web, struct control *control, struct access *access);
/* The source's routes are there; its address is listened to, unless it is already. */
MUST_CHECK bool web_serve(struct web *web, struct source *source, struct fault *fault);
/* They are there no more. Requests that the plugin has are finished. */
void web_leave(struct web *web, const struct source *source);
bool web_serves(const struct web *web, const struct source *source);
/* Where the server of the source listens; NULL: it is not served. */
const char *web_address(const struct web *web, const struct source *source);
uint32_t web_connections(const struct web *web, const struct source *source);
/* Certificates are read anew. */
MUST_CHECK bool web_reload(struct web *web, struct fault *fault);
void web_drain(struct web *web);
size_t web_open(const struct web *web); /* requests that have not been answered */
/* Ends the servers; before the sources' plugins and the loop end. */
void web_close(struct web *web);
void web_destroy(struct web *web); /* takes NULL */

/* How clients reach a source, without a '/' at the end: as configured, else its address. Heap. */
char *web_url(const struct config_source *config);

/* ---- between the files of this part ---- */

/* What a server's exchange has as its user while something waits to answer it. */
struct web_waiting {
    void (*gone)(struct web_waiting *waiting); /* the client has gone */
};
/* One request: as long as its plugin has it, or something that it asked is under way. */
struct web_exchange {
    struct ending ending; /* the token's user */
    struct web_waiting waiting;
    struct web *web;
    struct source *source;
    struct io_http_exchange *io; /* NULL: answered, or the client has gone */
    Fascia__Principal *principal;
    char actor[RECORD_NAME_BYTES + 1];
    uint64_t token;
    size_t asks; /* that have not had their last answer */
    bool ended;  /* the plugin has it no more */
    LIST_ENTRY(web_exchange) link;
};
struct web {
    struct io_loop *loop;
    struct control *control;
    struct access *access;
    LIST_HEAD(web_servers, web_server) servers;
    LIST_HEAD(web_exchanges, web_exchange) exchanges;
    size_t open;
};

/* web_ask.c */
/* The owner's half of host->ask(). user: of the token. */
enum fascia_status web_ask(void *source, uint64_t request, void *user, Fascia__Ask *ask);
void web_exchange_free_if_over(struct web_exchange *exchange);
/* web_own.c: what the node itself serves beside the routes of a source. false: it is none of its paths. */
MUST_CHECK bool web_own_admit(const char *path, const struct io_http_request *head, size_t *body_most, int *status);
MUST_CHECK bool web_own_request(struct web *web, const char *path, struct io_http_exchange *io,
                                const struct io_http_request *request);
/* web_request.c */
/* Gives the request to the source's plugin, or answers it. path: behind the prefix. */
void web_request_begin(struct web *web, struct source *source, const char *path, struct io_http_exchange *io,
                       const struct io_http_request *request);
/* web_sign.c: as web_own_*, which asks it. */
MUST_CHECK bool web_sign_admit(const char *path, const struct io_http_request *head, size_t *body_most, int *status);
MUST_CHECK bool web_sign_request(struct web *web, const char *path, struct io_http_exchange *io,
                                 const struct io_http_request *request);
/* Whom the request is from, by its token or its session; NULL, and why what was shown does not count ("": nothing was). The caller's to free. */
Fascia__Principal *web_principal(struct web *web, const struct io_http_request *request, const char **refused);
/* NULL: it has no such field. */
const char *web_field(const struct io_http_request *request, const char *name);

#endif
