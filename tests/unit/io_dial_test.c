#include "io_peer.h"

/* Dials from the loop; the other side is a plain socket of the test. */
struct call {
    struct scene scene; /* first: peers get it as a scene */
    int server;
    char address[64];
    int64_t since;
};

static void on_opened(void *context, struct io_connection *connection)
{
    scene_opened(context, connection);
    io_write(connection, (const uint8_t *)"question\n", 9);
}

static void on_answer(void *context, struct io_connection *connection)
{
    struct call *call = context;
    size_t size;
    const uint8_t *bytes = io_peek(connection, &size);

    if (size > 0 && bytes[size - 1] == '\n') {
        snprintf(call->scene.got, sizeof call->scene.got, "%.*s", (int)size, (const char *)bytes);
        io_take(connection, size);
        io_close(connection, true);
    }
}

static void on_closed(void *context, struct io_connection *connection, enum io_close_reason reason)
{
    struct call *call = context;

    scene_closed(context, connection, reason);
    call->scene.took_ms = io_monotonic() - call->since;
    io_stop(call->scene.loop);
}

static int call_set_up(void **state)
{
    struct call *call = calloc(1, sizeof *call);
    struct fault fault;

    call->server = -1;
    call->scene.loop = io_loop_create(&fault);
    call->scene.watchdog = io_timer_create(call->scene.loop, scene_watchdog, &call->scene);
    *state = call;
    return 0;
}

static int call_tear_down(void **state)
{
    struct call *call = *state;

    io_timer_destroy(call->scene.watchdog);
    io_loop_destroy(call->scene.loop);
    if (call->server >= 0)
        close(call->server);
    free(call);
    return 0;
}

static void serve(struct call *call, int backlog)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;

    call->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(call->server, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(getsockname(call->server, (struct sockaddr *)&name, &length), 0);
    snprintf(call->address, sizeof call->address, "127.0.0.1:%u", (unsigned)ntohs(name.sin_port));
    if (backlog >= 0)
        assert_int_equal(listen(call->server, backlog), 0);
}

static struct io_connection *dial(struct call *call, const char *address, const struct io_limits *limits)
{
    const struct io_handler handler = {
        .context = call, .opened = on_opened, .readable = on_answer, .closed = on_closed};
    struct fault fault = {{0}};
    struct io_connection *connection;

    call->since = io_monotonic();
    connection = io_dial(call->scene.loop, address, limits, &handler, &fault);
    if (connection == NULL)
        fail_msg("%s", fault.text);
    assert_string_equal(io_connection_peer(connection), address);
    assert_int_equal(call->scene.opened + call->scene.closed, 0); /* nothing comes before the call is over */
    io_timer_set(call->scene.watchdog, PATIENCE_MS);
    return connection;
}

static void *answer_one(void *context)
{
    struct call *call = context;
    int fd = accept(call->server, NULL, NULL);
    char question[9];

    if (recv(fd, question, sizeof question, MSG_WAITALL) == 9)
        send(fd, "answer\n", 7, MSG_NOSIGNAL);
    recv(fd, question, 1, 0);
    close(fd);
    return NULL;
}

static void run_with_server(struct call *call)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, answer_one, call), 0);
    io_loop_run(call->scene.loop);
    pthread_join(thread, NULL);
    assert_false(call->scene.late);
}

static void a_dial_asks_and_is_answered(void **state)
{
    struct call *call = *state;

    serve(call, 4);
    dial(call, call->address, NULL);
    run_with_server(call);
    assert_string_equal(call->scene.got, "answer\n");
    assert_int_equal(call->scene.reason, IO_CLOSED_BY_OWNER);
}

/* Whatever the hosts file puts first: where [::1] refuses, 127.0.0.1 is tried. */
static void localhost_is_found_without_a_nameserver(void **state)
{
    struct call *call = *state;
    char address[80];

    serve(call, 4);
    snprintf(address, sizeof address, "localhost:%s", strchr(call->address, ':') + 1);
    dial(call, address, NULL);
    run_with_server(call);
    assert_string_equal(call->scene.got, "answer\n");
}

static void what_is_written_before_the_connection_opens_is_sent_first(void **state)
{
    struct call *call = *state;
    struct io_connection *connection;
    char got[16] = "";
    int fd;

    serve(call, 4);
    connection = dial(call, call->address, NULL);
    io_write(connection, (const uint8_t *)"early ", 6);
    /* The kernel connects without accept(); the answer is there before anybody asks. */
    fd = accept(call->server, NULL, NULL);
    send(fd, "answer\n", 7, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    io_loop_run(call->scene.loop);
    assert_int_equal(recv(fd, got, 15, MSG_WAITALL), 15);
    assert_memory_equal(got, "early question\n", 15);
    close(fd);
}

static void a_refused_dial_is_told_once_and_later(void **state)
{
    struct call *call = *state;

    serve(call, -1); /* bound, but nobody listens */
    dial(call, call->address, NULL);
    io_loop_run(call->scene.loop);
    assert_false(call->scene.late);
    assert_int_equal(call->scene.opened, 0);
    assert_int_equal(call->scene.closed, 1);
    assert_int_equal(call->scene.reason, IO_CLOSED_REFUSED);
}

static void a_unix_socket_that_is_not_there_is_refused(void **state)
{
    struct call *call = *state;

    dial(call, "unix:/nonexistent/fascia.socket", NULL);
    io_loop_run(call->scene.loop);
    assert_int_equal(call->scene.closed, 1);
    assert_int_equal(call->scene.reason, IO_CLOSED_REFUSED);
}

static void a_dial_that_nobody_answers_ends_in_time(void **state)
{
    struct io_limits limits = {.connect_ms = 150};
    struct call *call = *state;
    int fillers[8], i;
    struct sockaddr_in name;
    socklen_t length = sizeof name;

    serve(call, 0);
    assert_int_equal(getsockname(call->server, (struct sockaddr *)&name, &length), 0);
    for (i = 0; i < 8; i++) { /* the backlog is full: further SYNs are dropped */
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&name, sizeof name);
    }
    sleep_ms(20);
    dial(call, call->address, &limits);
    io_loop_run(call->scene.loop);
    for (i = 0; i < 8; i++)
        close(fillers[i]);
    assert_int_equal(call->scene.opened, 0);
    assert_int_equal(call->scene.closed, 1);
    assert_int_equal(call->scene.reason, IO_CLOSED_SLOW);
    assert_in_range(call->scene.took_ms, 150, 1500);
}

/* RFC 6761 6.4: names under .invalid do not exist. Without a nameserver the time ends it. */
static void a_name_that_does_not_exist_ends_in_time(void **state)
{
    struct io_limits limits = {.connect_ms = 200};
    struct call *call = *state;

    dial(call, "nobody.invalid:2575", &limits);
    io_loop_run(call->scene.loop);
    assert_int_equal(call->scene.opened, 0);
    assert_int_equal(call->scene.closed, 1);
    assert_true(call->scene.reason == IO_CLOSED_REFUSED || call->scene.reason == IO_CLOSED_SLOW);
    assert_in_range(call->scene.took_ms, 0, 1500);
}

static void a_dial_may_be_closed_before_it_is_done(void **state)
{
    struct call *call = *state;

    io_close(dial(call, "nobody.invalid:2575", NULL), true);
    io_loop_run(call->scene.loop);
    assert_int_equal(call->scene.closed, 1);
    assert_int_equal(call->scene.reason, IO_CLOSED_BY_OWNER);
}

static void an_address_that_is_none_is_a_fault(void **state)
{
    struct call *call = *state;
    const struct io_handler handler = {.context = call, .closed = on_closed};
    struct fault fault = {{0}};

    assert_null(io_dial(call->scene.loop, "host", NULL, &handler, &fault));
    assert_string_equal(fault.text, "host: an address is written host:port, [IPv6]:port or unix:/path");
}

static void each_connection_has_an_id_of_its_own_and_carries_the_owners_pointer(void **state)
{
    struct call *call = *state;
    struct io_connection *one = dial(call, "127.0.0.1:9", NULL), *two = dial(call, "127.0.0.1:9", NULL);

    assert_true(io_connection_id(one) != io_connection_id(two));
    assert_null(io_connection_user(one));
    io_connection_set_user(one, call);
    assert_ptr_equal(io_connection_user(one), call);
    io_close(one, false);
    io_close(two, false);
    io_loop_run(call->scene.loop);
}

static void every_reason_has_a_name(void **state)
{
    int reason;

    (void)state;
    for (reason = IO_CLOSED_BY_PEER; reason <= IO_CLOSED_REFUSED; reason++)
        assert_true(strlen(io_close_reason_name((enum io_close_reason)reason)) > 3);
    assert_string_equal(io_close_reason_name(IO_CLOSED_INPUT_LIMIT), "input-limit");
}

#define CALL(name) cmocka_unit_test_setup_teardown(name, call_set_up, call_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL(a_dial_asks_and_is_answered),
        CALL(localhost_is_found_without_a_nameserver),
        CALL(what_is_written_before_the_connection_opens_is_sent_first),
        CALL(a_refused_dial_is_told_once_and_later),
        CALL(a_unix_socket_that_is_not_there_is_refused),
        CALL(a_dial_that_nobody_answers_ends_in_time),
        CALL(a_name_that_does_not_exist_ends_in_time),
        CALL(a_dial_may_be_closed_before_it_is_done),
        CALL(an_address_that_is_none_is_a_fault),
        CALL(each_connection_has_an_id_of_its_own_and_carries_the_owners_pointer),
        CALL(every_reason_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
