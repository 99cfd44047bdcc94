#include "io_http_peer.h"

#define CLOSE     "Connection: close\r\n\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n"

/* ---- replies in pieces ------------------------------------------------------------------------------------------------ */

static void pieces_are_chunks(void **state)
{
    const char *got = pages_answer(state, GET("/pieces") "\r\n" GET("/healthz") CLOSE);

    assert_has(got,
               "\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none \r\n8\r\nand two\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\n\r\nwell\n");
}

static void http_1_0_gets_pieces_up_to_the_end(void **state)
{
    const char *got = pages_answer(state, "GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

    assert_lacks(got, "Transfer-Encoding");
    assert_has(got, "\r\nConnection: close\r\n");
    assert_has(got, "\r\n\r\none and two\n");
}

static void head_gets_no_pieces(void **state)
{
    const char *got = pages_answer(state, "HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n" GET("/healthz") CLOSE);

    assert_lacks(got, "one");
    assert_has(got, "\r\n\r\nHTTP/1.1 200 OK\r\n");
}

static void read_the_stream(struct scene *scene)
{
    const int fd = peer_connect(scene->address);
    size_t took;

    peer_send(fd, GET("/stream") CLOSE);
    scene->numbers[0] = peer_sees_end(fd, &took);
    scene->numbers[1] = (int)took;
    close(fd);
}

static void a_long_stream_goes_on_as_it_is_read(void **state)
{
    struct pages *pages = *state;

    pages_run(pages, read_the_stream);
    assert_true(pages->scene.numbers[0]);
    assert_in_range(pages->scene.numbers[1], STREAM_BYTES, STREAM_BYTES + STREAM_BYTES / 100);
    assert_in_range(pages->writable, 2, 1000000);
    assert_int_equal(pages->gone, 0);
}

static void leave_the_stream(struct scene *scene)
{
    const int fd = peer_connect(scene->address);

    peer_send(fd, GET("/events") CLOSE);
    peer_receive(scene, fd, 100);
    close(fd);
    sleep_ms(100);
}

static void who_leaves_a_stream_is_gone(void **state)
{
    struct pages *pages = *state;

    pages_run(pages, leave_the_stream);
    assert_int_equal(pages->gone, 1);
}

static void ask_for_the_large_page(struct scene *scene)
{
    const int fd = peer_connect(scene->address);
    size_t took;

    peer_send(fd, GET("/large") CLOSE);
    sleep_ms(50);
    scene->numbers[0] = peer_sees_end(fd, &took);
    scene->numbers[1] = (int)took;
    close(fd);
}

static void a_large_page_arrives_whole(void **state)
{
    struct pages *pages = *state;

    pages_run(pages, ask_for_the_large_page);
    assert_true(pages->scene.numbers[0]);
    assert_in_range(pages->scene.numbers[1], 4 << 20, (4 << 20) + 1024);
}

/* ---- requests that wait behind a reply -------------------------------------------------------------------------------- */

static void pipeline_behind_a_reply(struct scene *scene)
{
    const int fd = peer_connect(scene->address);
    size_t i;

    peer_send(fd, GET("/later") "\r\n");
    /* More than may wait: the rest stays with the sender until the reply has gone. */
    for (i = 0; i < 2500; i++)
        peer_send(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    peer_send(fd, GET("/nothing") CLOSE);
    scene->numbers[0] = peer_sees_end(fd, &i);
    close(fd);
}

static void what_waits_behind_a_reply_is_answered_after_it(void **state)
{
    struct pages *pages = *state;

    pages_run(pages, pipeline_behind_a_reply);
    assert_true(pages->scene.numbers[0]);
    assert_int_equal(pages->asked, 2502);
}

/* ---- the end of the server -------------------------------------------------------------------------------------------- */

static void wait_in_vain(struct scene *scene)
{
    struct pages *pages = (struct pages *)scene;
    const int fd = peer_connect(scene->address);

    peer_send(fd, GET("/never") "\r\n");
    while (pages->asked == 0)
        sleep_ms(1);
    scene->numbers[0] = fd;
}

static void what_is_open_at_the_end_is_gone(void **state)
{
    struct pages *pages = *state;

    pages_run(pages, wait_in_vain);
    close(pages->scene.numbers[0]);
    assert_int_equal(pages->gone, 1);
}

static void destroy_amid(void *context, struct io_http_exchange *exchange, const struct io_http_request *request)
{
    struct pages *pages = context;

    (void)exchange;
    (void)request;
    pages->asked++;
    io_http_destroy(pages->http);
    pages->http = NULL;
}

static void a_server_may_end_within_a_request(void **state)
{
    struct pages *pages = *state;
    struct io_http_handler handler = pages_handler(pages);
    struct fault fault = {{0}};

    handler.request = destroy_amid;
    pages->http = io_http_listen(pages->scene.loop, &pages->settings, &handler, &fault);
    assert_non_null(pages->http);
    snprintf(pages->scene.address, sizeof pages->scene.address, "%s", io_http_address(pages->http));
    assert_string_equal(pages_answer(state, GET("/healthz") "\r\n" GET("/healthz") "\r\n"), "");
    assert_int_equal(pages->asked, 1);
    assert_int_equal(pages->gone, 1);
}

static void drain_amid(void *context)
{
    struct pages *pages = context;

    io_http_drain(pages->http);
    assert_int_equal(io_http_open(pages->http), 1);
    pages_on_timer(pages);
}

static void a_drain_says_that_the_connection_ends(void **state)
{
    struct pages *pages = *state;
    const char *got;

    io_timer_destroy(pages->timer);
    pages->timer = io_timer_create(pages->scene.loop, drain_amid, pages);
    got = pages_answer(state, GET("/later") "\r\n" GET("/healthz") "\r\n");
    assert_has(got, "\r\nConnection: close\r\n");
    assert_has(got, "\r\n\r\nat last\n");
    assert_lacks(got, "well");
}

/* ---- a Unix socket ---------------------------------------------------------------------------------------------------- */

static void a_unix_socket_serves_too(void **state)
{
    struct pages *pages = *state;
    char place[] = "/tmp/fascia-http-XXXXXX", address[64];

    assert_non_null(mkdtemp(place));
    snprintf(address, sizeof address, "unix:%s/http.sock", place);
    pages->settings = (struct io_http_settings){.address = address, .mode = 0600, .requests_each_s = 1, .per_peer = 1};
    assert_has(
        pages_answer(state, GET("/healthz") "\r\n" GET("/healthz") "\r\n" GET("/healthz") "\r\n" GET("/echo") CLOSE),
        "HTTP/1.1 201 ");
    rmdir(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGES(pieces_are_chunks),
        PAGES(http_1_0_gets_pieces_up_to_the_end),
        PAGES(head_gets_no_pieces),
        PAGES(a_long_stream_goes_on_as_it_is_read),
        PAGES(who_leaves_a_stream_is_gone),
        PAGES(a_large_page_arrives_whole),
        PAGES(what_waits_behind_a_reply_is_answered_after_it),
        PAGES(what_is_open_at_the_end_is_gone),
        PAGES(a_server_may_end_within_a_request),
        PAGES(a_drain_says_that_the_connection_ends),
        PAGES(a_unix_socket_serves_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
