/*
 * Streams whose frames a plugin in another process finds: what it says of them must be true of what it was shown, and is asked anew when it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "unit/remote_host.h"

static struct remote_host host;
static int told; /* that more is known of a stream */

static void more(void *context)
{
    (void)context;
    told++;
}

static int begin(void **state)
{
    (void)state;
    told = 0;
    remote_host_begin(&host);
    remote_make_ready(&host, true);
    return 0;
}

static int end(void **state)
{
    (void)state;
    remote_host_end(&host);
    return 0;
}

static struct plugin_framer *make(void)
{
    return plugin_framer_create(host.instance, more, NULL);
}

static struct fascia_frame next(struct plugin_framer *framer, const char *text)
{
    struct fascia_frame frame;

    plugin_framer_next(framer, (struct fascia_bytes){(const uint8_t *)text, strlen(text)}, &frame);
    return frame;
}

/* The process is shown these bytes now; of which stream. */
static uint64_t assert_fed(const char *text)
{
    Fascia__ToPlugin *said = remote_next(&host);
    uint64_t stream = 0;

    assert_non_null(said);
    assert_int_equal(said->body_case, FASCIA__TO_PLUGIN__BODY_FEED);
    assert_int_equal(said->feed->bytes.len, strlen(text));
    assert_memory_equal(said->feed->bytes.data, text, strlen(text));
    stream = said->feed->stream;
    fascia__to_plugin__free_unpacked(said, NULL);
    return stream;
}

/* One frame, and noise; total 0: no frame. returned is said as well. */
static const char *answer(uint64_t stream, uint64_t offset, uint64_t size, uint64_t total, uint64_t skip)
{
    Fascia__FromPlugin said = FASCIA__FROM_PLUGIN__INIT, returned = FASCIA__FROM_PLUGIN__INIT;
    Fascia__StreamFrames frames = FASCIA__STREAM_FRAMES__INIT;
    Fascia__StreamFrame frame = FASCIA__STREAM_FRAME__INIT, *list[] = {&frame};
    const char *why = NULL;

    frame.payload_offset = offset;
    frame.payload_size = size;
    frame.total = total;
    frames.stream = stream;
    frames.frames = list;
    frames.n_frames = total > 0 || size > 0;
    frames.skip = skip;
    said.body_case = FASCIA__FROM_PLUGIN__BODY_FRAMES;
    said.frames = &frames;
    why = remote_say(&host, &said);
    returned.body_case = FASCIA__FROM_PLUGIN__BODY_RETURNED;
    returned.returned = 1;
    return why != NULL ? why : remote_say(&host, &returned);
}

static void a_frame_comes_in_pieces(void **state)
{
    struct plugin_framer *framer = make();
    struct fascia_frame frame;
    uint64_t stream = 0;

    (void)state;
    assert_int_equal(next(framer, "ab").result, FASCIA_FRAME_MORE);
    stream = assert_fed("ab");
    assert_true(plugin_framer_waits(framer));
    assert_int_equal(next(framer, "abc\n").result, FASCIA_FRAME_MORE); /* one question at a time */
    assert_null(remote_next(&host));
    assert_null(answer(stream, 0, 0, 0, 0));
    assert_int_equal(told, 1);
    assert_int_equal(next(framer, "abc\n").result, FASCIA_FRAME_MORE);
    assert_int_equal(assert_fed("c\n"), stream); /* only what it has not seen */
    assert_null(answer(stream, 0, 3, 4, 0));
    frame = next(framer, "abc\n");
    assert_int_equal(frame.result, FASCIA_FRAME_COMPLETE);
    assert_int_equal(frame.payload_size, 3);
    assert_int_equal(next(framer, "abc\n").total, 4); /* the same until it is taken */
    plugin_framer_take(framer, 4);
    assert_false(plugin_framer_waits(framer));
    assert_int_equal(next(framer, "").result, FASCIA_FRAME_MORE);
    plugin_framer_destroy(framer);
}

static void behind_noise_there_may_be_more_to_show(void **state)
{
    struct plugin_framer *framer = make();
    uint64_t stream = 0;

    (void)state;
    next(framer, "\n\n");
    stream = assert_fed("\n\n");
    assert_null(answer(stream, 0, 0, 0, 2));
    assert_int_equal(next(framer, "\n\nx\n").skip, 2); /* x has come meanwhile */
    plugin_framer_take(framer, 2);
    assert_int_equal(next(framer, "x\n").result, FASCIA_FRAME_MORE);
    assert_int_equal(assert_fed("x\n"), stream);
    plugin_framer_destroy(framer);
}

static void what_can_not_be_true_ends_it(void **state)
{
    static const struct {
        uint64_t offset, size, total, skip;
    } lies[] = {{0, 1, 9, 0},          {3, 2, 4, 0},          {0, 5, 4, 0},          {5, 0, 4, 0},
                {0, 1, UINT64_MAX, 0}, {UINT64_MAX, 1, 4, 0}, {0, UINT64_MAX, 4, 0}, {0, 4, 4, 1},
                {0, 0, 0, 5},          {0, 0, 0, UINT64_MAX}, {1, UINT64_MAX, 1, 0}, {0, 3, 0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct plugin_framer *framer = make();
        uint64_t stream = 0;
        next(framer, "abc\n");
        stream = assert_fed("abc\n");
        assert_string_equal(answer(stream, lies[i].offset, lies[i].size, lies[i].total, lies[i].skip),
                            "impossible-frames");
        plugin_framer_destroy(framer);
        remote_replace(&host, true, true);
    }
}

static void an_answer_to_nothing_ends_it(void **state)
{
    struct plugin_framer *framer = make();
    uint64_t stream = 0;

    (void)state;
    next(framer, "ab");
    stream = assert_fed("ab");
    assert_null(answer(stream, 0, 0, 0, 0));
    assert_string_equal(answer(stream, 0, 0, 0, 0), "impossible-frames"); /* twice */
    assert_string_equal(answer(0, 0, 0, 0, 0), "impossible-frames");
    assert_string_equal(answer(stream + 1, 0, 0, 0, 0), "impossible-frames"); /* there never was one */
    plugin_framer_destroy(framer);
    remote_replace(&host, true, true);
    framer = make();
    next(framer, "ab");
    stream = assert_fed("ab");
    plugin_framer_destroy(framer);
    assert_null(answer(stream, 0, 0, 0, 0)); /* the connection has gone meanwhile, which it could not know */
}

static void the_next_process_begins_with_what_is_still_there(void **state)
{
    struct plugin_framer *framer = make();
    uint64_t stream = 0;

    (void)state;
    next(framer, "a\nb");
    stream = assert_fed("a\nb");
    assert_null(answer(stream, 0, 1, 2, 0));
    plugin_framer_take(framer, 2);
    told = 0;
    remote_replace(&host, false, true);
    assert_int_equal(told, 1);
    next(framer, "b");
    assert_int_not_equal(assert_fed("b"), stream);
    plugin_framer_destroy(framer);
}

static void a_stream_that_ends_it_twice_alone_is_not_shown_again(void **state)
{
    struct plugin_framer *framer = make();

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(next(framer, "bad").result, FASCIA_FRAME_MORE);
        assert_fed("bad");
        remote_replace(&host, false, true);
    }
    assert_int_equal(next(framer, "bad").result, FASCIA_FRAME_INVALID);
    assert_null(remote_next(&host));
    plugin_framer_destroy(framer);
}

/* Each is found among many, whatever the order, and those that go meanwhile take nobody with them. */
static void many_streams(void **state)
{
    enum { STREAMS = 20000 };
    static struct plugin_framer *framers[STREAMS];
    static uint64_t numbers[STREAMS];

    (void)state;
    for (size_t i = 0; i < STREAMS; i++) {
        framers[i] = make();
        next(framers[i], "x\n");
        numbers[i] = assert_fed("x\n");
        assert_null(answer(numbers[i], 0, 0, 0, 0));
    }
    for (size_t i = 0; i < STREAMS; i += 3) {
        plugin_framer_destroy(framers[i]);
        framers[i] = NULL;
    }
    host.read = host.sent.size; /* what it is told of those that went */
    for (size_t i = STREAMS; i-- > 0;)
        if (framers[i] != NULL) {
            next(framers[i], "x\ny");
            assert_int_equal(assert_fed("y"), numbers[i]);
            assert_null(answer(numbers[i], 0, 1, 2, 0));
            assert_int_equal(next(framers[i], "x\ny").total, 2);
        }
    told = 0;
    remote_replace(&host, true, true);
    assert_int_equal(told, STREAMS - (STREAMS + 2) / 3);
    for (size_t i = 0; i < STREAMS; i++)
        plugin_framer_destroy(framers[i]);
}

int main(void)
{
#define WITH_A_HOST(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_A_HOST(a_frame_comes_in_pieces),
        WITH_A_HOST(behind_noise_there_may_be_more_to_show),
        WITH_A_HOST(what_can_not_be_true_ends_it),
        WITH_A_HOST(an_answer_to_nothing_ends_it),
        WITH_A_HOST(the_next_process_begins_with_what_is_still_there),
        WITH_A_HOST(a_stream_that_ends_it_twice_alone_is_not_shown_again),
        WITH_A_HOST(many_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
