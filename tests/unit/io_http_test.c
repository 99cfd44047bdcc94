#include "io/http.h"

#include "io_peer.h"

static atomic_int gets;

static void get_health(void *context, struct io_http_answer *answer)
{
    (void)context;
    gets++;
    answer->body = strdup("well\n");
    answer->size = 5;
}

static void get_unready(void *context, struct io_http_answer *answer)
{
    answer->status = 503;
    answer->content_type = context;
    answer->body = strdup("{}");
    answer->size = 2;
}

static void get_large(void *context, struct io_http_answer *answer)
{
    (void)context;
    answer->size = 4 << 20;
    answer->body = calloc(1, answer->size);
}

struct pages {
    struct scene scene; /* first: peers get it as a scene */
    struct io_http *http;
    const char *request;
    bool shut;
};

static int pages_set_up(void **state)
{
    struct pages *pages = calloc(1, sizeof *pages);
    struct fault fault;

    pages->scene.loop = io_loop_create(&fault);
    pages->scene.watchdog = io_timer_create(pages->scene.loop, scene_watchdog, &pages->scene);
    pages->http = io_http_listen(pages->scene.loop, "127.0.0.1:0", &fault);
    assert_non_null(pages->http);
    io_http_route(pages->http, "/healthz", get_health, NULL);
    io_http_route(pages->http, "/readyz", get_unready, (void *)"application/json");
    io_http_route(pages->http, "/metrics", get_large, NULL);
    snprintf(pages->scene.address, sizeof pages->scene.address, "%s", io_http_address(pages->http));
    gets = 0;
    *state = pages;
    return 0;
}

static int pages_tear_down(void **state)
{
    struct pages *pages = *state;

    free(pages);
    return 0;
}

/* Runs the peer against the pages, and ends both. */
static void run(struct pages *pages, void (*peer)(struct scene *scene))
{
    pthread_t thread;

    pages->scene.peer = peer;
    io_timer_set(pages->scene.watchdog, PATIENCE_MS);
    assert_int_equal(pthread_create(&thread, NULL, scene_peer_thread, &pages->scene), 0);
    io_loop_run(pages->scene.loop);
    io_http_destroy(pages->http);
    io_timer_destroy(pages->scene.watchdog);
    io_loop_destroy(pages->scene.loop);
    pthread_join(thread, NULL);
    assert_false(pages->scene.late);
}

/* Sends the request and reads until the server closes. */
static void ask(struct scene *scene)
{
    struct pages *pages = (struct pages *)scene;
    int fd = peer_connect(scene->address);

    peer_send(fd, pages->request);
    if (pages->shut)
        shutdown(fd, SHUT_WR);
    peer_receive(scene, fd, sizeof scene->got - 1);
    close(fd);
}

static const char *answer_to(void **state, const char *request)
{
    struct pages *pages = *state;

    pages->request = request;
    run(pages, ask);
    return pages->scene.got;
}

static void assert_starts(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("'%.120s' does not start with '%s'", text, start);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%.400s' has no '%s'", text, part);
}

static void a_page_is_served(void **state)
{
    const char *got = answer_to(state, "GET /healthz?x=1 HTTP/1.1\r\nHost: a\r\nConnection: foo , CLOSE\r\n\r\n");

    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\nContent-Length: 5\r\n");
    assert_has(got, "\r\nConnection: close\r\n");
    assert_has(got, "\r\nDate: ");
    assert_has(got, "\r\n\r\nwell\n");
}

static void a_page_chooses_status_and_type(void **state)
{
    const char *got =
        answer_to(state, "GET http://node:9/readyz HTTP/1.1\r\nHost: node:9\r\nConnection: close\r\n\r\n");

    assert_starts(got, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_has(got, "\r\nContent-Type: application/json\r\n");
}

static void head_has_the_same_header_and_no_body(void **state)
{
    const char *got = answer_to(state, "HEAD /healthz HTTP/1.0\r\n\r\n");

    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\nContent-Length: 5\r\n");
    assert_null(strstr(got, "well"));
    assert_string_equal(got + strlen(got) - 4, "\r\n\r\n");
}

static void several_requests_share_a_connection(void **state)
{
    struct pages *pages = *state;
    const char *got;

    pages->shut = true;
    got = answer_to(state, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
                           "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\nwell\nHTTP/1.1 404 Not Found\r\n");
    assert_has(got, "\nthere is no such page\nHTTP/1.1 200 OK\r\n");
    assert_int_equal(gets, 2);
}

static void other_methods_are_told_which_are_allowed(void **state)
{
    const char *got = answer_to(state, "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");

    assert_starts(got, "HTTP/1.1 405 Method Not Allowed\r\n");
    assert_has(got, "\r\nAllow: GET, HEAD\r\n");
    assert_int_equal(gets, 0);
}

/* One refusal a test: each has a server of its own. The text is the same as in the error, so that it can be found. */
static void refused(void **state, const char *request, const char *status, const char *why)
{
    const char *got = answer_to(state, request);

    assert_starts(got, status);
    assert_has(got, why);
    assert_has(got, "\r\nConnection: close\r\n");
    assert_int_equal(gets, 0);
}

#define REFUSAL(name, request, status, why)                                                                            \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        refused(state, request, "HTTP/1.1 " status " ", why);                                                          \
    }

#define HEALTH "GET /healthz HTTP/1.1\r\nHost: a\r\n"
REFUSAL(two_content_lengths_are_refused, HEALTH "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", "400", "stand once")
REFUSAL(a_signed_content_length_is_refused, HEALTH "Content-Length: +3\r\n\r\nabc", "400", "digits")
REFUSAL(an_empty_content_length_is_refused, HEALTH "Content-Length:\r\n\r\n", "400", "digits")
REFUSAL(a_body_on_get_is_refused, HEALTH "Content-Length: 3\r\n\r\nabc", "400", "no body")
REFUSAL(transfer_encoding_is_refused, HEALTH "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411", "Transfer-Encoding")
REFUSAL(a_blank_before_the_colon_is_refused, HEALTH "X-Y : 1\r\n\r\n", "400", "NAME: VALUE")
REFUSAL(a_folded_line_is_refused, HEALTH "X-Y: 1\r\n 2\r\n\r\n", "400", "NAME: VALUE")
REFUSAL(a_missing_host_is_refused, "GET /healthz HTTP/1.1\r\n\r\n", "400", "Host is missing")
REFUSAL(two_hosts_are_refused, HEALTH "Host: b\r\n\r\n", "400", "Host must stand once")
REFUSAL(bare_line_feeds_are_refused, "GET /healthz HTTP/1.1\nHost: a\n\n", "400", "CR LF")
REFUSAL(one_bare_line_feed_is_refused, "GET /healthz HTTP/1.1\r\nX: a\nHost: a\r\n\r\n", "400", "CR LF")
REFUSAL(a_bare_return_is_refused, HEALTH "X: a\rb\r\n\r\n", "400", "control")
REFUSAL(two_blanks_in_the_request_line_are_refused, "GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "400", "version")
REFUSAL(a_target_that_is_no_path_is_refused, "GET healthz HTTP/1.1\r\nHost: a\r\n\r\n", "400", "path")
REFUSAL(another_version_is_refused, "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", "505", "HTTP/1.1")
REFUSAL(what_is_no_http_is_refused, "MSH|^~\\&|A|B\r\n\r\n", "400", "request line")

static void send_an_endless_header(struct scene *scene)
{
    int fd = peer_connect(scene->address), i;

    peer_send(fd, "GET /healthz HTTP/1.1\r\n");
    for (i = 0; i < 1000; i++)
        peer_send(fd, "X-Filler: 0123456789\r\n");
    peer_receive(scene, fd, sizeof scene->got - 1);
    close(fd);
}

static void a_header_beyond_its_bound_is_refused(void **state)
{
    struct pages *pages = *state;

    run(pages, send_an_endless_header);
    assert_starts(pages->scene.got, "HTTP/1.1 431 ");
}

static void open_many(struct scene *scene)
{
    int fds[70], i, alive = 0;
    char byte;

    for (i = 0; i < 70; i++)
        fds[i] = peer_connect(scene->address);
    sleep_ms(150);
    for (i = 0; i < 70; i++)
        alive += recv(fds[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
    scene->numbers[0] = alive;
    for (i = 0; i < 70; i++)
        close(fds[i]);
}

static void beyond_64_connections_the_rest_is_closed(void **state)
{
    struct pages *pages = *state;

    run(pages, open_many);
    assert_int_equal(pages->scene.numbers[0], 64);
}

static void ask_for_the_large_page(struct scene *scene)
{
    int fd = peer_connect(scene->address);
    size_t took;

    peer_send(fd, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    sleep_ms(50);
    scene->numbers[0] = peer_sees_end(fd, &took);
    scene->numbers[1] = (int)took;
    close(fd);
}

static void a_large_page_arrives_whole(void **state)
{
    struct pages *pages = *state;

    run(pages, ask_for_the_large_page);
    assert_true(pages->scene.numbers[0]);
    assert_in_range(pages->scene.numbers[1], 4 << 20, (4 << 20) + 1024);
}

static void an_address_in_use_is_a_fault(void **state)
{
    struct pages *pages = *state;
    struct fault fault = {{0}};

    assert_null(io_http_listen(pages->scene.loop, io_http_address(pages->http), &fault));
    assert_has(fault.text, ": cannot listen: Address already in use");
    io_http_destroy(pages->http);
    io_timer_destroy(pages->scene.watchdog);
    io_loop_destroy(pages->scene.loop);
}

#define PAGES(name) cmocka_unit_test_setup_teardown(name, pages_set_up, pages_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGES(a_page_is_served),
        PAGES(a_page_chooses_status_and_type),
        PAGES(head_has_the_same_header_and_no_body),
        PAGES(several_requests_share_a_connection),
        PAGES(other_methods_are_told_which_are_allowed),
        PAGES(two_content_lengths_are_refused),
        PAGES(a_signed_content_length_is_refused),
        PAGES(an_empty_content_length_is_refused),
        PAGES(a_body_on_get_is_refused),
        PAGES(transfer_encoding_is_refused),
        PAGES(a_blank_before_the_colon_is_refused),
        PAGES(a_folded_line_is_refused),
        PAGES(a_missing_host_is_refused),
        PAGES(two_hosts_are_refused),
        PAGES(bare_line_feeds_are_refused),
        PAGES(one_bare_line_feed_is_refused),
        PAGES(a_bare_return_is_refused),
        PAGES(two_blanks_in_the_request_line_are_refused),
        PAGES(a_target_that_is_no_path_is_refused),
        PAGES(another_version_is_refused),
        PAGES(what_is_no_http_is_refused),
        PAGES(a_header_beyond_its_bound_is_refused),
        PAGES(beyond_64_connections_the_rest_is_closed),
        PAGES(a_large_page_arrives_whole),
        PAGES(an_address_in_use_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
