#include "core/fault.h"
#include "ctl/ctl.h"
#include "ctl/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "identifier,name,profession,capacity"

/* A daemon that takes everything but the therapist called "unwanted". */
struct fake {
    size_t chunks, rows;
    size_t largest;
    int code;
    bool dry_run;
    char last[65];
    Fascia__Therapist *first;
    Fascia__ControlResponse *due[2]; /* the oldest first */
    size_t due_count, most_due;
};

static int take_chunk(void *context, const Fascia__ImportTherapists *chunk)
{
    struct fake *fake = context;
    Fascia__ControlResponse *made = calloc(1, sizeof *made);
    Fascia__ImportAnswer *counts = calloc(1, sizeof *counts);

    fascia__control_response__init(made);
    fascia__import_answer__init(counts);
    made->import_answer = counts;
    counts->problems = calloc(chunk->n_therapists + 1, sizeof(Fascia__Problem *));
    fake->chunks++;
    fake->rows += chunk->n_therapists;
    fake->dry_run = chunk->dry_run;
    if (chunk->n_therapists > fake->largest)
        fake->largest = chunk->n_therapists;
    if (fake->first == NULL && chunk->n_therapists > 0) {
        uint8_t packed[65536];
        const size_t size = fascia__therapist__pack(chunk->therapists[0], packed);
        fake->first = fascia__therapist__unpack(NULL, size, packed);
    }
    for (size_t i = 0; i < chunk->n_therapists; i++) {
        Fascia__Problem *problem;
        snprintf(fake->last, sizeof fake->last, "%s", chunk->therapists[i]->identifier);
        if (strcmp(chunk->therapists[i]->name, "unwanted") != 0) {
            counts->added++;
            continue;
        }
        problem = calloc(1, sizeof *problem);
        fascia__problem__init(problem);
        INVARIANT(asprintf(&problem->location, "row %zu", i + 1) > 0);
        problem->field = strdup("profession");
        problem->message = strdup("is not wanted");
        counts->problems[counts->n_problems++] = problem;
    }
    assert_true(fake->due_count < 2);
    fake->due[fake->due_count++] = made;
    if (fake->due_count > fake->most_due)
        fake->most_due = fake->due_count;
    return CTL_OK;
}

static int give_answer(void *context, Fascia__ControlResponse **response)
{
    struct fake *fake = context;

    assert_true(fake->due_count > 0);
    *response = fake->due[0];
    fake->due[0] = fake->due[1];
    fake->due_count--;
    return fake->code;
}

static int run(struct ctl_import *import, struct fake *fake, enum therapist_format format, const char *text)
{
    int code;

    *fake = (struct fake){.code = fake->code};
    *import = (struct ctl_import){.stream = fmemopen((void *)(uintptr_t)text, strlen(text), "r"),
                                  .format = format,
                                  .context = fake,
                                  .send = take_chunk,
                                  .receive = give_answer};
    code = ctl_import_run(import);
    fclose(import->stream);
    return code;
}

static void done(struct ctl_import *import, struct fake *fake)
{
    ctl_problems_finish(&import->problems);
    if (fake->first != NULL)
        fascia__therapist__free_unpacked(fake->first, NULL);
}

/* The problems of a file, as people see them. */
static void expect_problem(enum therapist_format format, const char *text, const char *expected)
{
    struct ctl_import import;
    struct fake fake = {0};
    char *shown = NULL;
    size_t size = 0;
    FILE *out;
    const int code = run(&import, &fake, format, text);

    assert_int_not_equal(code, CTL_OK);
    out = open_memstream(&shown, &size);
    ctl_problems_show(&import.problems, out, "f", 10);
    fclose(out);
    assert_string_equal(shown, expected);
    free(shown);
    done(&import, &fake);
}

static void every_column_is_read(void **state)
{
    const char *text =
        "\xef\xbb\xbftelephone,identifier,name,gender,profession,licences,certifications,techniques,conditions,payers,"
        "languages,"
        "places,visit_modes,home_radius_km,time_zone,hours,exceptions,capacity,rating_sum,rating_count,accepting\r\n"
        "+1,100,\"Roe, Jane\",Female,225700000X,US-KY:12345:active:2024-01-01:2027-12-31;US-TN:9:pending:::225100000X,"
        "CLT:7:active:2024-01-01::NORTON:US-KY:2025-05-01:letter;BCTMB,deep-tissue; "
        "sports,back-pain:31;neck-pain,HUMANA,en;es,"
        "\"Main\\; Street\\|1|40475|37.7479|-84.2947|12 Main|US;Second|40507\",clinic;home,7.5,America/New_York,"
        "\"Mon-Fri 09:00-17:00; Sat 09:00-12:00\",2026-12-24 closed; 2026-12-31 09:00-12:00,8,900,10,no\r\n";
    struct ctl_import import;
    struct fake fake = {0};
    const Fascia__Therapist *read;

    (void)state;
    /* the exceptions hold no comma, so they need no quotes */
    assert_int_equal(run(&import, &fake, THERAPIST_CSV, text), CTL_OK);
    assert_int_equal(import.rows, 1);
    assert_int_equal(import.added, 1);
    read = fake.first;
    assert_string_equal(read->name, "Roe, Jane");
    assert_int_equal(read->gender, FASCIA__GENDER__GENDER_FEMALE);
    assert_int_equal(read->n_licences, 2);
    assert_string_equal(read->licences[0]->number, "12345");
    assert_string_equal(read->licences[0]->valid_to, "2027-12-31");
    assert_int_equal(read->licences[1]->status, FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_PENDING);
    assert_string_equal(read->licences[1]->profession, "225100000X");
    assert_string_equal(read->certifications[0]->issuer, "NORTON");
    assert_string_equal(read->certifications[0]->verified_how, "letter");
    assert_string_equal(read->certifications[1]->code, "BCTMB");
    assert_string_equal(read->techniques[1], "sports");
    assert_int_equal(read->conditions[0]->cases, 31);
    assert_int_equal(read->conditions[1]->cases, 0);
    assert_string_equal(read->places[0]->name, "Main; Street|1");
    assert_int_equal(read->places[0]->position->latitude, 37747900);
    assert_int_equal(read->places[0]->position->longitude, -84294700);
    assert_null(read->places[1]->position);
    assert_int_equal(read->n_visit_modes, 2);
    assert_int_equal(read->home_radius, 7500);
    assert_int_equal(read->n_hours, 6);
    assert_int_equal(read->hours[5]->weekday, 5);
    assert_int_equal(read->hours[5]->to_minute, 720);
    assert_int_equal(read->n_exceptions, 2);
    assert_int_equal(read->exceptions[0]->n_hours, 0);
    assert_int_equal(read->exceptions[1]->hours[0]->from_minute, 540);
    assert_true(read->not_accepting);
    done(&import, &fake);
}

static void ndjson_is_read_as_the_messages_are_named(void **state)
{
    const char *text = "{\"identifier\":\"a\",\"name\":\"A\",\"profession\":\"225700000X\",\"capacity\":1,\"hours\":"
                       "\"Mon 09:00-10:00\",\"exceptions\":\"2026-12-24 closed\",\"places\":[{\"position\":"
                       "\"37.7479, -84.2947\"}]}\n\n"
                       "{\"identifier\":\"b\",\"name\":\"B\",\"profession\":\"225700000X\",\"capacity\":1,\"hours\":"
                       "[{\"weekday\":0,\"from_minute\":540,\"to_minute\":600}]}";
    struct ctl_import import;
    struct fake fake = {0};

    (void)state;
    assert_int_equal(run(&import, &fake, THERAPIST_NDJSON, text), CTL_OK);
    assert_int_equal(import.rows, 2);
    assert_int_equal(fake.first->hours[0]->from_minute, 540);
    assert_string_equal(fake.first->exceptions[0]->date, "2026-12-24");
    assert_int_equal(fake.first->places[0]->position->longitude, -84294700);
    done(&import, &fake);
}

static void the_header_is_checked_whole(void **state)
{
    (void)state;
    expect_problem(THERAPIST_CSV, "", "f line 1: the file is empty: its first line names the columns\n");
    expect_problem(THERAPIST_CSV, "identifier,name,profession\n1,2,3\n",
                   "f line 1 (capacity): the column is missing\n");
    expect_problem(THERAPIST_CSV, HEADER ",name\n", "f line 1 column 37 (name): the column is there twice\n");
    expect_problem(THERAPIST_CSV, HEADER ",shoe\n",
                   "f line 1 column 37: there is no such column; the columns are identifier, name, gender, profession, "
                   "licences, certifications, techniques, conditions, payers, languages, places, visit_modes, "
                   "home_radius_km, time_zone, hours, exceptions, capacity, rating_sum, rating_count, accepting, "
                   "telephone\n");
}

static void a_wrong_field_is_named_by_line_and_column(void **state)
{
    (void)state;
    expect_problem(THERAPIST_CSV, HEADER "\n1,A,P,x\n",
                   "f line 2 column 7 (capacity): must be a whole number from 0 to 10000\n");
    expect_problem(THERAPIST_CSV, HEADER "\n1,,P,1\n", "f line 2 column 3 (name): is missing\n");
    expect_problem(THERAPIST_CSV, HEADER "\n1,A,P\n", "f line 2: the row has 3 fields, the header 4\n");
    expect_problem(THERAPIST_CSV, HEADER "\n1,A,P,\"1\"x\n",
                   "f line 2 column 10: text follows the quote that closes the field\n");
    expect_problem(THERAPIST_CSV, HEADER ",licences\n1,A,P,1,US-KY:1:good\n",
                   "f line 2 column 9 (licences): item 1: the status: must be one of active, suspended, revoked, "
                   "pending\n");
    expect_problem(THERAPIST_CSV, HEADER ",licences\n1,A,P,1,US-KY:1:active:2024-02-30:\n",
                   "f line 2 column 9 (licences[1].valid_from): is not a date that exists, written 2027-12-31\n");
    expect_problem(THERAPIST_CSV, HEADER ",licences\n1,A,P,1,US-KY:1:active:2024-02-20:2023-01-01\n",
                   "f line 2 column 9 (licences[1].valid_to): lies before the first valid date\n");
    expect_problem(THERAPIST_CSV, HEADER ",hours\n1,A,P,1,Mon 09:10-17:00\n",
                   "f line 2 column 9 (hours): times are multiples of 15 minutes\n");
    expect_problem(THERAPIST_CSV, HEADER ",hours\n1,A,P,1,Mon 09:00-17:00; Mon-Tue 16:00-18:00\n",
                   "f line 2 column 9 (hours): two times of one day overlap\n");
    expect_problem(THERAPIST_CSV, HEADER ",hours\n1,A,P,1,09:00-17:00\n",
                   "f line 2 column 9 (hours): every item names its days, such as Mon-Fri or Mon,Wed\n");
    expect_problem(THERAPIST_CSV, HEADER ",exceptions\n1,A,P,1,2026-12-24 closed; 2026-12-24 09:00-10:00\n",
                   "f line 2 column 9 (exceptions): a date stands there twice; put its times into one item\n");
    expect_problem(THERAPIST_CSV, HEADER ",places\n1,A,P,1,Main|40475|95|10\n",
                   "f line 2 column 9 (places): item 1: latitude and longitude are degrees, such as "
                   "37.7479|-84.2947\n");
    expect_problem(THERAPIST_CSV, HEADER ",home_radius_km\n1,A,P,1,-4\n",
                   "f line 2 column 9 (home_radius_km): must be kilometres from 0 to 1000, such as 15 or 7.5\n");
    expect_problem(THERAPIST_CSV, HEADER ",rating_sum,rating_count\n1,A,P,1,101,1\n",
                   "f line 2 column 9 (rating_sum): is more than 100 points for each of rating_count\n");
    expect_problem(THERAPIST_CSV, HEADER "\n1 2,A,P,1\n",
                   "f line 2 column 1 (identifier): holds a space or a control character\n");
}

static void a_wrong_line_of_ndjson_is_named_by_path(void **state)
{
#define ROW "\"identifier\":\"a\",\"name\":\"A\",\"profession\":\"P\""
    (void)state;
    expect_problem(THERAPIST_NDJSON, "{" ROW "}", "f line 1 column 1 (capacity): is missing\n");
    expect_problem(THERAPIST_NDJSON, "{" ROW ",\"capacity\":-1}",
                   "f line 1 column 47 (capacity): must be from 0 to 4294967295\n");
    expect_problem(THERAPIST_NDJSON, "[]\n", "f line 1 column 1: a line holds one object in { }\n");
    expect_problem(THERAPIST_NDJSON, "{" ROW ",\"capacity\":1,\"hours\":\"Mon 9\"}",
                   "f line 1 column 60 (hours): item 1: times are written 09:00-17:00\n");
    expect_problem(
        THERAPIST_NDJSON, "{" ROW ",\"capacity\":1,\"places\":[{\"position\":{\"latitude\":37,\"longitude\":-84}}]}",
        "f line 1 column 60 (places[1].position): latitude and longitude are millionths of a degree; degrees are "
        "written as text: \"position\": \"37.7479,-84.2947\"\n");
    expect_problem(
        THERAPIST_NDJSON, "{" ROW ",\"capacity\":1,\"hours\":[{\"weekday\":7,\"to_minute\":60}]}",
        "f line 1 column 60 (hours[1]): must have weekday 0 (Monday) to 6, and minutes of the day in steps of 15, from "
        "before to\n");
    expect_problem(THERAPIST_NDJSON, "{" ROW ",\"capacity\":1,\"capacity\":2}",
                   "f line 1 column 69: duplicate object key near '\"capacity\"'\n");
#undef ROW
}

static void an_identifier_stands_in_a_file_once(void **state)
{
    (void)state;
    expect_problem(THERAPIST_CSV, HEADER "\n1,A,P,1\n2,B,P,1\n1,C,P,1\n",
                   "f line 4 column 1 (identifier): stands on line 2 already\n");
}

static void the_daemons_problems_are_told_by_line(void **state)
{
    (void)state;
    expect_problem(THERAPIST_CSV, HEADER "\n# a remark\n1,A,P,1\n2,unwanted,P,1\n",
                   "f line 4 column 12 (profession): is not wanted\n");
}

static void every_problem_of_a_row_is_told_in_the_order_of_the_file(void **state)
{
    (void)state;
    expect_problem(THERAPIST_CSV,
                   HEADER
                   ",licences,rating_sum,rating_count\n1,unwanted,P,1,,,\n,A,P,x,US-KY:1:active:2024-02-30,9,x\n",
                   "f line 2 column 12 (profession): is not wanted\n"
                   "f line 3 column 1 (identifier): is missing\n"
                   "f line 3 column 6 (capacity): must be a whole number from 0 to 10000\n"
                   "f line 3 column 8 (licences[1].valid_from): is not a date that exists, written 2027-12-31\n"
                   "f line 3 column 36 (rating_count): must be a whole number from 0 to 10000000\n");
    expect_problem(THERAPIST_NDJSON,
                   "{\"identifier\":\"a\",\"name\":\"unwanted\",\"profession\":\"P\",\"capacity\":1}\n"
                   "{\"n\u00e4me\":\"A\", \"capacity\":\"x\", \"places\":[{\"name\":\"\\\"}\",\"town\":1}], "
                   "\"shoe\":{\"capacity\":1},"
                   " \"licences\":[{}]}\n",
                   "f line 1 column 37 (profession): is not wanted\n"
                   "f line 2 column 1 (identifier): is missing\n"
                   "f line 2 column 1 (name): is missing\n"
                   "f line 2 column 1 (profession): is missing\n"
                   "f line 2 column 2 (n\u00e4me): there is no such member\n"
                   "f line 2 column 14 (capacity): must be a whole number\n"
                   "f line 2 column 30 (places[1].town): there is no such member\n"
                   "f line 2 column 66 (shoe): there is no such member\n"
                   "f line 2 column 89 (licences[1].jurisdiction): is missing: say where the licence is valid, such as "
                   "US-KY\n");
}

static void bad_rows_do_not_hold_up_good_ones(void **state)
{
    struct ctl_import import;
    struct fake fake = {0};

    (void)state;
    assert_int_equal(run(&import, &fake, THERAPIST_CSV,
                         HEADER "\n1,A,P,1\n2,B,P,x\n3,unwanted,P,1\n4,\"B\"x,P,1\n5,C,P,1\n1,D,P,1\n6,E,P,1"),
                     CTL_REFUSED);
    assert_int_equal(import.rows, 7);
    assert_int_equal(import.added, 3);
    assert_int_equal(import.refused, 4);
    assert_string_equal(fake.last, "6");
    done(&import, &fake);
}

static void a_failing_daemon_ends_the_import(void **state)
{
    struct ctl_import import;
    struct fake fake = {.code = CTL_FAILED};

    (void)state;
    assert_int_equal(run(&import, &fake, THERAPIST_CSV, HEADER "\n1,A,P,1\n"), CTL_FAILED);
    assert_int_equal(import.added, 0);
    done(&import, &fake);
}

/* The answer to the first chunk is read when the second was sent. */
static void problems_of_each_chunk_are_told_by_its_own_lines(void **state)
{
    struct ctl_import import;
    struct fake fake = {0};
    char *text = NULL;
    char *shown = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    fputs(HEADER "\n", out);
    for (int i = 2; i < 4803; i++)
        fprintf(out, "%d,%s,P,1\n", i, i == 3 || i == 2700 || i == 4800 ? "unwanted" : "A");
    fclose(out);
    assert_int_equal(run(&import, &fake, THERAPIST_CSV, text), CTL_REFUSED);
    out = open_memstream(&shown, &size);
    ctl_problems_show(&import.problems, out, "f", 10);
    fclose(out);
    assert_string_equal(shown, "f line 3 column 12 (profession): is not wanted\n"
                               "f line 2700 column 15 (profession): is not wanted\n"
                               "f line 4800 column 15 (profession): is not wanted\n");
    assert_int_equal(import.refused, 3);
    done(&import, &fake);
    free(shown);
    free(text);
}

static void a_hundred_thousand_rows_go_in_chunks(void **state)
{
    struct ctl_import import;
    struct fake fake = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    fputs(HEADER ",hours\n", out);
    for (int i = 0; i < 100000; i++)
        fprintf(out, "T%06d,Therapist %d,225700000X,%d,\"Mon-Fri 09:00-12:00,13:00-17:00\"\n", i, i, i % 20);
    fclose(out);
    assert_int_equal(run(&import, &fake, THERAPIST_CSV, text), CTL_OK);
    assert_int_equal(import.rows, 100000);
    assert_int_equal(import.added, 100000);
    assert_int_equal(fake.rows, 100000);
    assert_int_equal(fake.most_due, 2); /* the next one is sent before the answer is read */
    assert_int_equal(fake.due_count, 0);
    assert_int_equal(fake.largest, IMPORT_CHUNK_ROWS);
    assert_string_equal(fake.last, "T099999");
    done(&import, &fake);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_column_is_read),
        cmocka_unit_test(ndjson_is_read_as_the_messages_are_named),
        cmocka_unit_test(the_header_is_checked_whole),
        cmocka_unit_test(a_wrong_field_is_named_by_line_and_column),
        cmocka_unit_test(a_wrong_line_of_ndjson_is_named_by_path),
        cmocka_unit_test(an_identifier_stands_in_a_file_once),
        cmocka_unit_test(the_daemons_problems_are_told_by_line),
        cmocka_unit_test(every_problem_of_a_row_is_told_in_the_order_of_the_file),
        cmocka_unit_test(bad_rows_do_not_hold_up_good_ones),
        cmocka_unit_test(a_failing_daemon_ends_the_import),
        cmocka_unit_test(problems_of_each_chunk_are_told_by_its_own_lines),
        cmocka_unit_test(a_hundred_thousand_rows_go_in_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
