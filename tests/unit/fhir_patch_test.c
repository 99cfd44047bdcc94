/* JSON Patch: what RFC 6902's operations do, and that what does not fit changes nothing and says so. */
#include "fhir/patch.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static struct fhir_json *read(const char *text)
{
    struct fhir_json_fault fault;
    struct fhir_json *json = fhir_json_parse_value(text, strlen(text), 1 << 22, &fault);

    if (json == NULL)
        fail_msg("%s: %s", text, fault.message);
    return json;
}

struct row {
    const char *document, *patch, *result; /* result: the document, or a part of the issue's text */
    unsigned status;                       /* 0: it is applied */
};

static void check(const struct row *row)
{
    struct fhir_arena arena = {NULL};
    struct fhir_issues issues = {.arena = &arena};
    struct fhir_json *document = read(row->document), *patch = read(row->patch);
    struct fhir_json *result = fhir_patch_apply(document, patch, &issues);
    char *before = strdup(fhir_json_print(document, NULL));
    struct fhir_json *again = read(row->document);

    assert_string_equal(before, fhir_json_print(again, NULL));
    if (row->status == 0) {
        if (result == NULL)
            fail_msg("%s: %s", row->patch, issues.list[0]->text);
        assert_string_equal(fhir_json_print(result, NULL), row->result);
    } else {
        assert_null(result);
        assert_int_equal(issues.errors, 1);
        if (strstr(issues.list[0]->text, row->result) == NULL || issues.list[0]->status != row->status)
            fail_msg("%s: %u %s", row->patch, issues.list[0]->status, issues.list[0]->text);
    }
    free(before);
    fhir_json_free(result);
    fhir_json_free(again);
    fhir_json_free(document);
    fhir_json_free(patch);
    fhir_arena_finish(&arena);
}

static void check_all(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&rows[i]);
}

static void operations_do_what_the_standard_says(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":[0.10]}]", "{\"a\":1,\"b\":[0.10]}", 0},
        {"{\"a\":1,\"c\":3}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":null}]", "{\"a\":null,\"c\":3}", 0},
        {"{\"l\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/l/1\",\"value\":9}]", "{\"l\":[1,9,2]}", 0},
        {"{\"l\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/l/-\",\"value\":9}]", "{\"l\":[1,2,9]}", 0},
        {"{\"l\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/l/2\",\"value\":9}]", "{\"l\":[1,2,9]}", 0},
        {"{\"l\":[1,2,3]}", "[{\"op\":\"remove\",\"path\":\"/l/0\"},{\"op\":\"remove\",\"path\":\"/l/1\"}]",
         "{\"l\":[2]}", 0},
        {"{\"a\":{\"b\":1}}", "[{\"op\":\"remove\",\"path\":\"/a/b\"}]", "{\"a\":{}}", 0},
        {"{\"a\":1,\"b\":2}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":{\"x\":[]}}]",
         "{\"a\":{\"x\":[]},\"b\":2}", 0},
        {"{\"l\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/l/1\",\"value\":\"z\"}]", "{\"l\":[1,\"z\"]}", 0},
        {"{\"a\":{\"x\":1},\"b\":{}}", "[{\"op\":\"move\",\"from\":\"/a/x\",\"path\":\"/b/y\"}]",
         "{\"a\":{},\"b\":{\"y\":1}}", 0},
        {"{\"l\":[1,2,3]}", "[{\"op\":\"move\",\"from\":\"/l/0\",\"path\":\"/l/2\"}]", "{\"l\":[2,3,1]}", 0},
        {"{\"a\":[1]}",
         "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},{\"op\":\"add\",\"path\":\"/b/-\",\"value\":2}]",
         "{\"a\":[1],\"b\":[1,2]}", 0},
        {"{\"a\":{\"x\":1,\"y\":2}}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":2.0,\"x\":1}}]",
         "{\"a\":{\"x\":1,\"y\":2}}", 0},
        {"{\"a/b\":1,\"m~n\":2,\"\":3}",
         "[{\"op\":\"remove\",\"path\":\"/a~1b\"},{\"op\":\"remove\",\"path\":\"/"
         "m~0n\"},{\"op\":\"remove\",\"path\":\"/\"}]",
         "{}", 0},
        {"{\"~1\":1}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":1}]", "{\"~1\":1}", 0},
    };

    (void)state;
    check_all(rows, sizeof rows / sizeof rows[0]);
}

static void what_does_not_fit_says_which_operation(void **state)
{
    static const struct row rows[] = {
        {"{\"a\":1}", "{}", "array of operations", 400},
        {"{\"a\":1}", "[]", "array of operations", 400},
        {"{\"a\":1}", "[7]", "operation 1: an operation is an object", 400},
        {"{\"a\":1}", "[{\"path\":\"/a\"}]", "op is missing", 400},
        {"{\"a\":1}", "[{\"op\":\"remove\"}]", "path is missing", 400},
        {"{\"a\":1}", "[{\"op\":\"merge\",\"path\":\"/a\"}]", "op is one of", 400},
        {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"a\"}]", "JSON Pointer", 400},
        {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/a~2\"}]", "'~'", 400},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\"}]", "value is missing", 400},
        {"{\"a\":1}", "[{\"op\":\"copy\",\"path\":\"/b\"}]", "from is missing", 400},
        {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"remove\",\"path\":\"/a\"}]",
         "operation 2: there is nothing", 422},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":1}]", "there is nothing", 422},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b/c\",\"value\":1}]", "no such place", 422},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a/c\",\"value\":1}]", "no such place", 422},
        {"{\"l\":[1]}", "[{\"op\":\"add\",\"path\":\"/l/2\",\"value\":1}]", "no such place", 422},
        {"{\"l\":[1]}", "[{\"op\":\"add\",\"path\":\"/l/01\",\"value\":1}]", "no such place", 422},
        {"{\"l\":[1]}", "[{\"op\":\"remove\",\"path\":\"/l/-\"}]", "there is nothing", 422},
        {"{\"l\":[1]}", "[{\"op\":\"move\",\"from\":\"/x\",\"path\":\"/l/0\"}]", "path in from", 422},
        {"{\"a\":{\"b\":{}}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", "into itself", 422},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]", "the test found", 422},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/b\",\"value\":null}]", "the test found", 422},
        {"{\"id\":\"1\"}", "[{\"op\":\"replace\",\"path\":\"/id\",\"value\":\"2\"}]", "can't be changed", 422},
        {"{\"resourceType\":\"Task\"}", "[{\"op\":\"remove\",\"path\":\"/resourceType\"}]", "can't be changed", 422},
        {"{\"id\":\"1\"}", "[{\"op\":\"move\",\"from\":\"/id\",\"path\":\"/x\"}]", "can't be changed", 422},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{}}]", "by an update", 422},
    };

    (void)state;
    check_all(rows, sizeof rows / sizeof rows[0]);
}

/* Each copy doubles the list: 200 of them would be more than there is memory anywhere. */
static void a_patch_can_not_make_much_of_little(void **state)
{
    struct fhir_arena arena = {NULL};
    char *wide = fhir_arena_text(&arena, "[", 1), *deep = fhir_arena_text(&arena, "[", 1), *many = deep;
    struct row row;

    (void)state;
    for (int i = 0; i < FHIR_PATCH_OPERATIONS; i++) {
        wide = fhir_arena_format(&arena, "%s%s{\"op\":\"copy\",\"from\":\"/l\",\"path\":\"/l/-\"}", wide,
                                 i > 0 ? "," : "");
        deep = fhir_arena_format(&arena, "%s%s{\"op\":\"add\",\"path\":\"/a", deep, i > 0 ? "," : "");
        for (int j = 0; j < i && j < FHIR_JSON_DEPTH + 2; j++)
            deep = fhir_arena_format(&arena, "%s/a", deep);
        deep = fhir_arena_format(&arena, "%s\",\"value\":{}}", deep);
    }
    row = (struct row){"{\"l\":[1]}", fhir_arena_format(&arena, "%s]", wide), "would be", 422};
    check(&row);
    row = (struct row){"{}", fhir_arena_format(&arena, "%s]", deep), "deeper than a document may", 422};
    check(&row);
    for (int i = 0; i <= FHIR_PATCH_OPERATIONS; i++)
        many = fhir_arena_format(&arena, "%s%s{\"op\":\"test\",\"path\":\"\",\"value\":{}}", many, i > 0 ? "," : "");
    row = (struct row){"{}", fhir_arena_format(&arena, "%s]", many), "more than 200", 422};
    check(&row);
    fhir_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_do_what_the_standard_says),
        cmocka_unit_test(what_does_not_fit_says_which_operation),
        cmocka_unit_test(a_patch_can_not_make_much_of_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
