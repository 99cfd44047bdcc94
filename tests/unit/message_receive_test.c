/*
 * Bytes of a message that somebody else wrote: what would end the reader, now or when it reads again what it kept, is no message.
 */
#include "core/memory.h"
#include "core/message.h"
#include "fascia/v1/plugin.pb-c.h"
#include "fascia/v1/runner.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_no_message(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size)
{
    ProtobufCMessage *message = message_receive(descriptor, bytes, size);

    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    assert_null(message);
}

static void what_is_taken_can_be_packed_and_taken_again(void **state)
{
    /* Field 0 in two bytes, of eight: the unpacker takes it, packs it in one, and does not take that. */
    static const uint8_t zero[] = {0x81, 0x00, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t inside[] = {0x0a, sizeof zero, 0x81, 0x00, 0, 0, 0, 0, 0, 0, 0, 0};
    /* Numbers that nobody uses yet are kept. */
    static const uint8_t later[] = {0xfd, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3, 4, 0xa2, 0x7d, 0x01, 'x'};
    ProtobufCMessage *message;
    uint8_t *packed;
    size_t size;

    (void)state;
    assert_no_message(&fascia__submission__descriptor, zero, sizeof zero);
    assert_no_message(&fascia__to_plugin__descriptor, inside, sizeof inside);
    message = message_receive(&fascia__submission__descriptor, later, sizeof later);
    assert_non_null(message);
    packed = message_pack(message, &size);
    protobuf_c_message_free_unpacked(message, NULL);
    message = message_receive(&fascia__submission__descriptor, packed, size);
    assert_non_null(message);
    assert_int_equal(message->n_unknown_fields, 2);
    protobuf_c_message_free_unpacked(message, NULL);
    free(packed);
}

/* An option with one child, which has one child, and so on. */
static uint8_t *nest(unsigned depth, size_t *size)
{
    size_t room = 16, used = 0;
    uint8_t *bytes = memory_allocate(room, 1);

    for (unsigned i = 0; i < depth; i++) {
        uint8_t head[11] = {(9 << 3) | 2};
        size_t count = 1, left = used;
        do
            head[count++] = (uint8_t)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        while ((left >>= 7) != 0);
        bytes = memory_grow(bytes, &room, used + count, 1);
        memmove(bytes + count, bytes, used);
        memcpy(bytes, head, count);
        used += count;
    }
    *size = used;
    return bytes;
}

static void what_nests_deeper_than_a_stack_is_no_message(void **state)
{
    static const unsigned depths[] = {3, 31, 33, 1000, 20000};

    (void)state;
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        size_t size;
        uint8_t *bytes = nest(depths[i], &size);
        ProtobufCMessage *message = message_receive(&fascia__plugin_option__descriptor, bytes, size);
        assert_int_equal(message != NULL, depths[i] <= 32);
        if (message != NULL)
            protobuf_c_message_free_unpacked(message, NULL);
        free(bytes);
    }
}

static void what_is_cut_off_or_of_no_wire_type_is_no_message(void **state)
{
    static const uint8_t endless[] = {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    static const uint8_t wrong[][4] = {{0x0b},       {0x0c},         {0x0e},       {0x0f},
                                       {0x09, 1, 2}, {0x0a, 3, 'x'}, {0x0d, 1, 2}, {0x08}};
    static const size_t sizes[] = {1, 1, 1, 1, 3, 3, 3, 1};
    static const uint8_t none[1];
    ProtobufCMessage *empty;

    (void)state;
    assert_no_message(&fascia__submission__descriptor, endless, sizeof endless);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_no_message(&fascia__submission__descriptor, wrong[i], sizes[i]);
    empty = message_receive(&fascia__submission__descriptor, none, 0);
    assert_non_null(empty);
    protobuf_c_message_free_unpacked(empty, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_can_be_packed_and_taken_again),
        cmocka_unit_test(what_nests_deeper_than_a_stack_is_no_message),
        cmocka_unit_test(what_is_cut_off_or_of_no_wire_type_is_no_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
