/* The reading of JSON through its door: what is refused and where, that nothing is changed by being read, and places. */
#include "fhir/json.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { MOST = 1 << 20 };

static struct fhir_json *read(const char *text)
{
    struct fhir_json_fault fault;
    struct fhir_json *root = fhir_json_parse_value(text, strlen(text), MOST, &fault);

    if (root == NULL)
        fail_msg("%s: %u:%u %s", text, fault.line, fault.column, fault.message);
    return root;
}

static void assert_prints(const char *text, const char *expected)
{
    struct fhir_json *root = read(text);

    assert_string_equal(fhir_json_print(root, NULL), expected);
    fhir_json_free(root);
}

static void what_is_read_prints_as_it_was(void **state)
{
    (void)state;
    assert_prints("{\"a\":0.010,\"b\":1.50e1,\"c\":-0.0,\"d\":12345678901234567,\"e\":1E2}",
                  "{\"a\":0.010,\"b\":1.50e1,\"c\":-0.0,\"d\":12345678901234567,\"e\":1E2}");
    assert_prints(" { \"z\" : [ 1 , null , true , \"a/b\" ] , \"a\" : { } }\r\n",
                  "{\"z\":[1,null,true,\"a/b\"],\"a\":{}}");
    assert_prints("\"\\u00e9 \\\"\\\\ \\n\"", "\"\xC3\xA9 \\\"\\\\ \\n\"");
    assert_prints("7", "7");
    assert_prints("[\"a\\\\u0041\"]", "[\"a\\\\u0041\"]");
}

/* Every pair of surrogates, as an escape, is the character that it stands for. */
static void every_pair_of_surrogates_is_read(void **state)
{
    struct fhir_json_fault fault;

    (void)state;
    for (unsigned code = 0x10000; code < 0x110000; code += 7) {
        char text[32], expected[5] = {(char)(0xF0 | code >> 18), (char)(0x80 | (code >> 12 & 0x3F)),
                                      (char)(0x80 | (code >> 6 & 0x3F)), (char)(0x80 | (code & 0x3F)), '\0'};
        unsigned low = code - 0x10000;
        struct fhir_json *value;
        snprintf(text, sizeof text, "\"\\u%04x\\u%04X\"", 0xD800 + (low >> 10), 0xDC00 + (low & 0x3FF));
        value = fhir_json_parse_value(text, strlen(text), MOST, &fault);
        assert_non_null(value);
        assert_string_equal(fhir_json_text(value), expected);
        fhir_json_free(value);
    }
}

struct refusal {
    const char *text;
    size_t size; /* 0: of the text */
    unsigned line, column;
    const char *message; /* part of it */
};

static void assert_refused(const struct refusal *refusal)
{
    struct fhir_json_fault fault;
    size_t size = refusal->size != 0 ? refusal->size : strlen(refusal->text);

    assert_null(fhir_json_parse(refusal->text, size, MOST, &fault));
    if (strstr(fault.message, refusal->message) == NULL || fault.line != refusal->line ||
        fault.column != refusal->column)
        fail_msg("%s: %u:%u %s", refusal->text, fault.line, fault.column, fault.message);
}

static void each_fault_is_named_with_its_place(void **state)
{
    static const struct refusal refusals[] = {
        {"", 0, 0, 0, "the body is empty"},
        {" \r\n\t ", 0, 0, 0, "the body is empty"},
        {"\xEF\xBB\xBF{}", 0, 1, 1, "byte order mark"},
        {"\xFF\xFE{\0}\0", 6, 1, 1, "UTF-16"},
        {"[1]", 0, 1, 1, "a JSON object is expected"},
        {"\"text\"", 0, 1, 1, "a JSON object is expected"},
        {"null", 0, 1, 1, "a JSON object is expected"},
        {"{\"a\":1,\n \"a\":2}", 0, 2, 4, "a name stands twice"},
        {"{\"a\":{\"b\":1,\"b\":1}}", 0, 1, 15, "a name stands twice"},
        {"{\"a\":\"\xC0\xAF\"}", 0, 1, 6, "not UTF-8"},
        {"{\"a\":\"\xED\xA0\x80\"}", 0, 1, 6, "not UTF-8"},
        {"{\"a\":NaN}", 0, 1, 8, "not JSON"},
        {"{\"a\":Infinity}", 0, 1, 13, "not JSON"},
        {"{'a':1}", 0, 1, 2, "not JSON"},
        {"{\"a\":1,}", 0, 1, 8, "not JSON"},
        {"{\"a\":01}", 0, 1, 6, "not JSON"},
        {"{\"a\":\"\n\"}", 0, 1, 6, "not JSON"},
        {"{\"a\":\"\\ud800\"}", 0, 1, 13, "not JSON"},
        {"{\"a\":\"\\u0000\"}", 0, 1, 13, "U+0000"},
        {"{\"a\":1} x", 0, 1, 9, "behind the end"},
        {"{\"a\":1}{}", 0, 1, 8, "behind the end"},
        {"{\"a\":[1,2", 0, 1, 9, "ends too early"},
        {"{\"a\":\"b", 0, 1, 7, "ends too early"},
        {"{\"a\":1e999}", 0, 1, 10, "a number is larger"},
        {"{\"a\":99999999999999999999}", 0, 1, 25, "a number is larger"},
        {"{\"a\":\"\0\"}", 9, 1, 6, "not JSON"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        assert_refused(&refusals[i]);
}

static void a_fault_repeats_nothing_that_was_sent(void **state)
{
    struct fhir_json_fault fault;
    const char *text = "{\"family\":Zebedee}";

    (void)state;
    assert_null(fhir_json_parse(text, strlen(text), MOST, &fault));
    assert_null(strstr(fault.message, "Zebedee"));
    assert_false(fault.too_large);
}

static void what_is_too_much_is_refused(void **state)
{
    struct fhir_json_fault fault;
    size_t size = 3 * FHIR_JSON_VALUES;
    char *text = malloc(size);
    struct fhir_json *root;

    (void)state;
    assert_non_null(text);
    memset(text, '[', 2 * FHIR_JSON_DEPTH);
    memset(text + FHIR_JSON_DEPTH, ']', FHIR_JSON_DEPTH);
    root = fhir_json_parse_value(text, 2 * FHIR_JSON_DEPTH, size, &fault);
    assert_non_null(root);
    fhir_json_free(root);
    memset(text, '[', size);
    assert_null(fhir_json_parse_value(text, size, size, &fault));
    assert_true(fault.too_large);
    assert_int_equal(fault.column, FHIR_JSON_DEPTH + 1);
    assert_non_null(strstr(fault.message, "deeper"));
    for (size_t i = 1; i + 1 < size; i += 2)
        memcpy(text + i, "1,", 2);
    memcpy(text + size - 2, "1]", 2);
    assert_null(fhir_json_parse_value(text, size, size, &fault));
    assert_true(fault.too_large);
    assert_non_null(strstr(fault.message, "values"));
    assert_null(fhir_json_parse_value(text, 100, 99, &fault));
    assert_true(fault.too_large);
    assert_non_null(strstr(fault.message, "99 bytes"));
    free(text);
}

static void what_is_asked_of_the_wrong_type_is_empty(void **state)
{
    struct fhir_json *root = read("{\"t\":\"x\",\"n\":1.5,\"w\":-7,\"b\":true,\"l\":[1,null],\"o\":{},\"z\":null}");
    int64_t whole = 0;
    bool truth = false;

    (void)state;
    assert_int_equal(fhir_json_type(NULL), FHIR_JSON_ABSENT);
    assert_int_equal(fhir_json_type(fhir_json_get(root, "none")), FHIR_JSON_ABSENT);
    assert_int_equal(fhir_json_type(fhir_json_get(root, "z")), FHIR_JSON_NULL);
    assert_int_equal(fhir_json_type(fhir_json_item(fhir_json_get(root, "l"), 1)), FHIR_JSON_NULL);
    assert_null(fhir_json_item(fhir_json_get(root, "l"), 2));
    assert_null(fhir_json_item(root, 0));
    assert_null(fhir_json_get(fhir_json_get(root, "t"), "t"));
    assert_null(fhir_json_text_of(root, "n"));
    assert_null(fhir_json_number(fhir_json_get(root, "t")));
    assert_string_equal(fhir_json_number(fhir_json_get(root, "n")), "1.5");
    assert_false(fhir_json_whole(fhir_json_get(root, "n"), &whole));
    assert_true(fhir_json_whole(fhir_json_get(root, "w"), &whole));
    assert_int_equal(whole, -7);
    assert_false(fhir_json_boolean(fhir_json_get(root, "t"), &truth));
    assert_true(fhir_json_boolean(fhir_json_get(root, "b"), &truth));
    assert_true(truth);
    assert_int_equal(fhir_json_size(root), 7);
    assert_int_equal(fhir_json_size(fhir_json_get(root, "n")), 0);
    fhir_json_free(root);
}

static void what_is_built_prints(void **state)
{
    struct fhir_json *root = fhir_json_new_object(), *list, *copy;

    (void)state;
    fhir_json_set_text(root, "resourceType", "Patient");
    fhir_json_set_text(root, "empty", "");
    fhir_json_set_text(root, "none", NULL);
    list = fhir_json_set(root, "list", fhir_json_new_array());
    fhir_json_add(list, fhir_json_new_number("0.10"));
    fhir_json_add(list, fhir_json_new_whole(-3));
    fhir_json_add(list, fhir_json_new_null());
    fhir_json_add(list, fhir_json_new_boolean(false));
    assert_true(fhir_json_insert(list, 0, fhir_json_new_text("first")));
    assert_true(fhir_json_insert(list, 5, fhir_json_new_text("last")));
    assert_true(fhir_json_insert(list, 3, fhir_json_new_null()));
    assert_false(fhir_json_insert(list, 9, fhir_json_new_text("beyond")));
    assert_string_equal(fhir_json_print(root, NULL),
                        "{\"resourceType\":\"Patient\",\"list\":[\"first\",0.10,-3,null,null,false,\"last\"]}");
    copy = fhir_json_copy(root);
    assert_true(fhir_json_remove_item(list, 0));
    assert_true(fhir_json_replace(list, 0, fhir_json_new_object()));
    assert_false(fhir_json_replace(list, 6, fhir_json_new_object()));
    assert_true(fhir_json_remove(root, "resourceType"));
    assert_false(fhir_json_remove(root, "resourceType"));
    assert_string_equal(fhir_json_print(root, NULL), "{\"list\":[{},-3,null,null,false,\"last\"]}");
    fhir_json_free(root);
    assert_string_equal(fhir_json_print(copy, NULL),
                        "{\"resourceType\":\"Patient\",\"list\":[\"first\",0.10,-3,null,null,false,\"last\"]}");
    fhir_json_free(copy);
}

static void same_is_by_value(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {{"{\"a\":1,\"b\":[true]}", "{\"b\":[true],\"a\":1.0}", true},
                 {"[1,2]", "[2,1]", false},
                 {"{\"a\":1}", "{\"b\":1}", false},
                 {"\"a\"", "\"a\"", true},
                 {"1", "\"1\"", false},
                 {"null", "null", true},
                 {"null", "false", false},
                 {"9007199254740993", "9007199254740992", false}};

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct fhir_json *a = read(pairs[i].a), *b = read(pairs[i].b);
        assert_int_equal(fhir_json_same(a, b), pairs[i].same);
        fhir_json_free(a);
        fhir_json_free(b);
    }
}

static void a_place_knows_its_path(void **state)
{
    struct fhir_arena arena = {NULL};
    struct fhir_json *root = read("{\"reasonCode\":[{},{\"coding\":[{},{\"code\":\"M54.2\"}]}]}");
    struct fhir_place *place = fhir_place_root(&arena, root, "ServiceRequest"), *list, *code;

    (void)state;
    list = fhir_place_member(&arena, place, "reasonCode");
    code = fhir_place_member(&arena, fhir_place_item(&arena, list, 1), "coding");
    code = fhir_place_member(&arena, fhir_place_item(&arena, code, 1), "code");
    assert_string_equal(fhir_place_path(&arena, code), "ServiceRequest.reasonCode[1].coding[1].code");
    assert_string_equal(fhir_json_text(code->value), "M54.2");
    assert_ptr_equal(list, fhir_place_member(&arena, place, "reasonCode"));
    assert_null(fhir_place_member(&arena, place, "status"));
    assert_null(fhir_place_item(&arena, list, 2));
    assert_null(fhir_place_item(&arena, NULL, 0));
    assert_null(fhir_place_member(&arena, code, "x"));
    fhir_arena_finish(&arena);
    fhir_json_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_prints_as_it_was),
        cmocka_unit_test(every_pair_of_surrogates_is_read),
        cmocka_unit_test(each_fault_is_named_with_its_place),
        cmocka_unit_test(a_fault_repeats_nothing_that_was_sent),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(what_is_asked_of_the_wrong_type_is_empty),
        cmocka_unit_test(what_is_built_prints),
        cmocka_unit_test(same_is_by_value),
        cmocka_unit_test(a_place_knows_its_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
