#include "io_peer.h"

static void a_line_split_at_every_byte_is_answered(struct scene *scene)
{
    int fd = peer_connect(scene->address);
    const char *text = "split\n";

    for (; *text != '\0'; text++) {
        send(fd, text, 1, MSG_NOSIGNAL);
        sleep_ms(2);
    }
    scene->numbers[0] = peer_receive(scene, fd, 6);
    close(fd);
}

static void bytes_split_anywhere_arrive(void **state)
{
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, a_line_split_at_every_byte_is_answered);
    assert_true(scene->numbers[0]);
    assert_string_equal(scene->got, "split\n");
}

static void send_many_lines(struct scene *scene)
{
    int fd = peer_connect(scene->address), i;
    char lines[5 * 2000 + 1];

    for (i = 0; i < 2000; i++)
        snprintf(lines + 5 * i, 6, "%04d\n", i);
    peer_send(fd, lines);
    scene->numbers[0] = peer_receive(scene, fd, 10000) && memcmp(lines, scene->got, 10000) == 0;
    close(fd);
}

static void many_lines_in_one_write_are_answered_in_order(void **state)
{
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, send_many_lines);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->lines, 2000);
}

static void send_a_large_line(struct scene *scene)
{
    enum { SIZE = 3000000 };
    int fd = peer_connect(scene->address);
    char *line = malloc(SIZE + 1);

    memset(line, 'x', SIZE);
    line[SIZE - 1] = '\n';
    line[SIZE] = '\0';
    peer_send(fd, line);
    scene->numbers[0] = peer_receive(scene, fd, 3);
    free(line);
    close(fd);
}

static void a_line_of_megabytes_is_one_run(void **state)
{
    struct scene *scene = *state;

    scene->answer_size = 3;
    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, send_a_large_line);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->lines, 1);
}

/* ---- limits -------------------------------------------------------------------------------------------------------- */

static void trickle(struct scene *scene)
{
    int fd = peer_connect(scene->address), i;
    int64_t since = io_monotonic();
    size_t took;

    for (i = 0; i < 100 && scene->closed == 0; i++) {
        send(fd, "x", 1, MSG_NOSIGNAL);
        sleep_ms(20);
    }
    scene->numbers[0] = peer_sees_end(fd, &took);
    scene->took_ms = io_monotonic() - since;
    close(fd);
}

static void a_peer_that_trickles_is_closed_although_bytes_keep_coming(void **state)
{
    struct io_limits limits = {.frame_ms = 150, .idle_ms = 60000};
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", &limits);
    scene_run(scene, trickle);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->reason, IO_CLOSED_SLOW);
    assert_in_range(scene->took_ms, 150, 1500);
}

static void send_short_lines_slowly(struct scene *scene)
{
    int fd = peer_connect(scene->address), i;

    scene->numbers[0] = 0;
    for (i = 0; i < 20; i++) {
        peer_send(fd, i % 2 == 0 ? "part" : " and end\n");
        sleep_ms(20);
    }
    scene->numbers[0] = peer_receive(scene, fd, 130) && scene->closed == 0;
    close(fd);
}

static void a_peer_whose_frames_each_come_in_time_stays(void **state)
{
    struct io_limits limits = {.frame_ms = 200, .idle_ms = 60000};
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", &limits);
    scene_run(scene, send_short_lines_slowly);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->lines, 10);
}

static void say_nothing(struct scene *scene)
{
    int fd = peer_connect(scene->address);
    int64_t since = io_monotonic();
    size_t took;

    scene->numbers[0] = peer_sees_end(fd, &took);
    scene->took_ms = io_monotonic() - since;
    close(fd);
}

static void a_silent_peer_is_closed_as_idle(void **state)
{
    struct io_limits limits = {.idle_ms = 100};
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", &limits);
    scene_run(scene, say_nothing);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->reason, IO_CLOSED_IDLE);
    assert_in_range(scene->took_ms, 95, 1500);
}

static void send_more_than_fits(struct scene *scene)
{
    int fd = peer_connect(scene->address);
    char block[20001];
    size_t took;

    memset(block, 'x', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    peer_send(fd, block);
    scene->numbers[0] = peer_sees_end(fd, &took);
    close(fd);
}

static void a_frame_that_does_not_fit_the_input_closes(void **state)
{
    struct io_limits limits = {.input = 10000};
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", &limits);
    scene_run(scene, send_more_than_fits);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->reason, IO_CLOSED_INPUT_LIMIT);
}

/* ---- full ---- */

static void refuse_at_once(void *context, struct io_connection *connection)
{
    struct scene *scene = context;

    scene->lines++;
    io_write(connection, (const uint8_t *)"too large\n", 10);
    io_close(connection, true);
}

static void refuse_now(void *context)
{
    struct scene *scene = context;

    refuse_at_once(scene, scene->last);
}

static void refuse_later(void *context, struct io_connection *connection)
{
    struct scene *scene = context;

    io_pause(connection, true);
    io_timer_set(scene->timer, 100);
}

static void do_nothing(void *context, struct io_connection *connection)
{
    struct scene *scene = context;

    (void)connection;
    scene->lines++;
}

static void listen_with_full(struct scene *scene, void (*full)(void *context, struct io_connection *connection))
{
    const struct io_limits limits = {.input = 10000};
    struct io_handler handler = scene_handler(scene);
    struct fault fault;

    handler.full = full;
    scene->timer = io_timer_create(scene->loop, refuse_now, scene);
    scene->listener = io_listen(scene->loop, "127.0.0.1:0", 0, &limits, &handler, &fault);
    assert_non_null(scene->listener);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
}

/* All of it, slowly at its end, and only then a look at what has come: in more time than other connections are lingered over. */
static void send_a_large_frame_and_then_read(struct scene *scene)
{
    enum { SIZE = 8 << 20 };
    int fd = peer_connect(scene->address);
    char *block = malloc(SIZE + 1);

    memset(block, 'x', SIZE);
    block[SIZE] = '\0';
    scene->numbers[0] = peer_send(fd, block);
    for (int i = 0; i < 25; i++) {
        sleep_ms(100);
        scene->numbers[0] = scene->numbers[0] && send(fd, "y", 1, MSG_NOSIGNAL) == 1;
    }
    scene->numbers[1] = peer_receive(scene, fd, 10);
    scene->numbers[2] = (int)recv(fd, block, SIZE, 0);
    free(block);
    close(fd);
}

static void the_answer_to_a_frame_too_large_survives_the_rest_of_it(void **state)
{
    struct scene *scene = *state;

    listen_with_full(scene, refuse_at_once);
    scene_run(scene, send_a_large_frame_and_then_read);
    assert_true(scene->numbers[0]);
    assert_true(scene->numbers[1]);
    assert_int_equal(scene->numbers[2], 0); /* an end, no reset */
    assert_string_equal(scene->got, "too large\n");
    assert_int_equal(scene->lines, 1);
}

static void the_answer_to_a_frame_too_large_may_come_later(void **state)
{
    struct scene *scene = *state;

    listen_with_full(scene, refuse_later);
    scene_run(scene, send_a_large_frame_and_then_read);
    assert_true(scene->numbers[1]);
    assert_string_equal(scene->got, "too large\n");
    assert_int_equal(scene->lines, 1);
}

static void an_owner_that_does_nothing_about_it_loses_the_connection(void **state)
{
    struct scene *scene = *state;

    listen_with_full(scene, do_nothing);
    scene_run(scene, send_more_than_fits);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->lines, 1);
    assert_int_equal(scene->reason, IO_CLOSED_INPUT_LIMIT);
}

static void ask_and_do_not_read(struct scene *scene)
{
    int fd = peer_connect(scene->address), i;
    size_t took;

    peer_send(fd, "a\n");
    for (i = 0; i < 150 && scene->closed == 0; i++)
        sleep_ms(20);
    scene->numbers[0] = peer_sees_end(fd, &took);
    scene->numbers[1] = (int)took;
    close(fd);
}

static void answers_beyond_the_output_bound_close(void **state)
{
    struct io_limits limits = {.output = 1 << 20};
    struct scene *scene = *state;

    scene->answer_size = (1 << 20) + 1;
    scene_listen(scene, "127.0.0.1:0", &limits);
    scene_run(scene, ask_and_do_not_read);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->reason, IO_CLOSED_OUTPUT_LIMIT);
}

static void a_peer_that_does_not_read_is_closed_as_slow(void **state)
{
    struct io_limits limits = {.idle_ms = 150};
    struct scene *scene = *state;

    scene->answer_size = 32 << 20;
    scene_listen(scene, "127.0.0.1:0", &limits);
    scene_run(scene, ask_and_do_not_read);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->reason, IO_CLOSED_SLOW);
}

static void ask_for_much_and_read_it(struct scene *scene)
{
    int fd = peer_connect(scene->address);
    size_t took;

    peer_send(fd, "a\n");
    shutdown(fd, SHUT_WR);
    sleep_ms(50);
    scene->numbers[0] = peer_sees_end(fd, &took);
    scene->numbers[1] = (int)took;
    close(fd);
}

static void a_large_answer_arrives_whole_before_the_close(void **state)
{
    struct scene *scene = *state;

    scene->answer_size = 32 << 20;
    scene->close_on_line = true;
    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, ask_for_much_and_read_it);
    assert_true(scene->numbers[0]);
    assert_int_equal(scene->numbers[1], 32 << 20);
    assert_int_equal(scene->reason, IO_CLOSED_BY_OWNER);
}

/* ---- ends ---------------------------------------------------------------------------------------------------------- */

static void send_on_after_the_question(struct scene *scene)
{
    int fd = peer_connect(scene->address);
    char block[200001];

    memset(block, 'x', sizeof block - 1);
    memcpy(block, "first\n", 6);
    block[sizeof block - 1] = '\0';
    peer_send(fd, block);
    sleep_ms(100);
    scene->numbers[0] = peer_receive(scene, fd, 6);
    scene->numbers[1] = (int)recv(fd, block, sizeof block, 0);
    close(fd);
}

/* Closing a socket over unread bytes resets the connection, and the answer is lost at the peer. */
static void the_last_answer_survives_bytes_that_nobody_reads(void **state)
{
    struct scene *scene = *state;

    scene->close_on_line = true;
    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, send_on_after_the_question);
    assert_true(scene->numbers[0]);
    assert_string_equal(scene->got, "first\n");
    assert_int_equal(scene->numbers[1], 0);
    assert_int_equal(scene->lines, 1);
}

static void half_close(struct scene *scene)
{
    int fd = peer_connect(scene->address);
    size_t took;

    peer_send(fd, "last words\n");
    shutdown(fd, SHUT_WR);
    scene->numbers[0] = peer_receive(scene, fd, 11);
    scene->numbers[1] = peer_sees_end(fd, &took);
    close(fd);
}

static void answer_now(void *context)
{
    struct scene *scene = context;

    io_write(scene->last, (const uint8_t *)"last words\n", 11);
    io_close(scene->last, true);
}

static void answer_later(void *context, struct io_connection *connection)
{
    struct scene *scene = context;

    (void)connection;
    scene->ended++;
    io_timer_set(scene->timer, 100);
}

static void a_peer_that_has_shut_its_side_still_gets_an_answer_that_comes_later(void **state)
{
    struct scene *scene = *state;
    struct io_handler handler = scene_handler(scene);
    struct fault fault;

    scene->mute = true;
    handler.ended = answer_later;
    scene->timer = io_timer_create(scene->loop, answer_now, scene);
    scene->listener = io_listen(scene->loop, "127.0.0.1:0", 0, NULL, &handler, &fault);
    assert_non_null(scene->listener);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
    scene_run(scene, half_close);
    assert_true(scene->numbers[0]);
    assert_true(scene->numbers[1]);
    assert_string_equal(scene->got, "last words\n");
    assert_int_equal(scene->ended, 1);
    assert_int_equal(scene->reason, IO_CLOSED_BY_OWNER);
}

static void half_close_and_read(struct scene *scene)
{
    int fd = peer_connect(scene->address);

    peer_send(fd, "last words\n");
    shutdown(fd, SHUT_WR);
    scene->numbers[0] = peer_receive(scene, fd, 11);
    close(fd);
}

static void without_an_ended_callback_the_answer_goes_out_too(void **state)
{
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, half_close_and_read);
    assert_true(scene->numbers[0]);
}

static void reset(struct scene *scene)
{
    struct linger hard = {.l_onoff = 1};
    int fd = peer_connect(scene->address), i;

    peer_send(fd, "x");
    sleep_ms(30);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    for (i = 0; i < 100 && scene->closed == 0; i++)
        sleep_ms(10);
}

static void a_reset_is_an_error(void **state)
{
    struct scene *scene = *state;

    scene_listen(scene, "127.0.0.1:0", NULL);
    scene_run(scene, reset);
    assert_int_equal(scene->reason, IO_CLOSED_ERROR);
}

/* ---- pauses -------------------------------------------------------------------------------------------------------- */

static void resume_last(void *context)
{
    struct scene *scene = context;

    scene->deaf = false;
    scene->numbers[2] = scene->lines;
    io_pause(scene->last, false);
}

static void pause_at_once(void *context, struct io_connection *connection)
{
    struct scene *scene = context;

    if (scene->deaf)
        io_pause(connection, true);
    else
        scene_readable(context, connection);
}

static void send_while_paused(struct scene *scene)
{
    int fd = peer_connect(scene->address);

    peer_send(fd, "one\n");
    sleep_ms(250); /* longer than idle and frame */
    scene->numbers[1] = scene->closed;
    io_post(scene->loop, resume_last, scene);
    scene->numbers[0] = peer_receive(scene, fd, 4);
    close(fd);
}

static void what_waited_during_a_pause_is_shown_again_and_the_pause_is_not_the_peers_time(void **state)
{
    struct io_limits limits = {.idle_ms = 100, .frame_ms = 100};
    struct scene *scene = *state;
    struct io_handler handler = scene_handler(scene);
    struct fault fault;

    scene->deaf = true;
    handler.readable = pause_at_once;
    scene->listener = io_listen(scene->loop, "127.0.0.1:0", 0, &limits, &handler, &fault);
    assert_non_null(scene->listener);
    snprintf(scene->address, sizeof scene->address, "%s", io_listener_address(scene->listener));
    scene_run(scene, send_while_paused);
    assert_int_equal(scene->numbers[1], 0);
    assert_int_equal(scene->numbers[2], 0);
    assert_true(scene->numbers[0]);
    assert_string_equal(scene->got, "one\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_split_anywhere_arrive, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(many_lines_in_one_write_are_answered_in_order, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_line_of_megabytes_is_one_run, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_trickles_is_closed_although_bytes_keep_coming, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_peer_whose_frames_each_come_in_time_stays, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_silent_peer_is_closed_as_idle, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_frame_that_does_not_fit_the_input_closes, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(the_answer_to_a_frame_too_large_survives_the_rest_of_it, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(the_answer_to_a_frame_too_large_may_come_later, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(an_owner_that_does_nothing_about_it_loses_the_connection, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(answers_beyond_the_output_bound_close, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_does_not_read_is_closed_as_slow, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(a_large_answer_arrives_whole_before_the_close, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(the_last_answer_survives_bytes_that_nobody_reads, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_has_shut_its_side_still_gets_an_answer_that_comes_later,
                                        scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(without_an_ended_callback_the_answer_goes_out_too, scene_set_up,
                                        scene_tear_down),
        cmocka_unit_test_setup_teardown(a_reset_is_an_error, scene_set_up, scene_tear_down),
        cmocka_unit_test_setup_teardown(what_waited_during_a_pause_is_shown_again_and_the_pause_is_not_the_peers_time,
                                        scene_set_up, scene_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
