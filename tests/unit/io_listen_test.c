#include "io_peer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* ---- how many ------------------------------------------------------------------------------------------------------ */

enum { FLOOD = 200 };

/* Opens many at once, and counts those that are not closed again. */
static void flood(struct scene *scene)
{
    int fds[FLOOD], i;
    char byte;

    for (i = 0; i < FLOOD; i++)
        fds[i] = peer_connect(scene->address);
    for (i = 0; i < FLOOD; i++)
        peer_send(fds[i], "x\n");
    sleep_ms(300);
    for (i = 0; i < FLOOD; i++) {
        scene->numbers[0] += recv(fds[i], &byte, 1, MSG_DONTWAIT) == 1;
        close(fds[i]);
    }
    for (i = 0; i < 100 && scene->closed < scene->opened; i++)
        sleep_ms(10);
    scene->numbers[1] = scene->closed;
    i = peer_connect(scene->address);
    peer_send(i, "again\n");
    scene->numbers[2] = peer_receive(scene, i, 6);
    close(i);
}

static void close_when_ended(void *context, struct io_connection *connection)
{
    (void)context;
    io_close(connection, true);
}

static struct io_handler ending_handler(struct scene *scene)
{
    struct io_handler handler = scene_handler(scene);

    handler.ended = close_when_ended;
    return handler;
}

static void listen_ending(struct scene *scene, const char *address, const struct io_limits *limits)
{
    struct io_handler handler = ending_handler(scene);
    struct fault fault = {{0}};

    scene->listener = io_listen(scene->loop, address, 0600, limits, &handler, &fault);
    if (scene->listener == NULL)
        fail_msg("%s", fault.text);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
}

static uint64_t refused_at_the_end;

static void remember_refused(void *context)
{
    struct scene *scene = context;

    refused_at_the_end = io_listener_refused(scene->listener);
}

static void flood_and_count(struct scene *scene)
{
    flood(scene);
    io_post(scene->loop, remember_refused, scene);
}

static void beyond_the_limit_connections_are_closed_at_once_and_room_comes_back(void **state)
{
    struct io_limits limits = {.connections = 50};
    struct scene *scene = *state;

    listen_ending(scene, "127.0.0.1:0", &limits);
    scene_run(scene, flood_and_count);
    assert_int_equal(scene->numbers[0], 50);
    assert_int_equal(scene->numbers[1], 50);
    assert_true(scene->numbers[2]);
    assert_int_equal(refused_at_the_end, FLOOD - 50);
}

static void one_address_gets_no_more_than_its_share(void **state)
{
    struct io_limits limits = {.connections = 500, .per_peer = 7};
    struct scene *scene = *state;

    listen_ending(scene, "127.0.0.1:0", &limits);
    scene_run(scene, flood_and_count);
    assert_int_equal(scene->numbers[0], 7);
    assert_true(scene->numbers[2]);
    assert_int_equal(refused_at_the_end, FLOOD - 7);
}

static void pause_accepting(void *context)
{
    struct scene *scene = context;

    io_listener_pause(scene->listener, true);
}

static void go_on_accepting(void *context)
{
    struct scene *scene = context;

    io_listener_pause(scene->listener, false);
}

static void connect_while_paused(struct scene *scene)
{
    int fd;

    io_post(scene->loop, pause_accepting, scene);
    sleep_ms(50);
    fd = peer_connect(scene->address);
    peer_send(fd, "hello\n");
    sleep_ms(100);
    scene->numbers[0] = scene->opened;
    io_post(scene->loop, go_on_accepting, scene);
    scene->numbers[1] = peer_receive(scene, fd, 6);
    close(fd);
}

static void a_paused_listener_leaves_connections_in_the_backlog(void **state)
{
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, connect_while_paused);
    assert_int_equal(scene->numbers[0], 0);
    assert_true(scene->numbers[1]);
}

/* Stands before the C library's, to count. CPU time would tell the same, but not on every kernel. */
static atomic_int accepts;

int accept4(int fd, struct sockaddr *restrict peer, socklen_t *restrict length, int flags)
{
    accepts++;
    return (int)syscall(SYS_accept4, fd, peer, length, flags);
}

static void connect_without_a_file_left(struct scene *scene)
{
    int fd = peer_connect(scene->address), taken[64], count = 0;
    int before;

    sleep_ms(30);
    while (count < 64 && (taken[count] = dup(STDERR_FILENO)) >= 0)
        count++;
    close(fd);
    fd = peer_connect(scene->address); /* takes the one that was freed; the other side has none */
    before = accepts;
    peer_send(fd, "hello\n");
    sleep_ms(500);
    scene->numbers[1] = accepts - before;
    scene->numbers[2] = scene->lines;
    while (count > 0)
        close(taken[--count]);
    scene->numbers[0] = peer_receive(scene, fd, 6);
    close(fd);
}

static void without_a_free_descriptor_accepting_rests_and_does_not_spin(void **state)
{
    struct scene *scene = *state;
    struct rlimit limit, small;
    int highest = dup(STDERR_FILENO);

    close(highest);
    getrlimit(RLIMIT_NOFILE, &limit);
    small = limit;
    small.rlim_cur = (rlim_t)highest + 12;
    scene_listen(scene, "127.0.0.1:0", NULL);
    setrlimit(RLIMIT_NOFILE, &small);
    scene_run(scene, connect_without_a_file_left);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_true(scene->numbers[0]);
    assert_in_range(scene->numbers[1], 1, 20);
    assert_int_equal(scene->numbers[2], 0);
}

/* ---- addresses ------------------------------------------------------------------------------------------------------ */

static void assert_fault(struct scene *scene, const char *address, const char *text)
{
    struct io_handler handler = scene_handler(scene);
    struct fault fault = {{0}};

    assert_null(io_listen(scene->loop, address, 0600, NULL, &handler, &fault));
    assert_string_equal(fault.text, text);
}

static void an_address_that_is_none_is_a_fault_that_says_why(void **state)
{
    struct scene *scene = *state;

    assert_fault(scene, "2575", "2575: an address is written host:port, [IPv6]:port or unix:/path");
    assert_fault(scene, "[::1]", "[::1]: an address is written host:port, [IPv6]:port or unix:/path");
    assert_fault(scene, ":2575", ":2575: the host before ':' must have 1 to 255 bytes");
    assert_fault(scene, "::1:2575", "::1:2575: an IPv6 address is written in brackets, like [::1]:2575");
    assert_fault(scene, "[localhost]:1", "[localhost]:1: what stands in brackets is no IPv6 address");
    assert_fault(scene, "127.0.0.1:65536", "127.0.0.1:65536: the port after ':' must be a number from 0 to 65535");
    assert_fault(scene, "127.0.0.1:", "127.0.0.1:: the port after ':' must be a number from 0 to 65535");
    assert_fault(scene, "127.0.0.1:http", "127.0.0.1:http: the port after ':' must be a number from 0 to 65535");
    assert_fault(scene, "unix:relative", "unix:relative: the path after 'unix:' must begin with '/'");
    assert_fault(scene, "192.0.2.1:1", "192.0.2.1:1: cannot listen: Cannot assign requested address");
}

static void a_name_is_looked_up_and_a_free_port_is_told(void **state)
{
    struct scene *scene = *state;

    scene_listen(scene, "localhost:0", NULL);
    assert_int_equal(strncmp(scene->address, "127.0.0.1:", 10), 0);
    assert_true(atoi(scene->address + 10) > 0);
    assert_int_equal(io_listener_connections(scene->listener), 0);
}

static void a_port_in_use_is_a_fault(void **state)
{
    struct scene *scene = *state;
    char text[400];

    scene_listen(scene, "127.0.0.1:0", NULL);
    snprintf(text, sizeof text, "%s: cannot listen: Address already in use", scene->address);
    assert_fault(scene, scene->address, text);
}

/* ---- Unix sockets -------------------------------------------------------------------------------------------------- */

static char directory[64], address[96];
#define SOCKET_PATH (address + 5)

static int make_directory(void **state)
{
    strcpy(directory, "/tmp/fascia-socket-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(address, sizeof address, "unix:%s/ctl", directory);
    return scene_set_up(state);
}

static int remove_directory(void **state)
{
    int result = scene_tear_down(state);

    unlink(SOCKET_PATH);
    rmdir(directory);
    return result;
}

static uint32_t seen_uid, seen_gid;
static int32_t seen_pid;
static bool seen;

static void look_at_credentials(void *context, struct io_connection *connection)
{
    scene_opened(context, connection);
    seen = io_connection_credentials(connection, &seen_uid, &seen_gid, &seen_pid);
}

static void say_hello(struct scene *scene)
{
    int fd = peer_connect(scene->address);

    peer_send(fd, "hello\n");
    scene->numbers[0] = peer_receive(scene, fd, 6);
    close(fd);
}

static void a_unix_socket_has_its_mode_and_tells_who_is_there(void **state)
{
    struct scene *scene = *state;
    struct io_handler handler = scene_handler(scene);
    struct fault fault = {{0}};
    struct stat status;

    handler.opened = look_at_credentials;
    seen = false;
    scene->listener = io_listen(scene->loop, address, 0660, NULL, &handler, &fault);
    assert_non_null(scene->listener);
    assert_string_equal(io_listener_address(scene->listener), address);
    snprintf(scene->address, sizeof scene->address, "%s", address);
    assert_int_equal(stat(SOCKET_PATH, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0660);
    scene_run(scene, say_hello);
    assert_true(scene->numbers[0]);
    assert_true(seen);
    assert_int_equal(seen_uid, getuid());
    assert_int_equal(seen_gid, getgid());
    assert_int_equal(seen_pid, getpid());
    assert_int_not_equal(stat(SOCKET_PATH, &status), 0); /* gone with its listener */
}

static void over_tcp_there_are_no_credentials(void **state)
{
    struct scene *scene = *state;
    struct io_handler handler = scene_handler(scene);
    struct fault fault = {{0}};

    handler.opened = look_at_credentials;
    seen = true;
    scene->listener = io_listen(scene->loop, "127.0.0.1:0", 0, NULL, &handler, &fault);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
    scene_run(scene, say_hello);
    assert_true(scene->numbers[0]);
    assert_false(seen);
}

static void a_stale_socket_is_replaced(void **state)
{
    struct scene *scene = *state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(name.sun_path, SOCKET_PATH);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    close(fd);
    scene_listen(scene, address, NULL);
    scene_run(scene, say_hello);
    assert_true(scene->numbers[0]);
}

static void a_socket_that_somebody_listens_to_is_left_alone(void **state)
{
    struct scene *scene = *state;
    char text[200];

    scene_listen(scene, address, NULL);
    snprintf(text, sizeof text, "%s: another process listens there", address);
    assert_fault(scene, address, text);
    scene_run(scene, say_hello);
    assert_true(scene->numbers[0]);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
    struct scene *scene = *state;
    struct stat status;
    char text[200];
    int fd = open(SOCKET_PATH, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    close(fd);
    snprintf(text, sizeof text,
             "%s: there is a file of this name that is no socket; move it away or choose another path", address);
    assert_fault(scene, address, text);
    assert_int_equal(stat(SOCKET_PATH, &status), 0);
}

/* ---- closing from inside ------------------------------------------------------------------------------------------- */

static void destroy_all(void *context, struct io_connection *connection)
{
    struct scene *scene = context;
    size_t size;

    scene->lines++;
    io_listener_destroy(scene->listener, true);
    scene->listener = NULL;
    /* The connection is closed, but still there. */
    io_write(connection, (const uint8_t *)"lost", 4);
    io_take(connection, 1000);
    io_peek(connection, &size);
    scene->numbers[3] = (int)size;
    io_pause(connection, true);
    io_pause(connection, false);
    io_close(connection, true);
    io_close(connection, false);
}

static void connect_five(struct scene *scene)
{
    int fds[5], i;
    size_t took;

    for (i = 0; i < 5; i++)
        fds[i] = peer_connect(scene->address);
    sleep_ms(50);
    peer_send(fds[0], "end\n");
    for (i = 0; i < 5; i++) {
        scene->numbers[0] += peer_sees_end(fds[i], &took);
        close(fds[i]);
    }
}

static void everything_may_be_closed_from_a_callback(void **state)
{
    struct scene *scene = *state;
    struct io_handler handler = scene_handler(scene);
    struct fault fault = {{0}};

    handler.readable = destroy_all;
    scene->listener = io_listen(scene->loop, "127.0.0.1:0", 0, NULL, &handler, &fault);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
    scene_run(scene, connect_five);
    assert_int_equal(scene->numbers[0], 5);
    assert_int_equal(scene->numbers[3], 0);
    assert_int_equal(scene->lines, 1);
    assert_int_equal(scene->closed, 5);
    assert_int_equal(scene->reason, IO_CLOSED_BY_OWNER);
}

static void close_at_once(void *context, struct io_connection *connection)
{
    scene_opened(context, connection);
    io_write(connection, (const uint8_t *)"busy\n", 5);
    io_close(connection, true);
}

static void take_what_comes(struct scene *scene)
{
    int fd = peer_connect(scene->address);

    scene->numbers[0] = peer_receive(scene, fd, 5);
    close(fd);
}

static void a_connection_may_be_answered_and_closed_as_it_opens(void **state)
{
    struct scene *scene = *state;
    struct io_handler handler = scene_handler(scene);
    struct fault fault = {{0}};

    handler.opened = close_at_once;
    scene->listener = io_listen(scene->loop, "127.0.0.1:0", 0, NULL, &handler, &fault);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
    scene_run(scene, take_what_comes);
    assert_true(scene->numbers[0]);
    assert_string_equal(scene->got, "busy\n");
}

#define SCENE(name)  cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)
#define SOCKET(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(beyond_the_limit_connections_are_closed_at_once_and_room_comes_back),
        SCENE(one_address_gets_no_more_than_its_share),
        SCENE(a_paused_listener_leaves_connections_in_the_backlog),
        SCENE(without_a_free_descriptor_accepting_rests_and_does_not_spin),
        SCENE(an_address_that_is_none_is_a_fault_that_says_why),
        SCENE(a_name_is_looked_up_and_a_free_port_is_told),
        SCENE(a_port_in_use_is_a_fault),
        SOCKET(a_unix_socket_has_its_mode_and_tells_who_is_there),
        SCENE(over_tcp_there_are_no_credentials),
        SOCKET(a_stale_socket_is_replaced),
        SOCKET(a_socket_that_somebody_listens_to_is_left_alone),
        SOCKET(a_file_that_is_no_socket_is_left_alone),
        SCENE(everything_may_be_closed_from_a_callback),
        SCENE(a_connection_may_be_answered_and_closed_as_it_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
