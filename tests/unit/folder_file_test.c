/* What the folder source makes of files: rows into referrals, and what is wrong with the others. */
#include "folder_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define SENDER          "sender", "SPINE", "role", "chiropractor"
#define OPEN(host, ...) assert_true(host_open(host, (const char *const[]){__VA_ARGS__, NULL}))

static void deliver_text(struct folder_host *host, const char *name, const char *text)
{
    host_deliver(host, name, text, strlen(text));
}

static const Fascia__Referral *referral(const struct folder_host *host, size_t number)
{
    assert_true(number < host->count);
    return host->submissions[number]->submit->referral;
}

static char *read_sample(const char *name, size_t *size)
{
    char path[4096];
    char *bytes = calloc(1, 65536);
    FILE *file;

    snprintf(path, sizeof path, "%s/plugins/folder/samples/%s", FASCIA_SOURCE, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    *size = fread(bytes, 1, 65535, file);
    fclose(file);
    return bytes;
}

static void a_row_becomes_a_referral(void **state)
{
    struct folder_host host;
    size_t size;
    char *bytes = read_sample("referrals.csv", &size);

    (void)state;
    OPEN(&host, SENDER, "referrer_name", "Dr A Lee DC", "referrer_npi", "1093817462", "time_zone", "America/New_York");
    host_deliver(&host, "referrals.csv", bytes, size);
    assert_int_equal(host.count, 3);
    const Fascia__Referral *first = referral(&host, 0);
    assert_string_equal(first->sender, "SPINE");
    assert_string_equal(first->sender_referral_id, "SC-2041");
    assert_string_equal(first->message_id, "");
    assert_int_equal(first->priority, FASCIA__PRIORITY__PRIORITY_ROUTINE);
    assert_int_equal(first->referrer->role, FASCIA__ROLE__ROLE_CHIROPRACTOR);
    assert_string_equal(first->referrer->name, "Dr A Lee DC");
    assert_string_equal(first->referrer->identifiers[0]->value, "1093817462");
    assert_string_equal(first->patient->family_name, "Whitfield");
    assert_string_equal(first->patient->birth_date, "1968-04-02");
    assert_int_equal(first->patient->gender, FASCIA__GENDER__GENDER_FEMALE);
    assert_string_equal(first->patient->identifiers[0]->value, "88121");
    assert_string_equal(first->patient->address->lines[0], "12 Elm Street");
    assert_string_equal(first->patient->address->postal_code, "40508");
    assert_string_equal(first->conditions[0]->code, "M54.50");
    assert_string_equal(first->conditions[0]->system, "ICD-10-CM");
    assert_string_equal(first->conditions[0]->location, "column 'condition'");
    assert_string_equal(first->procedures[0]->text, "myofascial release");
    assert_string_equal(first->procedures[0]->code, "");
    assert_string_equal(first->coverages[0]->payer, "HUMANA");
    assert_string_equal(first->coverages[0]->member_id, "H-2231");
    assert_int_equal(first->authorization->visits_authorised, 6);
    assert_int_equal(first->preferences->windows[0]->weekdays, 0x1f);
    assert_string_equal(first->preferences->time_zone, "America/New_York");
    assert_string_equal(first->notes[0]->kind, "reason");
    assert_string_equal(first->notes[1]->text, "prefers mornings, no oils");
    assert_string_equal(first->original_media_type, "text/csv");
    assert_int_equal(strncmp((const char *)first->original.data, "SC-2041,routine,Whitfield", 25), 0);
    const Fascia__Referral *second = referral(&host, 1);
    assert_int_equal(second->n_conditions, 2);
    assert_string_equal(second->conditions[0]->code, "M54.2");
    assert_string_equal(second->conditions[0]->text, "Cervicalgia");
    assert_string_equal(second->conditions[1]->code, "M62.838");
    assert_string_equal(referral(&host, 2)->conditions[0]->text, "neck pain");
    assert_int_equal(referral(&host, 2)->n_procedures, 0);
    free(bytes);
    host_close(&host);
}

static void columns_are_mapped_and_others_are_kept(void **state)
{
    struct folder_host host;
    size_t size;
    char *bytes = read_sample("chiropractor.csv", &size);

    (void)state;
    OPEN(&host, SENDER, "date_format", "DD.MM.YYYY", "columns.Ref No", "referral_id", "columns.surname",
         "patient.family_name", "columns.First name", "patient.given_name", "columns.DOB", "patient.birth_date",
         "columns.Diagnosis", "condition", "columns.Requested", "technique", "columns.Invoice", "-");
    host_deliver(&host, "chiropractor.csv", bytes, size);
    assert_int_equal(host.count, 2);
    const Fascia__Referral *first = referral(&host, 0);
    assert_string_equal(first->sender_referral_id, "C-311");
    assert_string_equal(first->patient->family_name, "S\xc3\xb8rensen");
    assert_string_equal(first->patient->birth_date, "1968-04-02");
    /* Sex, Postcode, State, Insurer and Remarks are not mapped; the invoice's number is not wanted */
    assert_int_equal(first->n_kept, 5);
    assert_string_equal(first->kept[0]->location, "column 'Sex'");
    assert_string_equal(first->kept[4]->content, "bitte vormittags");
    free(bytes);
    host_close(&host);
}

static void json_objects_are_rows(void **state)
{
    struct folder_host host;
    size_t size;
    char *bytes = read_sample("physiotherapist.json", &size);

    (void)state;
    OPEN(&host, SENDER);
    host_deliver(&host, "physiotherapist.json", bytes, size);
    assert_int_equal(host.count, 1);
    const Fascia__Referral *first = referral(&host, 0);
    assert_string_equal(first->patient->given_name, "Rosa");
    assert_string_equal(first->patient->phones[0], "+1 859 555 0177");
    assert_string_equal(first->patient->languages[0], "es");
    assert_string_equal(first->patient->address->city, "Lexington");
    assert_int_equal(first->n_conditions, 2);
    assert_string_equal(first->conditions[1]->code, "M54.16");
    assert_string_equal(first->procedures[0]->code, "97124");
    assert_string_equal(first->procedures[0]->system, "CPT");
    assert_int_equal(first->n_kept, 3);
    assert_string_equal(first->kept[0]->location, "column 'plan.sessions'");
    assert_string_equal(first->kept[2]->content, "lift 10 kg");
    host_answer_all(&host);
    assert_string_equal(host_reply(&host),
                        "{\"line\":1,\"result\":\"accepted\",\"referral\":\"R100\",\"state\":\"matching\"}\n");
    free(bytes);
    host_close(&host);
}

static void an_object_a_line_is_read_whatever_the_name(void **state)
{
    const char *text =
        "{\"patient\":{\"id\":7},\"condition\":\"M54.2\"}\n\n{\"patient_id\":\"8\",\"condition\":\"M54.2\"}\n";
    const char *names[] = {"a.ndjson", "a.jsonl", "a.json", "export"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct folder_host host;
        OPEN(&host, SENDER);
        deliver_text(&host, names[i], text);
        assert_int_equal(host.count, 2);
        assert_string_equal(referral(&host, 0)->patient->identifiers[0]->value, "7");
        host_answer_all(&host);
        assert_non_null(strstr(host_reply(&host), "{\"line\":3,"));
        host_close(&host);
    }
}

static void a_cancellation_says_why(void **state)
{
    struct folder_host host;
    size_t size;
    char *bytes = read_sample("cancel.ndjson", &size);

    (void)state;
    OPEN(&host, SENDER);
    host_deliver(&host, "cancel.ndjson", bytes, size);
    assert_int_equal(host.submissions[0]->submit->action, FASCIA__SUBMIT__ACTION__CANCEL);
    assert_string_equal(host.submissions[0]->submit->reason, "patient moved away");
    free(bytes);
    host_close(&host);
    OPEN(&host, SENDER);
    deliver_text(&host, "a.csv", "action,patient_id,condition\ncancel,7,\n");
    assert_string_equal(host_reply(&host),
                        "line,result,referral,state,problem\n2,refused,,,field referral_id: is missing: "
                        "without it nobody knows which referral to change or cancel\n");
    assert_true(host.completion->failed);
    host_close(&host);
}

/* The only row of a file is refused, and the result says why. */
static void refused(const char *name, const char *text, const char *expected)
{
    struct folder_host host;

    OPEN(&host, SENDER);
    deliver_text(&host, name, text);
    assert_int_equal(host.count, 0);
    assert_true(host.completion->failed);
    assert_string_equal(host_reply(&host), expected);
    host_close(&host);
}

#define HEAD   "line,result,referral,state,problem\n"
#define COLUMN "patient_id,condition,"

static void a_wrong_cell_is_named_by_its_column(void **state)
{
    (void)state;
    refused("a.csv", COLUMN "patient_birth_date\n7,M54.2,1979-02-30\n",
            HEAD "2,refused,,,\"column 'patient_birth_date': is not a date that exists, written YYYY-MM-DD (option "
                 "date_format)\"\n");
    refused("a.csv", COLUMN "patient_gender,priority\n7,M54.2,SECRET,SECRET\n",
            HEAD
            "2,refused,,,\"column 'patient_gender': must be female, male, other or unknown; column 'priority': must "
            "be routine, urgent or stat\"\n");
    refused("a.csv", COLUMN "windows\n7,M54.2,whenever\n",
            HEAD "2,refused,,,\"column 'windows': item 1: days are written Mon-Fri, or Mon,Wed\"\n");
    refused("a.csv", COLUMN "visits_authorised\n7,M54.2,many\n",
            HEAD "2,refused,,,column 'visits_authorised': must be a whole number from 0 to 1000\n");
    refused("a.csv", COLUMN "max_distance_km\n7,M54.2,far\n",
            HEAD "2,refused,,,\"column 'max_distance_km': must be kilometres, such as 25 or 7.5\"\n");
    refused("a.csv", COLUMN "referrer_npi\n7,M54.2,12\n",
            HEAD "2,refused,,,column 'referrer_npi': is not a National Provider Identifier of ten digits\n");
    refused("a.csv", COLUMN "note\n7,M54.2\n", HEAD "2,refused,,,\"the row has 2 fields, the first line 3\"\n");
    refused("a.csv", COLUMN "note\n7,M54.2,\"SECRET\n",
            HEAD "2,refused,,,line 2 column 9: a quote opens here that nothing closes\n");
    refused("a.json", "[{\"patient_id\":1,\"patient\":{\"family_name\":\"A\"},\"patient.family_name\":\"B\"}]",
            "{\"line\":1,\"result\":\"refused\",\"problem\":\"column 'patient.family_name': another column of this row "
            "holds the same field\"}\n");
    refused("a.ndjson", "{\"patient_id\":1,\n",
            "{\"line\":1,\"result\":\"refused\",\"problem\":\"line 1 column 16: the JSON ends in the middle\"}\n");
    refused("a.ndjson", "[1]\n", "{\"line\":1,\"result\":\"refused\",\"problem\":\"a row is an object in { }\"}\n");
    refused(
        "a.ndjson", "{\"SECRET\":1}\n",
        "{\"line\":1,\"result\":\"refused\",\"problem\":\"no member is a field's; the option columns says which member "
        "is which field\"}\n");
}

static void a_file_that_cant_be_read_is_refused_whole(void **state)
{
    (void)state;
    refused("a.csv", "", HEAD "1,refused,,,the file is empty\n");
    refused("a.csv", COLUMN "condition,patient_family_name,patient.family_name\n1,2,3,4,5\n",
            HEAD "1,refused,,,two columns hold the field patient.family_name\n");
    refused("a.json", "[{\"patient_id\": SECRET}]",
            "{\"line\":1,\"result\":\"refused\",\"problem\":\"line 1 column 22: this is not JSON\"}\n");
    refused(
        "a.json", "[{\"patient_id\":1,\"patient_id\":2}]",
        "{\"line\":1,\"result\":\"refused\",\"problem\":\"line 1 column 29: a member stands in an object twice\"}\n");
}

/* One that is read whole must not take more memory than a node has; the same rows a line each may. */
static void a_large_array_is_refused_and_the_same_as_lines_is_not(void **state)
{
    static const char row[] = "{\"patient_id\":\"7\",\"condition\":\"M54.2\"}";
    const size_t size = (8u << 20) + 1;
    char *text = malloc(size + 1);
    struct folder_host host;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', size);
    text[size] = '\0';
    memcpy(text + 1, row, sizeof row - 1);
    text[0] = '[';
    text[size - 1] = ']';
    refused(
        "a.json", text,
        "{\"line\":1,\"result\":\"refused\",\"problem\":\"an array of over 8 MiB is not taken: write an object a line "
        "(NDJSON), which may be as large as the folder allows\"}\n");
    memset(text, '\n', size);
    memcpy(text, row, sizeof row - 1);
    OPEN(&host, SENDER);
    deliver_text(&host, "a.json", text);
    assert_int_equal(host.count, 1);
    host_answer_all(&host);
    host_close(&host);
    free(text);
}

/* Without a header the first patient's data would be names of columns. */
static void a_file_without_a_header_is_refused_and_not_repeated(void **state)
{
    struct folder_host host;

    (void)state;
    OPEN(&host, SENDER);
    deliver_text(&host, "a.csv", "SECRETNAME,1979-08-22,SECRETNOTE\nB,C,D\n");
    assert_int_equal(host.count, 0);
    assert_true(host.completion->failed);
    assert_non_null(strstr(host_reply(&host), "the first line must name the columns"));
    assert_null(strstr(host_reply(&host), "SECRET"));
    host_close(&host);
}

static void dates_are_read_in_the_configured_order(void **state)
{
    const struct {
        const char *format, *text, *date;
    } cases[] = {{"MM/DD/YYYY", "08/22/1979", "1979-08-22"},
                 {"MM/DD/YYYY", "8/2/1979", "1979-08-02"},
                 {"DD.MM.YYYY", "2.8.1979", "1979-08-02"},
                 {"DD/MM/YYYY", "02/08/1979", "1979-08-02"},
                 {"YYYYMMDD", "19790802", "1979-08-02"},
                 {"YYYY-MM-DD", "1979-08-02T00:00:00Z", "1979-08-02"},
                 {"YYYY-MM-DD", "1979-08-02 00:00", "1979-08-02"},
                 {"MM/DD/YYYY", "22/08/1979", NULL},
                 {"DD.MM.YYYY", "02.08.79", NULL},
                 {"YYYYMMDD", "1979802", NULL},
                 {"YYYY-MM-DD", "1979-08-02x", NULL},
                 {"YYYY-MM-DD", "2023-02-29", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder_host host;
        char text[256];
        OPEN(&host, SENDER, "date_format", cases[i].format);
        snprintf(text, sizeof text, "patient_id,condition,patient_birth_date\n7,M54.2,%s\n", cases[i].text);
        deliver_text(&host, "a.csv", text);
        assert_int_equal(host.count, cases[i].date != NULL);
        if (cases[i].date != NULL)
            assert_string_equal(referral(&host, 0)->patient->birth_date, cases[i].date);
        host_close(&host);
    }
}

static void codes_are_told_from_words(void **state)
{
    const struct {
        const char *text, *system, *code, *words;
    } cases[] = {{"M54.50", "ICD-10-CM", "M54.50", ""},
                 {"low back pain", "", "", "low back pain"},
                 {"M54.50 - Low back pain", "ICD-10-CM", "M54.50", "Low back pain"},
                 {"SNOMED:279039007", "SNOMED", "279039007", ""},
                 {"icd9: 724.2 lumbago", "ICD-9-CM", "724.2", "lumbago"},
                 {"2 weeks of pain", "", "", "2 weeks of pain"},
                 {"neck: pain", "", "", "neck: pain"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct folder_host host;
        char text[256];
        OPEN(&host, SENDER);
        snprintf(text, sizeof text, "patient_id,condition\n7,%s\n", cases[i].text);
        deliver_text(&host, "a.csv", text);
        const Fascia__Code *code = referral(&host, 0)->conditions[0];
        assert_string_equal(code->system, cases[i].system);
        assert_string_equal(code->code, cases[i].code);
        assert_string_equal(code->text, cases[i].words);
        host_close(&host);
    }
}

static void other_character_sets_become_utf8(void **state)
{
    static const char utf16[] = "\xff\xfep\0a\0t\0i\0e\0n\0t\0_\0i\0d\0,\0c\0o\0n\0d\0i\0t\0i\0o\0n\0\n\0"
                                "7\0,\0\xac\x20";
    struct folder_host host;

    (void)state;
    OPEN(&host, SENDER, "character_set", "windows-1252");
    deliver_text(&host, "a.csv", "patient_family_name,condition\nM\xfcller \x80,M54.2\n");
    assert_string_equal(referral(&host, 0)->patient->family_name, "M\xc3\xbcller \xe2\x82\xac");
    host_close(&host);
    OPEN(&host, SENDER, "character_set", "UTF-16");
    host_deliver(&host, "a.csv", utf16, sizeof utf16 - 1);
    assert_string_equal(referral(&host, 0)->conditions[0]->text, "\xe2\x82\xac");
    host_close(&host);
    OPEN(&host, SENDER, "character_set", "windows-1252");
    deliver_text(&host, "a.csv", "patient_family_name,condition\nM\x81ller,M54.2\n");
    assert_string_equal(host_reply(&host), HEAD "1,refused,,,line 2 has bytes that are not of the character set "
                                                "windows-1252 (option character_set)\n");
    host_close(&host);
    OPEN(&host, SENDER);
    deliver_text(&host, "a.csv", "patient_family_name,condition\nM\xfcller,M54.2\nB,M54.2\n");
    assert_int_equal(host.count, 1);
    host_answer_all(&host);
    assert_string_equal(host_reply(&host), HEAD "2,refused,,,line 2 column 2: these bytes are not UTF-8 text\n"
                                                "3,accepted,R100,matching,\n");
    host_close(&host);
}

static void delimiters_are_found_or_configured(void **state)
{
    const char *texts[] = {"patient_id;condition\n7;M54.2\n", "patient_id\tcondition\n7\tM54.2\n",
                           "\xef\xbb\xbfpatient_id|condition\n7|M54.2\n", "\"patient_id\",\"condition\"\r\n7,M54.2"};
    struct folder_host host;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        OPEN(&host, SENDER);
        deliver_text(&host, "a.csv", texts[i]);
        assert_string_equal(referral(&host, 0)->conditions[0]->code, "M54.2");
        host_close(&host);
    }
    OPEN(&host, SENDER, "delimiter", "comma");
    deliver_text(&host, "a.csv", texts[0]);
    assert_int_equal(host.count, 0);
    host_close(&host);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    struct folder_host host;

    (void)state;
    assert_false(host_open(&host, (const char *const[]){SENDER, "columns.Name", "patient.nmae", NULL}));
    assert_non_null(strstr(host.fault, "column 'Name' is mapped to 'patient.nmae', which is no field"));
    host_close(&host);
    assert_false(host_open(&host, (const char *const[]){SENDER, "referrer_npi", "12x", NULL}));
    assert_string_equal(host.fault, "referrer_npi is not ten digits");
    host_close(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_becomes_a_referral),
        cmocka_unit_test(columns_are_mapped_and_others_are_kept),
        cmocka_unit_test(json_objects_are_rows),
        cmocka_unit_test(an_object_a_line_is_read_whatever_the_name),
        cmocka_unit_test(a_cancellation_says_why),
        cmocka_unit_test(a_wrong_cell_is_named_by_its_column),
        cmocka_unit_test(a_file_that_cant_be_read_is_refused_whole),
        cmocka_unit_test(a_file_without_a_header_is_refused_and_not_repeated),
        cmocka_unit_test(dates_are_read_in_the_configured_order),
        cmocka_unit_test(codes_are_told_from_words),
        cmocka_unit_test(a_large_array_is_refused_and_the_same_as_lines_is_not),
        cmocka_unit_test(other_character_sets_become_utf8),
        cmocka_unit_test(delimiters_are_found_or_configured),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
