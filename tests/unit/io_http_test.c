#include "io_http_peer.h"

#define CLOSE      "Connection: close\r\n\r\n"
#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED    POST("/echo") "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

/* ---- requests and whole replies ------------------------------------------------------------------------------------- */

static void a_page_is_served(void **state)
{
    const char *got = pages_answer(state, GET("/healthz?x=1") "Connection: foo , CLOSE\r\n\r\n");

    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\nContent-Length: 5\r\n");
    assert_has(got, "\r\nConnection: close\r\n");
    assert_has(got, "\r\nDate: ");
    assert_has(got, "\r\nX-Request-Id: ");
    assert_has(got, "\r\n\r\nwell\n");
}

static void a_handler_sees_the_request(void **state)
{
    struct pages *pages = *state;

    pages_answer(state,
                 "\r\nPUT /echo?a=b|c&d=%7C HTTP/1.1\r\nHost: a:80\r\nX-Mixed-Case: \t two  words \t\r\nEmpty:\r\n"
                 "Content-Length: 5\r\n" CLOSE "hello");
    assert_string_equal(pages->seen, "PUT /echo?a=b|c&d=%7C|a:80|host=a:80,x-mixed-case=two  words,empty=,"
                                     "content-length=5,connection=close,|hello");
    assert_starts(pages->scene.got, "HTTP/1.1 201 Created\r\n");
    assert_has(pages->scene.got, "\r\n\r\nhello");
}

static void the_absolute_form_names_the_host(void **state)
{
    struct pages *pages = *state;

    pages_answer(state, "GET http://node:9/echo HTTP/1.1\r\nHost: other\r\n" CLOSE);
    assert_starts(pages->seen, "GET /echo?|node:9|host=other,");
}

static void the_absolute_form_without_a_path_is_the_root(void **state)
{
    struct pages *pages = *state;

    pages_answer(state, "GET https://node?q HTTP/1.1\r\nHost: node\r\n" CLOSE);
    assert_starts(pages->seen, "GET /?q|node|");
}

static void head_has_the_same_header_and_no_body(void **state)
{
    const char *got = pages_answer(state, "HEAD /healthz HTTP/1.0\r\n\r\n");

    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\nContent-Length: 5\r\n");
    assert_lacks(got, "well");
    assert_string_equal(got + strlen(got) - 4, "\r\n\r\n");
}

static void no_content_has_no_length(void **state)
{
    const char *got = pages_answer(state, GET("/empty") CLOSE);

    assert_starts(got, "HTTP/1.1 204 No Content\r\n");
    assert_lacks(got, "Content-Length");
}

static void http_1_0_may_keep_its_connection(void **state)
{
    const char *got = pages_answer(state, "GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
                                          "GET /healthz HTTP/1.0\r\n\r\n");

    assert_has(got, "\r\nConnection: keep-alive\r\n");
    assert_has(got, "well\nHTTP/1.1 200 OK\r\n");
}

static void several_requests_share_a_connection(void **state)
{
    struct pages *pages = *state;
    const char *got;

    pages->shut = true;
    got = pages_answer(state, GET("/healthz") "\r\n" GET("/nothing") "\r\n" POST(
                                  "/echo") "Content-Length: 3\r\n\r\nabc" GET("/healthz") "\r\n");
    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\nwell\nHTTP/1.1 404 Not Found\r\n");
    assert_has(got, "\nthere is no such page\nHTTP/1.1 201 Created\r\n");
    assert_has(got, "\r\n\r\nabcHTTP/1.1 200 OK\r\n");
    assert_int_equal(pages->asked, 4);
}

static void a_reply_that_comes_later_goes_before_the_next(void **state)
{
    const char *got = pages_answer(state, GET("/later") "\r\n" GET("/healthz") CLOSE);

    assert_starts(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\n\r\nat last\nHTTP/1.1 200 OK\r\n");
    assert_has(got, "\r\n\r\nwell\n");
}

static void who_ends_its_side_still_gets_a_reply_that_comes_later(void **state)
{
    struct pages *pages = *state;

    pages->shut = true;
    assert_has(pages_answer(state, GET("/later") "\r\n"), "\r\n\r\nat last\n");
    assert_int_equal(pages->gone, 0);
}

/* ---- ids ------------------------------------------------------------------------------------------------------------ */

static void the_trace_of_the_client_is_the_id(void **state)
{
    const char *got = pages_answer(
        state, GET("/healthz") "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n" CLOSE);

    assert_has(got, "\r\nX-Request-Id: 4bf92f3577b34da6a3ce929d0e0e4736\r\n");
}

static void an_id_of_another_form_is_not_given_back(void **state)
{
    const char *got = pages_answer(state, GET("/healthz") "X-Request-Id: 4bf92f35-evil\r\n" CLOSE), *id;

    id = strstr(got, "\r\nX-Request-Id: ");
    assert_non_null(id);
    assert_lacks(got, "evil");
    assert_int_equal(strspn(id + 16, "0123456789abcdef"), 32);
}

/* ---- bodies --------------------------------------------------------------------------------------------------------- */

static void a_chunked_body_is_put_together(void **state)
{
    struct pages *pages = *state;
    const char *got =
        pages_answer(state, CHUNKED "3;a=\"b\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nTrailer: dropped\r\n\r\n");

    assert_starts(got, "HTTP/1.1 201 Created\r\n");
    assert_has(got, "\r\nContent-Length: 13\r\n");
    assert_has(got, "\r\n\r\nabc0123456789");
    assert_lacks(pages->seen, "dropped");
}

static void who_expects_it_is_told_to_go_on(void **state)
{
    const char *got = pages_answer(state, POST("/echo") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");

    assert_starts(got, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void who_is_refused_is_not_told_to_go_on(void **state)
{
    struct pages *pages = *state;
    const char *got = pages_answer(state, POST("/small") "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n");

    assert_starts(got, "HTTP/1.1 413 Content Too Large\r\n");
    assert_has(got, "\r\nConnection: close\r\n");
    assert_int_equal(pages->asked, 0);
    assert_int_equal(pages->gone, 1);
}

static void a_refusal_by_status_is_answered(void **state)
{
    struct pages *pages = *state;
    const char *got = pages_answer(state, POST("/forbidden") "Content-Length: 3\r\n\r\nabc");

    assert_starts(got, "HTTP/1.1 403 Forbidden\r\n");
    assert_has(got, "\r\nConnection: close\r\n");
    assert_int_equal(pages->asked, 0);
    assert_int_equal(pages->gone, 0);
}

static void a_refusal_in_own_words_keeps_the_connection(void **state)
{
    const char *got = pages_answer(state, GET("/secret") "\r\n" GET("/healthz") CLOSE);

    assert_starts(got, "HTTP/1.1 401 Unauthorized\r\n");
    assert_has(got, "\r\nWWW-Authenticate: Bearer\r\n");
    assert_has(got, "who?\nHTTP/1.1 200 OK\r\n");
}

/* ---- refusals ------------------------------------------------------------------------------------------------------- */

/* One a test: each has a server of its own. The text is the same as in the error, so that it can be found. */
static void refused(void **state, const char *request, const char *status, const char *why)
{
    struct pages *pages = *state;
    const char *got = pages_answer(state, request);

    assert_starts(got, status);
    assert_has(got, why);
    assert_has(got, "\r\nConnection: close\r\n");
    assert_int_equal(pages->asked, 0);
}

#define REFUSAL(name, request, status, why)                                                                            \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        refused(state, request, "HTTP/1.1 " status " ", why);                                                          \
    }
#define HEALTH       GET("/healthz")
#define LINE(target) "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"

REFUSAL(two_content_lengths_are_refused, HEALTH "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", "400", "stand once")
REFUSAL(a_signed_content_length_is_refused, HEALTH "Content-Length: +3\r\n\r\nabc", "400", "digits")
REFUSAL(a_listed_content_length_is_refused, HEALTH "Content-Length: 3, 3\r\n\r\nabc", "400", "digits")
REFUSAL(an_empty_content_length_is_refused, HEALTH "Content-Length:\r\n\r\n", "400", "digits")
REFUSAL(a_content_length_beyond_all_is_refused, HEALTH "Content-Length: 99999999999999999999\r\n\r\n", "413", "large")
REFUSAL(a_length_and_a_coding_are_refused,
        POST("/echo") "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", "both")
REFUSAL(another_coding_is_refused, POST("/echo") "Transfer-Encoding: gzip, chunked\r\n\r\n", "501", "chunked")
REFUSAL(two_codings_are_refused, POST("/echo") "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "400", "stand once")
REFUSAL(a_coding_in_http_1_0_is_refused, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
        "HTTP/1.0")
REFUSAL(a_chunk_with_a_prefix_is_refused, CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", "400", "hexadecimal")
REFUSAL(a_signed_chunk_is_refused, CHUNKED "+3\r\nabc\r\n0\r\n\r\n", "400", "hexadecimal")
REFUSAL(a_blank_behind_a_chunk_size_is_refused, CHUNKED "3 \r\nabc\r\n0\r\n\r\n", "400", "hexadecimal")
REFUSAL(a_chunk_size_without_digits_is_refused, CHUNKED "\r\nabc\r\n0\r\n\r\n", "400", "hexadecimal")
REFUSAL(a_chunk_size_of_16_digits_is_refused, CHUNKED "0000000000000003\r\nabc\r\n0\r\n\r\n", "400", "15 digits")
REFUSAL(a_chunk_longer_than_said_is_refused, CHUNKED "3\r\nabcd\r\n0\r\n\r\n", "400", "CR LF")
REFUSAL(a_chunk_that_ends_in_a_bare_line_feed_is_refused, CHUNKED "3\r\nabc\n0\r\n\r\n", "400", "CR LF")
REFUSAL(a_chunk_size_that_ends_in_a_bare_line_feed_is_refused, CHUNKED "3\nabc\r\n0\r\n\r\n", "400", "hexadecimal")
REFUSAL(a_bare_line_feed_in_an_extension_is_refused, CHUNKED "3;a\nb\r\nabc\r\n0\r\n\r\n", "400", "control")
REFUSAL(a_trailer_that_is_no_field_is_refused, CHUNKED "0\r\nx y: z\r\n\r\n", "400", "trailer")
REFUSAL(a_huge_chunk_is_refused, CHUNKED "fffffffffffffff\r\n", "413", "large")
REFUSAL(chunks_beyond_the_bound_are_refused,
        POST("/small") "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n01234\r\n0\r\n\r\n", "413", "large")
REFUSAL(another_expectation_is_refused, HEALTH "Expect: miracles\r\n\r\n", "417", "100-continue")
REFUSAL(a_blank_before_the_colon_is_refused, HEALTH "X-Y : 1\r\n\r\n", "400", "NAME: VALUE")
REFUSAL(a_folded_line_is_refused, HEALTH "X-Y: 1\r\n 2\r\n\r\n", "400", "NAME: VALUE")
REFUSAL(a_missing_host_is_refused, "GET /healthz HTTP/1.1\r\n\r\n", "400", "Host is missing")
REFUSAL(two_hosts_are_refused, HEALTH "Host: b\r\n\r\n", "400", "Host must stand once")
REFUSAL(a_host_with_a_path_is_refused, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400", "name a host")
REFUSAL(two_authorizations_are_refused, HEALTH "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n", "400",
        "Authorization")
REFUSAL(bare_line_feeds_are_refused, "GET /healthz HTTP/1.1\nHost: a\n\n", "400", "CR LF")
REFUSAL(one_bare_line_feed_is_refused, "GET /healthz HTTP/1.1\r\nX: a\nHost: a\r\n\r\n", "400", "CR LF")
REFUSAL(a_bare_return_is_refused, HEALTH "X: a\rb\r\n\r\n", "400", "control")
REFUSAL(two_blanks_in_the_request_line_are_refused, "GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "400", "version")
REFUSAL(a_target_that_is_no_path_is_refused, LINE("healthz"), "400", "path")
REFUSAL(the_target_of_connect_is_refused, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "400", "path")
REFUSAL(a_target_of_a_user_is_refused, LINE("http://me@a/"), "400", "host")
REFUSAL(a_target_without_a_host_is_refused, LINE("http:///x"), "400", "host")
REFUSAL(a_broken_encoding_is_refused, LINE("/a%4"), "400", "percent")
REFUSAL(a_broken_encoding_in_the_query_is_refused, LINE("/a?b=%zz"), "400", "percent")
REFUSAL(an_encoded_nul_is_refused, LINE("/a%00b"), "400", "percent")
REFUSAL(a_fragment_is_refused, LINE("/a?b#c"), "400", "percent")
REFUSAL(a_backslash_is_refused, LINE("/a\\b"), "400", "percent")
REFUSAL(a_byte_beyond_ascii_is_refused, LINE("/\xc3\xa4"), "400", "percent")
REFUSAL(a_segment_of_two_dots_is_refused, LINE("/a/../b"), "400", "dots")
REFUSAL(a_last_segment_of_a_dot_is_refused, LINE("/a/."), "400", "dots")
REFUSAL(an_encoded_segment_of_dots_is_refused, LINE("/a/.%2E/b"), "400", "dots")
REFUSAL(dots_between_encoded_slashes_are_refused, LINE("/a%2f%2e%2e%5cb"), "400", "dots")
REFUSAL(another_version_is_refused, "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", "505", "HTTP/1.1")
REFUSAL(the_preface_of_http_2_is_refused, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505", "HTTP/1.1")
REFUSAL(a_version_in_lower_case_is_refused, "GET / http/1.1\r\nHost: a\r\n\r\n", "400", "version")
REFUSAL(what_is_no_http_is_refused, "MSH|^~\\&|A|B\r\n\r\n", "400", "request line")
REFUSAL(a_tls_hello_is_refused, "\x16\x03\x01\x02", "400", "begin with its method")

static void segments_that_only_begin_with_dots_are_paths(void **state)
{
    struct pages *pages = *state;

    pages_answer(state, GET("/.well-known/...//a.b/..c") CLOSE);
    assert_starts(pages->seen, "GET /.well-known/...//a.b/..c?|");
}

static void a_nul_is_refused(void **state)
{
    static const char request[] = GET("/healthz") "X: a\0b\r\n\r\n";
    struct pages *pages = *state;

    pages->request_size = sizeof request - 1;
    refused(state, request, "HTTP/1.1 400 ", "control");
}

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

    pages_run(pages, send_an_endless_header);
    assert_starts(pages->scene.got, "HTTP/1.1 431 ");
}

static void send_an_endless_target(struct scene *scene)
{
    int fd = peer_connect(scene->address), i;

    peer_send(fd, "GET /");
    for (i = 0; i < 1000; i++)
        peer_send(fd, "0123456789012345678901234567890123456789");
    peer_receive(scene, fd, sizeof scene->got - 1);
    close(fd);
}

static void a_target_beyond_its_bound_is_refused(void **state)
{
    struct pages *pages = *state;

    pages_run(pages, send_an_endless_target);
    assert_starts(pages->scene.got, "HTTP/1.1 414 ");
}

static void too_many_fields_are_refused(void **state)
{
    char request[4096];
    size_t length = (size_t)snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: a\r\n");
    int i;

    for (i = 0; i < IO_HTTP_FIELDS; i++)
        length += (size_t)snprintf(request + length, sizeof request - length, "X: %d\r\n", i);
    snprintf(request + length, sizeof request - length, "\r\n");
    refused(state, request, "HTTP/1.1 431 ", "too many header fields");
}

static void fields_that_somebody_else_wrote_can_be_looked_at(void **state)
{
    (void)state;
    assert_true(io_http_field_fits(&(struct io_http_field){"ETag", "W/\"1\"\t\xc3\xa9"}));
    assert_true(io_http_field_fits(&(struct io_http_field){"X", ""}));
    assert_false(io_http_field_fits(&(struct io_http_field){"", "x"}));
    assert_false(io_http_field_fits(&(struct io_http_field){"X Y", "x"}));
    assert_false(io_http_field_fits(&(struct io_http_field){"X:", "x"}));
    assert_false(io_http_field_fits(&(struct io_http_field){"X", "x\r\nSet-Cookie: y"}));
    assert_false(io_http_field_fits(&(struct io_http_field){"X", "x\ny"}));
}

static void an_address_in_use_is_a_fault(void **state)
{
    struct pages *pages = *state;
    const struct io_http_handler handler = pages_handler(pages);
    struct fault fault = {{0}};

    pages_listen(pages);
    pages->settings.address = io_http_address(pages->http);
    assert_null(io_http_listen(pages->scene.loop, &pages->settings, &handler, &fault));
    assert_has(fault.text, ": cannot listen: Address already in use");
    pages_end(pages);
}

static const struct CMUnitTest tests[] = {
    PAGES(a_page_is_served),
    PAGES(a_handler_sees_the_request),
    PAGES(the_absolute_form_names_the_host),
    PAGES(the_absolute_form_without_a_path_is_the_root),
    PAGES(head_has_the_same_header_and_no_body),
    PAGES(no_content_has_no_length),
    PAGES(http_1_0_may_keep_its_connection),
    PAGES(several_requests_share_a_connection),
    PAGES(a_reply_that_comes_later_goes_before_the_next),
    PAGES(who_ends_its_side_still_gets_a_reply_that_comes_later),
    PAGES(the_trace_of_the_client_is_the_id),
    PAGES(an_id_of_another_form_is_not_given_back),
    PAGES(a_chunked_body_is_put_together),
    PAGES(who_expects_it_is_told_to_go_on),
    PAGES(who_is_refused_is_not_told_to_go_on),
    PAGES(a_refusal_by_status_is_answered),
    PAGES(a_refusal_in_own_words_keeps_the_connection),
    PAGES(two_content_lengths_are_refused),
    PAGES(a_signed_content_length_is_refused),
    PAGES(a_listed_content_length_is_refused),
    PAGES(an_empty_content_length_is_refused),
    PAGES(a_content_length_beyond_all_is_refused),
    PAGES(a_length_and_a_coding_are_refused),
    PAGES(another_coding_is_refused),
    PAGES(two_codings_are_refused),
    PAGES(a_coding_in_http_1_0_is_refused),
    PAGES(a_chunk_with_a_prefix_is_refused),
    PAGES(a_signed_chunk_is_refused),
    PAGES(a_blank_behind_a_chunk_size_is_refused),
    PAGES(a_chunk_size_without_digits_is_refused),
    PAGES(a_chunk_size_of_16_digits_is_refused),
    PAGES(a_chunk_longer_than_said_is_refused),
    PAGES(a_chunk_that_ends_in_a_bare_line_feed_is_refused),
    PAGES(a_chunk_size_that_ends_in_a_bare_line_feed_is_refused),
    PAGES(a_bare_line_feed_in_an_extension_is_refused),
    PAGES(a_trailer_that_is_no_field_is_refused),
    PAGES(a_huge_chunk_is_refused),
    PAGES(chunks_beyond_the_bound_are_refused),
    PAGES(another_expectation_is_refused),
    PAGES(a_blank_before_the_colon_is_refused),
    PAGES(a_folded_line_is_refused),
    PAGES(a_missing_host_is_refused),
    PAGES(two_hosts_are_refused),
    PAGES(a_host_with_a_path_is_refused),
    PAGES(two_authorizations_are_refused),
    PAGES(bare_line_feeds_are_refused),
    PAGES(one_bare_line_feed_is_refused),
    PAGES(a_bare_return_is_refused),
    PAGES(two_blanks_in_the_request_line_are_refused),
    PAGES(a_target_that_is_no_path_is_refused),
    PAGES(the_target_of_connect_is_refused),
    PAGES(a_target_of_a_user_is_refused),
    PAGES(a_target_without_a_host_is_refused),
    PAGES(a_broken_encoding_is_refused),
    PAGES(a_broken_encoding_in_the_query_is_refused),
    PAGES(an_encoded_nul_is_refused),
    PAGES(a_fragment_is_refused),
    PAGES(a_backslash_is_refused),
    PAGES(a_byte_beyond_ascii_is_refused),
    PAGES(a_segment_of_two_dots_is_refused),
    PAGES(a_last_segment_of_a_dot_is_refused),
    PAGES(an_encoded_segment_of_dots_is_refused),
    PAGES(dots_between_encoded_slashes_are_refused),
    PAGES(another_version_is_refused),
    PAGES(the_preface_of_http_2_is_refused),
    PAGES(a_version_in_lower_case_is_refused),
    PAGES(what_is_no_http_is_refused),
    PAGES(a_tls_hello_is_refused),
    PAGES(segments_that_only_begin_with_dots_are_paths),
    PAGES(a_nul_is_refused),
    PAGES(a_header_beyond_its_bound_is_refused),
    PAGES(a_target_beyond_its_bound_is_refused),
    PAGES(too_many_fields_are_refused),
    cmocka_unit_test(fields_that_somebody_else_wrote_can_be_looked_at),
    PAGES(an_address_in_use_is_a_fault),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
