/*
 * What holds for every message and every split of a stream: what is written is read back as it was, writing what was read gives the
 * same bytes, and frames do not depend on how their bytes arrive.
 */
#include "hl7v2/message.h"
#include "hl7v2/mllp.h"
#include "hl7v2/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed;

static uint32_t draw(uint32_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % bound;
}

/* ---- write and read ----------------------------------------------------------------------------------------------- */

enum { SEGMENTS = 6, FIELDS = 6, REPETITIONS = 3, COMPONENTS = 3, SUBCOMPONENTS = 3, TEXT = 12 };

struct leaf {
    char text[TEXT * 4 + 1];
};
struct tree {
    struct leaf leaves[SEGMENTS][FIELDS][REPETITIONS][COMPONENTS][SUBCOMPONENTS];
};

/* Letters, every separator and the escape character, and letters beyond ASCII; nothing that trimming would take, no explicit null. */
static void draw_text(struct leaf *leaf)
{
    static const char *const pieces[] = {"a",  "Z", "7", "|",   "^",        "~",
                                         "\\", "&", "#", ".br", "\xC3\xA9", "\xE2\x82\xAC"};
    uint32_t length = draw(4) == 0 ? 0 : 1 + draw(TEXT - 1);

    leaf->text[0] = '\0';
    for (uint32_t i = 0; i < length; i++)
        strcat(leaf->text, pieces[draw(sizeof pieces / sizeof pieces[0])]);
}

static void write_tree(struct hl7_writer *writer, const struct tree *tree)
{
    const struct hl7_separators *s = &writer->separators;
    char encoding[] = {s->component, s->repetition, s->escape, s->subcomponent};

    hl7_write_segment(writer, "MSH");
    hl7_write_field(writer);
    hl7_write_raw(writer, (struct hl7_span){encoding, sizeof encoding});
    hl7_write_end(writer);
    for (unsigned segment = 0; segment < SEGMENTS; segment++) {
        char name[4] = {'Z', 'A', (char)('A' + (int)segment), '\0'};
        hl7_write_segment(writer, name);
        for (unsigned field = 0; field < FIELDS; field++)
            for (unsigned repetition = 0; repetition < REPETITIONS; repetition++) {
                if (repetition == 0)
                    hl7_write_field(writer);
                else
                    hl7_write_repetition(writer);
                for (unsigned component = 0; component < COMPONENTS; component++) {
                    if (component > 0)
                        hl7_write_component(writer);
                    for (unsigned sub = 0; sub < SUBCOMPONENTS; sub++) {
                        if (sub > 0)
                            hl7_write_subcomponent(writer);
                        hl7_write_text(writer, tree->leaves[segment][field][repetition][component][sub].text);
                    }
                }
            }
        hl7_write_end(writer);
    }
}

static void read_tree(struct hl7_message *message, struct tree *tree)
{
    for (unsigned segment = 0; segment < SEGMENTS; segment++) {
        char name[4] = {'Z', 'A', (char)('A' + (int)segment), '\0'};
        struct hl7_segment *found = hl7_segment_find(message, name, 1);
        assert_non_null(found);
        for (unsigned field = 0; field < FIELDS; field++)
            for (unsigned repetition = 0; repetition < REPETITIONS; repetition++)
                for (unsigned component = 0; component < COMPONENTS; component++)
                    for (unsigned sub = 0; sub < SUBCOMPONENTS; sub++) {
                        const char *text = hl7_text(message, found, field + 1, repetition + 1, component + 1, sub + 1);
                        struct leaf *leaf = &tree->leaves[segment][field][repetition][component][sub];
                        assert_true(strlen(text) < sizeof leaf->text);
                        strcpy(leaf->text, text);
                    }
    }
}

static void what_is_written_is_read_and_written_alike(void **state)
{
    static const struct hl7_separators sets[] = {{'|', '^', '~', '\\', '&', '\0'}, {'#', '*', '!', '?', '$', '\0'}};
    static struct tree tree, read;

    (void)state;
    for (uint64_t round = 1; round <= 200; round++) {
        struct hl7_arena arena = {NULL};
        struct hl7_message message = {.arena = &arena};
        struct hl7_writer writer, again;
        struct leaf *leaves = &tree.leaves[0][0][0][0][0];
        seed = round;
        memset(&tree, 0, sizeof tree);
        memset(&read, 0, sizeof read);
        for (size_t i = 0; i < sizeof tree / sizeof *leaves; i++)
            draw_text(&leaves[i]);
        hl7_write_begin(&writer, &arena, &sets[round % 2]);
        write_tree(&writer, &tree);
        assert_int_equal(hl7_message_parse(&message, writer.text, writer.used), HL7_PARSE_OK);
        read_tree(&message, &read);
        for (size_t i = 0; i < sizeof tree / sizeof *leaves; i++)
            if (strcmp(leaves[i].text, (&read.leaves[0][0][0][0][0])[i].text) != 0)
                fail_msg("round %d: '%s' was read as '%s'", (int)round, leaves[i].text,
                         (&read.leaves[0][0][0][0][0])[i].text);
        hl7_write_begin(&again, &arena, &message.separators);
        write_tree(&again, &read);
        assert_int_equal(again.used, writer.used);
        assert_memory_equal(again.text, writer.text, writer.used);
        hl7_arena_finish(&arena);
    }
}

/* ---- frames at every split ---------------------------------------------------------------------------------------- */

/* Feeds a stream in pieces as a host does, and writes each payload with its size into out. */
static size_t frames_of(const uint8_t *stream, size_t size, size_t piece, uint8_t *out)
{
    uint8_t buffer[600];
    size_t held = 0, already = 0, used = 0, fed = 0;

    while (fed < size) {
        size_t take = piece == 0 ? 1 + draw(9) : piece;
        if (take > size - fed)
            take = size - fed;
        memcpy(buffer + held, stream + fed, take);
        held += take;
        fed += take;
        for (;;) {
            struct fascia_frame frame = {.size = sizeof frame};
            size_t taken;
            hl7_mllp_frame((struct fascia_bytes){buffer, held}, already, &frame);
            if (frame.result == FASCIA_FRAME_COMPLETE) {
                assert_true(frame.payload_offset + frame.payload_size <= frame.total && frame.total <= held);
                out[used++] = (uint8_t)frame.payload_size;
                memcpy(out + used, buffer + frame.payload_offset, frame.payload_size);
                used += frame.payload_size;
                taken = frame.total;
                already = 0;
            } else {
                assert_int_equal(frame.result, FASCIA_FRAME_MORE);
                assert_true(frame.skip <= held && frame.scanned >= frame.skip && frame.scanned <= held);
                taken = frame.skip;
                already = frame.scanned - frame.skip;
            }
            memmove(buffer, buffer + taken, held - taken);
            held -= taken;
            if (frame.result == FASCIA_FRAME_MORE || held == 0)
                break;
        }
    }
    return used;
}

static void frames_do_not_depend_on_how_bytes_arrive(void **state)
{
    static const char *const pieces[] = {"\x0B", "\x1C\r",  "\x1C", "\r",       "MSH", "MSH|a",
                                         "x",    "\x0BMSH", "\n",   "\x1C\x0B", "M",   "S"};
    size_t frames = 0;

    (void)state;
    for (uint64_t round = 1; round <= 2000; round++) {
        char stream[500] = "";
        uint8_t whole[600], split[600];
        size_t whole_size, size;
        seed = round;
        for (uint32_t i = 0, count = 1 + draw(40); i < count; i++)
            strcat(stream, pieces[draw(sizeof pieces / sizeof pieces[0])]);
        size = strlen(stream);
        whole_size = frames_of((const uint8_t *)stream, size, size, whole);
        frames += whole_size > 0;
        for (size_t piece = 0; piece <= 5; piece++) {
            size_t split_size = frames_of((const uint8_t *)stream, size, piece, split);
            assert_int_equal(split_size, whole_size);
            assert_memory_equal(split, whole, whole_size);
        }
    }
    assert_true(frames > 500); /* the rounds are not about nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_and_written_alike),
        cmocka_unit_test(frames_do_not_depend_on_how_bytes_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
