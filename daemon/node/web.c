/* Servers, and which source a request is for. */
#include "node/web.h"

#include "core/memory.h"
#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_MODE 0660

struct web_server {
    LIST_ENTRY(web_server) link;
    struct web *web;
    char *address; /* as configured */
    struct io_http *http;
    struct io_tls *tls;
    struct source **sources; /* longest prefix first */
    size_t count, room;
};

/* ---- routes ----------------------------------------------------------------------------------------------------------- */

/* What is behind the prefix, beginning with '/'; NULL: the path is not below it. */
static const char *behind(const char *prefix, const char *path)
{
    const size_t size = strlen(prefix);

    if (strncmp(prefix, path, size) != 0 || (path[size] != '/' && path[size] != '\0'))
        return NULL;
    return path[size] == '\0' ? "/" : path + size;
}

static struct source *find_source(const struct web_server *server, const char *path, const char **rest)
{
    for (size_t i = 0; i < server->count; i++) {
        *rest = behind(server->sources[i]->config->http.prefix, path);
        if (*rest != NULL)
            return server->sources[i];
    }
    return NULL;
}

struct web_route {
    char *methods, *path;
    size_t body;
};
struct web_routes {
    size_t count;
    struct web_route rows[];
};

struct web_routes *web_routes_create(const struct fascia_plugin *plugin)
{
    const uint32_t count = plugin_route_count(plugin);
    struct web_routes *routes = NULL;

    if (count == 0)
        return NULL;
    routes = memory_resize(NULL, 1, sizeof *routes + count * sizeof routes->rows[0]);
    routes->count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct fascia_route *row = plugin_route(plugin, i);
        routes->rows[i] = (struct web_route){memory_text(row->methods), memory_text(row->path), row->body_bytes};
    }
    return routes;
}

void web_routes_destroy(struct web_routes *routes)
{
    if (routes == NULL)
        return;
    for (size_t i = 0; i < routes->count; i++) {
        free(routes->rows[i].methods);
        free(routes->rows[i].path);
    }
    free(routes);
}

/* A process that is replaced, or started again at once, is: what comes meanwhile waits for it. */
static bool is_there(const struct source *source)
{
    return source->instance != NULL && !source->draining && source->routes != NULL &&
           (source->isolation == NULL || source->isolation->works);
}

static bool fits(const char *pattern, const char *path)
{
    const size_t size = strlen(pattern);

    if (pattern[size - 1] == '*')
        return strncmp(pattern, path, size - 1) == 0;
    return strcmp(pattern, path) == 0;
}

/* Rows are tried in their order. */
static const struct web_route *find_route(const struct web_routes *routes, const char *path)
{
    for (size_t i = 0; i < routes->count; i++)
        if (fits(routes->rows[i].path, path))
            return &routes->rows[i];
    return NULL;
}

static bool has_method(const char *methods, const char *method)
{
    const size_t size = strlen(method);

    for (const char *at = methods; *at != '\0'; at += strspn(at, " ")) {
        const size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, method, size) == 0)
            return true;
        at += word;
    }
    return size == 4 && memcmp(method, "HEAD", 4) == 0 && has_method(methods, "GET");
}

static int refuse_method(struct io_http_exchange *io, const char *methods)
{
    char allow[256];
    size_t used = 0;

    for (const char *at = methods; *at != '\0' && used + 3 < sizeof allow; at++) {
        if (*at == ' ')
            allow[used++] = ',';
        allow[used++] = *at;
    }
    allow[used] = '\0';
    io_http_reply(io, 405,
                  (const struct io_http_field[]){{"allow", allow}, {"content-type", "text/plain; charset=utf-8"}}, 2,
                  "this path has no such method\n", strlen("this path has no such method\n"));
    return 405;
}

static int come_back(struct io_http_exchange *io, const char *why)
{
    io_http_reply(io, 503,
                  (const struct io_http_field[]){{"retry-after", "5"}, {"content-type", "text/plain; charset=utf-8"}},
                  2, why, strlen(why));
    return 503;
}

static int admit(void *context, struct io_http_exchange *io, const struct io_http_request *head, size_t *body_most)
{
    const struct web_server *server = context;
    const struct web_route *route = NULL;
    const char *path = NULL;
    const struct source *source = find_source(server, head->path, &path);
    int status = 0;

    if (source == NULL)
        return 404;
    if (web_own_admit(path, head, body_most, &status))
        return status;
    if (!is_there(source))
        return come_back(io, "what serves this path is not running: try again\n");
    route = find_route(source->routes, path);
    if (route == NULL)
        return 404;
    if (!has_method(route->methods, head->method))
        return refuse_method(io, route->methods);
    *body_most = route->body < source->config->http.body ? route->body : source->config->http.body;
    return 0;
}

static void take_request(void *context, struct io_http_exchange *io, const struct io_http_request *request)
{
    const struct web_server *server = context;
    const char *path = NULL;
    struct source *source = find_source(server, request->path, &path);

    /* It was there when the head came. */
    if (source != NULL && web_own_request(server->web, path, io, request))
        return;
    if (source == NULL || !is_there(source))
        come_back(io, "what serves this path is not running: try again\n");
    else
        web_request_begin(server->web, source, path, io, request);
}

static void client_gone(void *context, struct io_http_exchange *io)
{
    struct web_waiting *waiting = io_http_user(io);

    (void)context;
    if (waiting != NULL)
        waiting->gone(waiting);
}

/* ---- servers ----------------------------------------------------------------------------------------------------------- */

static struct web_server *find_server(const struct web *web, const char *address)
{
    struct web_server *server = NULL;

    LIST_FOREACH(server, &web->servers, link)
    if (strcmp(server->address, address) == 0)
        return server;
    return NULL;
}

static void server_free(struct web_server *server)
{
    io_http_destroy(server->http);
    io_tls_destroy(server->tls);
    free(server->sources);
    free(server->address);
    free(server);
}

static const char *or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool listen_to(struct web_server *server, const struct config_source *config, struct fault *fault)
{
    const struct config_http *http = &config->http;
    const struct io_tls_settings tls = {.certificate_file = http->certificate,
                                        .key_file = http->key,
                                        .client_ca_file = http->client_certificates == CONFIG_CERTIFICATES_NONE
                                                              ? NULL
                                                              : or_null(http->client_authorities),
                                        .client_required = http->client_certificates == CONFIG_CERTIFICATES_REQUIRED};
    struct io_http_settings settings = {.address = http->listen,
                                        .mode = SOCKET_MODE,
                                        .body_bytes = http->body,
                                        .connections = http->connections,
                                        .per_peer = http->per_peer,
                                        .requests_each_s = http->rate,
                                        .in_flight = config->in_flight,
                                        .head_ms = http->head_ms,
                                        .body_ms = http->body_ms,
                                        .idle_ms = http->idle_ms};
    const struct io_http_handler handler = {
        .context = server, .admit = admit, .request = take_request, .gone = client_gone};

    if (or_null(http->certificate) != NULL) {
        server->tls = io_tls_create(&tls, fault);
        if (server->tls == NULL)
            return false;
    }
    settings.tls = server->tls;
    server->http = io_http_listen(server->web->loop, &settings, &handler, fault);
    if (server->http == NULL)
        return false;
    LOG(LOG_LEVEL_INFO, "web.listening", LOG_CONFIGURED("address", io_http_address(server->http)),
        LOG_WORD("tls", server->tls != NULL ? "yes" : "no"));
    return true;
}

static struct web_server *server_of(struct web *web, const struct config_source *config, struct fault *fault)
{
    struct web_server *server = config_is_any_port(config->http.listen) ? NULL : find_server(web, config->http.listen);

    if (server != NULL)
        return server;
    server = memory_allocate(1, sizeof *server);
    server->web = web;
    server->address = memory_text(config->http.listen);
    LIST_INSERT_HEAD(&web->servers, server, link);
    if (listen_to(server, config, fault))
        return server;
    LIST_REMOVE(server, link);
    server_free(server);
    return NULL;
}

static void add_source(struct web_server *server, struct source *source)
{
    size_t place = server->count;

    server->sources = memory_grow(server->sources, &server->room, server->count + 1, sizeof *server->sources);
    for (; place > 0 && strlen(server->sources[place - 1]->config->http.prefix) < strlen(source->config->http.prefix);
         place--)
        server->sources[place] = server->sources[place - 1];
    server->sources[place] = source;
    server->count++;
}

static struct web_server *served_by(const struct web *web, const struct source *source, size_t *place)
{
    struct web_server *server = NULL;

    LIST_FOREACH(server, &web->servers, link)
    for (*place = 0; *place < server->count; (*place)++)
        if (server->sources[*place] == source)
            return server;
    return NULL;
}

/* ---- door --------------------------------------------------------------------------------------------------------------- */

struct web *web_create(struct io_loop *loop)
{
    struct web *web = memory_allocate(1, sizeof *web);

    web->loop = loop;
    LIST_INIT(&web->servers);
    LIST_INIT(&web->exchanges);
    return web;
}

void web_attach(struct web *web, struct control *control, struct access *access)
{
    web->control = control;
    web->access = access;
}

bool web_serve(struct web *web, struct source *source, struct fault *fault)
{
    struct web_server *server = server_of(web, source->config, fault);

    if (server == NULL)
        return false;
    add_source(server, source);
    return true;
}

void web_leave(struct web *web, const struct source *source)
{
    size_t place = 0;
    struct web_server *server = served_by(web, source, &place);

    if (server == NULL)
        return;
    for (; place + 1 < server->count; place++)
        server->sources[place] = server->sources[place + 1];
    server->count--;
}

bool web_serves(const struct web *web, const struct source *source)
{
    size_t place = 0;

    return served_by(web, source, &place) != NULL;
}

const char *web_address(const struct web *web, const struct source *source)
{
    size_t place = 0;
    const struct web_server *server = served_by(web, source, &place);

    return server == NULL ? NULL : io_http_address(server->http);
}

uint32_t web_connections(const struct web *web, const struct source *source)
{
    size_t place = 0;
    const struct web_server *server = served_by(web, source, &place);
    struct io_http_counts counts = {0};

    if (server != NULL)
        io_http_counts(server->http, &counts);
    return counts.connections;
}

bool web_reload(struct web *web, struct fault *fault)
{
    struct web_server *server = NULL;

    LIST_FOREACH(server, &web->servers, link)
    if (server->tls != NULL && !io_tls_reload(server->tls, fault))
        return false;
    return true;
}

void web_drain(struct web *web)
{
    struct web_server *server = NULL;

    LIST_FOREACH(server, &web->servers, link)
    io_http_drain(server->http);
}

size_t web_open(const struct web *web)
{
    const struct web_server *server = NULL;
    size_t open = web->open;

    LIST_FOREACH(server, &web->servers, link)
    open += io_http_open(server->http);
    return open;
}

void web_close(struct web *web)
{
    struct web_server *server = LIST_FIRST(&web->servers), *next = NULL;

    LIST_INIT(&web->servers);
    for (; server != NULL; server = next) {
        next = LIST_NEXT(server, link);
        server_free(server);
    }
}

void web_destroy(struct web *web)
{
    struct web_exchange *exchange = NULL, *next = NULL;

    if (web == NULL)
        return;
    web_close(web);
    for (exchange = LIST_FIRST(&web->exchanges); exchange != NULL; exchange = next) {
        next = LIST_NEXT(exchange, link);
        fascia__principal__free_unpacked(exchange->principal, NULL);
        free(exchange);
    }
    free(web);
}

char *web_url(const struct config_source *config)
{
    const struct config_http *http = &config->http;
    char *url = NULL;
    int written = 0;

    if (or_null(http->url) != NULL)
        return memory_text(http->url);
    written =
        asprintf(&url, "%s://%s%s", or_null(http->certificate) != NULL ? "https" : "http", http->listen, http->prefix);
    INVARIANT(written >= 0);
    return url;
}
