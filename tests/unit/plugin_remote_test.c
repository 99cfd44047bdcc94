/*
 * The host's side of an isolated plugin, without a process: what it says in pieces of any size, what it must not say, and what becomes of what it had when it ends.
 */
#include "plugin/describe.h"
#include "plugin/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "unit/remote_host.h"

static struct remote_host host;

static int begin(void **state)
{
    (void)state;
    remote_host_begin(&host);
    return 0;
}

static int end(void **state)
{
    (void)state;
    remote_host_end(&host);
    return 0;
}

static void assert_heard(const char *expected)
{
    assert_string_equal(host.heard, expected);
    host.heard[0] = '\0';
}

static uint64_t deliver(const char *text)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;

    delivery.payload = (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
    return plugin_deliver(host.instance, &delivery, NULL);
}

/* The next call to the process is this one; its token. */
static uint64_t assert_call(Fascia__PluginCall__Entry entry)
{
    Fascia__ToPlugin *said = remote_next(&host);
    uint64_t token = 0;

    assert_non_null(said);
    assert_int_equal(said->body_case, FASCIA__TO_PLUGIN__BODY_CALL);
    assert_int_equal(said->call->entry, entry);
    token = said->call->token;
    fascia__to_plugin__free_unpacked(said, NULL);
    return token;
}

static void assert_silent(void)
{
    assert_null(remote_next(&host));
}

static Fascia__FromPlugin bytes_of(Fascia__FromPlugin__BodyCase what, Fascia__PluginBytes *body, uint64_t token,
                                   const ProtobufCMessage *message, uint8_t room[512])
{
    Fascia__FromPlugin said = FASCIA__FROM_PLUGIN__INIT;

    fascia__plugin_bytes__init(body);
    body->token = token;
    if (message != NULL)
        body->message = (ProtobufCBinaryData){protobuf_c_message_pack(message, room), room};
    said.body_case = what;
    said.submission = body; /* completion lies in the same place */
    return said;
}

static const char *complete(uint64_t token)
{
    Fascia__Completion completion = FASCIA__COMPLETION__INIT;
    Fascia__PluginBytes body;
    uint8_t room[512];
    const Fascia__FromPlugin said =
        bytes_of(FASCIA__FROM_PLUGIN__BODY_COMPLETION, &body, token, &completion.base, room);

    return remote_say(&host, &said);
}

static const char *submit(uint64_t token)
{
    Fascia__Submission submission = FASCIA__SUBMISSION__INIT;
    Fascia__Submit inner = FASCIA__SUBMIT__INIT;
    Fascia__Referral referral = FASCIA__REFERRAL__INIT;
    Fascia__PluginBytes body;
    uint8_t room[512];
    Fascia__FromPlugin said;

    inner.referral = &referral;
    submission.submit = &inner;
    submission.item = 7;
    said = bytes_of(FASCIA__FROM_PLUGIN__BODY_SUBMISSION, &body, token, &submission.base, room);
    return remote_say(&host, &said);
}

static const char *return_calls(uint64_t count)
{
    Fascia__FromPlugin said = FASCIA__FROM_PLUGIN__INIT;

    said.body_case = FASCIA__FROM_PLUGIN__BODY_RETURNED;
    said.returned = count;
    return remote_say(&host, &said);
}

static struct plugin_counts counts(void)
{
    struct plugin_counts counted;

    plugin_counts(host.instance, &counted);
    return counted;
}

/* ---- frames of bytes ------------------------------------------------------------------------------------------------- */

static void every_cut_of_its_bytes_is_the_same(void **state)
{
    const Fascia__PluginDescription description = remote_description();

    (void)state;
    for (size_t piece = 1; piece < 12; piece++) {
        Fascia__FromPlugin message = FASCIA__FROM_PLUGIN__INIT;
        remote_host_end(&host);
        remote_host_begin(&host);
        message.body_case = FASCIA__FROM_PLUGIN__BODY_DESCRIBED;
        message.described = (Fascia__PluginDescription *)(uintptr_t)&description;
        assert_null(remote_say_in(&host, &message, piece));
        assert_heard("described ");
        assert_int_equal(host.held_size, 0);
    }
}

static void what_is_no_message_ends_it(void **state)
{
    static const uint8_t too_long[] = {0x05, 0, 0, 1}, endless[] = {0xff, 0xff, 0xff, 0xff};
    static const uint8_t no_protobuf[] = {0, 0, 0, 3, 0xff, 0xff, 0xff}, cut_short[] = {0, 0, 0, 2, 0x0a, 0x7f};
    static const uint8_t empty[] = {0, 0, 0, 0}, of_the_future[] = {0, 0, 0, 4, 0xf2, 0x06, 1, 'x'};

    (void)state;
    assert_string_equal(remote_say_bytes(&host, too_long, 4, 1), "garbage");
    host.held_size = 0;
    assert_string_equal(remote_say_bytes(&host, endless, 4, 4), "garbage");
    host.held_size = 0;
    assert_string_equal(remote_say_bytes(&host, no_protobuf, sizeof no_protobuf, 2), "garbage");
    assert_string_equal(remote_say_bytes(&host, cut_short, sizeof cut_short, 3), "garbage");
    assert_string_equal(remote_say_bytes(&host, empty, sizeof empty, 1), "spoke-out-of-turn");
    assert_string_equal(remote_say_bytes(&host, of_the_future, sizeof of_the_future, 1), "spoke-out-of-turn");
    assert_heard("");
}

static void half_a_message_waits_for_the_rest(void **state)
{
    static const uint8_t half[] = {0, 0, 1, 0, 0x0a};

    (void)state;
    assert_null(remote_say_bytes(&host, half, sizeof half, 1));
    assert_int_equal(host.held_size, sizeof half);
}

/* ---- what it says when ----------------------------------------------------------------------------------------------- */

static void what_comes_before_it_is_open_ends_it(void **state)
{
    Fascia__FromPlugin opened = FASCIA__FROM_PLUGIN__INIT;
    Fascia__PluginOpened body = FASCIA__PLUGIN_OPENED__INIT;
    const Fascia__PluginDescription description = remote_description();

    (void)state;
    assert_string_equal(complete(1), "spoke-out-of-turn");
    assert_string_equal(submit(1), "spoke-out-of-turn");
    assert_string_equal(return_calls(0), "spoke-out-of-turn");
    opened.body_case = FASCIA__FROM_PLUGIN__BODY_OPENED;
    opened.opened = &body;
    assert_string_equal(remote_say(&host, &opened), "spoke-out-of-turn"); /* it has not said what it is */
    assert_null(remote_describe(&host, &description));
    assert_string_equal(remote_describe(&host, &description), "spoke-out-of-turn");
}

static void a_refusal_is_one_line(void **state)
{
    Fascia__FromPlugin said = FASCIA__FROM_PLUGIN__INIT;
    Fascia__PluginOpened body = FASCIA__PLUGIN_OPENED__INIT;
    const Fascia__PluginDescription description = remote_description();

    (void)state;
    assert_null(remote_describe(&host, &description));
    body.refused = true;
    body.fault = "sender\nholds\t'|'";
    said.body_case = FASCIA__FROM_PLUGIN__BODY_OPENED;
    said.opened = &body;
    assert_null(remote_say(&host, &said));
    assert_heard("described sender holds '|' ");
}

static void what_it_did_not_do_it_can_not_have_done(void **state)
{
    uint64_t token = 0;

    (void)state;
    remote_make_ready(&host, true);
    assert_string_equal(return_calls(1), "spoke-out-of-turn");
    remote_replace(&host, true, true);
    token = deliver("a");
    assert_int_equal(assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER), token);
    assert_null(return_calls(1));
    assert_string_equal(return_calls(1), "spoke-out-of-turn");
}

static void wrong_answers_are_counted_and_then_end_it(void **state)
{
    (void)state;
    remote_make_ready(&host, true);
    for (unsigned i = 0; i < 1000; i++)
        assert_null(complete(((uint64_t)i << 16) + 99));
    assert_int_equal(counts().refused_completions, 1000);
    assert_string_equal(submit(77), "too-many-wrong-answers");
}

static void a_full_host_is_a_result(void **state)
{
    uint64_t token = 0;

    (void)state;
    remote_make_ready(&host, true);
    token = deliver("a");
    assert_int_equal(assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER), token);
    host.submit_status = FASCIA_E_BUSY;
    assert_null(submit(token));
    assert_int_equal(assert_call(FASCIA__PLUGIN_CALL__ENTRY__RESULT), token);
    assert_null(complete(token));
    assert_null(complete(token));
    assert_heard("described opened submit ended ");
    assert_int_equal(counts().refused_completions, 1);
}

/* ---- when it ends ---------------------------------------------------------------------------------------------------- */

static void what_it_had_is_given_to_the_next(void **state)
{
    uint64_t token = 0, again = 0;

    (void)state;
    remote_make_ready(&host, true);
    token = deliver("a");
    assert_int_equal(assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER), token);
    assert_null(return_calls(1));
    remote_replace(&host, false, true);
    again = assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    assert_int_not_equal(again, token);
    assert_null(complete(token)); /* as the old process would have */
    assert_int_equal(counts().refused_completions, 1);
    assert_int_equal(counts().open, 1);
    assert_null(complete(again));
    assert_int_equal(counts().open, 0);
    assert_int_equal(counts().given_again, 1);
}

static void what_ends_it_twice_alone_is_refused_and_then_given_up(void **state)
{
    uint64_t token = 0;

    (void)state;
    remote_make_ready(&host, true);
    deliver("a");
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    remote_replace(&host, false, true);
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    remote_replace(&host, false, true);
    token = assert_call(FASCIA__PLUGIN_CALL__ENTRY__REFUSE);
    assert_int_equal(counts().refused_deliveries, 1);
    remote_replace(&host, false, true);
    assert_int_not_equal(assert_call(FASCIA__PLUGIN_CALL__ENTRY__REFUSE), token);
    host.heard[0] = '\0';
    plugin_isolated_lost(host.instance, false);
    assert_heard("given-up ");
    assert_int_equal(counts().open, 0);
}

static void what_can_not_be_refused_is_given_up(void **state)
{
    (void)state;
    remote_make_ready(&host, false);
    deliver("a");
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    remote_replace(&host, false, false);
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    host.heard[0] = '\0';
    plugin_isolated_lost(host.instance, false);
    assert_heard("given-up ");
}

static void a_wished_end_blames_nobody(void **state)
{
    (void)state;
    remote_make_ready(&host, true);
    deliver("a");
    for (unsigned i = 0; i < 20; i++) {
        assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
        remote_replace(&host, true, true);
    }
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    assert_int_equal(counts().refused_deliveries, 0);
}

static void after_an_end_calls_come_one_by_one_for_a_while(void **state)
{
    uint64_t first = 0, second = 0;

    (void)state;
    remote_make_ready(&host, true);
    deliver("a");
    deliver("b");
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    remote_replace(&host, false, true);
    first = assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    assert_silent(); /* the second waits for the first */
    assert_null(return_calls(1));
    second = assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    assert_null(return_calls(1));
    assert_null(complete(first));
    assert_null(complete(second));
    host.clock += 10000; /* and then all is as before */
    deliver("c");
    deliver("d");
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
}

static void while_it_is_held_only_what_lets_it_finish_goes(void **state)
{
    Fascia__Result result = FASCIA__RESULT__INIT;
    uint64_t token = 0;

    (void)state;
    remote_make_ready(&host, true);
    token = deliver("a");
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
    plugin_isolated_hold(host.instance, true);
    deliver("b");
    assert_silent();
    plugin_result(host.instance, token, 7, &result);
    assert_int_equal(assert_call(FASCIA__PLUGIN_CALL__ENTRY__RESULT), token);
    assert_int_equal(plugin_isolated_under_way(host.instance), 3); /* two calls and one delivery */
    assert_null(return_calls(2));
    assert_null(complete(token));
    assert_int_equal(plugin_isolated_under_way(host.instance), 0); /* what waits is not under way */
    plugin_isolated_hold(host.instance, false);
    assert_call(FASCIA__PLUGIN_CALL__ENTRY__DELIVER);
}

/* ---- health ------------------------------------------------------------------------------------------------------------ */

static void pauses_double_and_then_the_circuit_breaks(void **state)
{
    static const int64_t pauses[] = {0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, HEALTH_BROKEN};
    struct health health = {0};

    (void)state;
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        health_started(&health, 1000 + (int64_t)i);
        assert_int_equal(health_failed(&health, 1001 + (int64_t)i), pauses[i]);
        assert_int_equal(health.broken, i == 10);
    }
    health_started(&health, 5000);
    assert_int_equal(health_failed(&health, 5000 + HEALTH_WELL), 0); /* it ran well, and begins anew */
    assert_false(health.broken);
    assert_int_equal(health_failed(&health, 5001), 100); /* it did not even start */
    health_reset(&health);
    assert_int_equal(health_failed(&health, 5002), 0);
    assert_int_equal(health.restarts, 14);
}

/* ---- descriptions ------------------------------------------------------------------------------------------------------ */

static void assert_no_plugin(const Fascia__PluginDescription *description, const char *why)
{
    struct fault fault = {{0}};

    assert_null(plugin_description_read(description, &fault));
    if (strstr(fault.text, why) == NULL)
        fail_msg("'%s' does not say '%s'", fault.text, why);
}

static void a_description_is_the_same_on_the_other_side(void **state)
{
    Fascia__PluginOption child = FASCIA__PLUGIN_OPTION__INIT, group = FASCIA__PLUGIN_OPTION__INIT;
    Fascia__PluginOption *children[] = {&child}, *options[] = {&group};
    Fascia__PluginDescription description = remote_description(), *packed = NULL;
    struct plugin_described *described = NULL;
    struct fault fault = {{0}};
    uint8_t first[1024], second[1024];

    (void)state;
    child.type = FASCIA_OPTION_TEXT;
    child.name = "id";
    child.help = "Which one it is";
    child.flags = FASCIA_OPTION_REQUIRED;
    group.type = FASCIA_OPTION_GROUP;
    group.name = "senders";
    group.help = "Who sends";
    group.children = children;
    group.n_children = 1;
    description.options = options;
    description.n_options = 1;
    description.can_refuse = false; /* a structure of functions says that, and this one has none */
    described = plugin_description_read(&description, &fault);
    if (described == NULL)
        fail_msg("%s", fault.text);
    packed = plugin_description_pack(plugin_described_plugin(described));
    assert_int_equal(fascia__plugin_description__pack(packed, first),
                     fascia__plugin_description__pack(&description, second));
    assert_memory_equal(first, second, fascia__plugin_description__get_packed_size(packed));
    fascia__plugin_description__free_unpacked(packed, NULL);
    plugin_described_destroy(described);
}

static void a_description_is_examined_as_a_loaded_plugin_is(void **state)
{
    enum { MANY = 5000 };
    static Fascia__PluginOption *many[MANY];
    Fascia__PluginOption option = FASCIA__PLUGIN_OPTION__INIT;
    Fascia__PluginOption nested[40], *links[40];
    Fascia__PluginDescription description = remote_description();

    (void)state;
    description.name = "Not A Name";
    assert_no_plugin(&description, "name");
    description = remote_description();
    description.kind = 99;
    assert_no_plugin(&description, "kind");
    description = remote_description();
    description.abi_major = 2;
    assert_no_plugin(&description, "ABI");
    description = remote_description();
    option.type = 77;
    option.name = "x";
    option.help = "What it is";
    links[0] = &option;
    description.options = links;
    description.n_options = 1;
    assert_no_plugin(&description, "type");
    for (size_t i = 0; i < MANY; i++)
        many[i] = &option;
    description.options = many;
    description.n_options = MANY;
    assert_no_plugin(&description, "options");
    /* Groups in groups, deeper than any stack should follow. */
    for (size_t i = 0; i < 40; i++) {
        fascia__plugin_option__init(&nested[i]);
        nested[i].type = FASCIA_OPTION_GROUP;
        nested[i].name = "x";
        nested[i].help = "What it is";
        links[i] = &nested[i];
        if (i > 0) {
            nested[i - 1].children = &links[i];
            nested[i - 1].n_children = 1;
        }
    }
    description.options = links;
    description.n_options = 1;
    assert_no_plugin(&description, "x");
}

int main(void)
{
#define WITH_A_HOST(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_A_HOST(every_cut_of_its_bytes_is_the_same),
        WITH_A_HOST(what_is_no_message_ends_it),
        WITH_A_HOST(half_a_message_waits_for_the_rest),
        WITH_A_HOST(what_comes_before_it_is_open_ends_it),
        WITH_A_HOST(a_refusal_is_one_line),
        WITH_A_HOST(what_it_did_not_do_it_can_not_have_done),
        WITH_A_HOST(wrong_answers_are_counted_and_then_end_it),
        WITH_A_HOST(a_full_host_is_a_result),
        WITH_A_HOST(what_it_had_is_given_to_the_next),
        WITH_A_HOST(what_ends_it_twice_alone_is_refused_and_then_given_up),
        WITH_A_HOST(what_can_not_be_refused_is_given_up),
        WITH_A_HOST(a_wished_end_blames_nobody),
        WITH_A_HOST(after_an_end_calls_come_one_by_one_for_a_while),
        WITH_A_HOST(while_it_is_held_only_what_lets_it_finish_goes),
        cmocka_unit_test(pauses_double_and_then_the_circuit_breaks),
        cmocka_unit_test(a_description_is_the_same_on_the_other_side),
        cmocka_unit_test(a_description_is_examined_as_a_loaded_plugin_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
