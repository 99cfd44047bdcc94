#include "core/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_names[] = {"conditions.csv",  "categories.csv",    "techniques.csv",
                                          "words.csv",       "cautions.csv",      "flags.csv",
                                          "professions.csv", "jurisdictions.csv", "places.csv"};

static struct codes *shipped;

static void load_file(struct codes *codes, const char *table)
{
    struct fault fault = {{0}};
    char path[512];
    uint8_t *bytes;
    long size;
    FILE *file;

    snprintf(path, sizeof path, "%s/deploy/tables/%s", FASCIA_SOURCE, table);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    bytes = malloc((size_t)size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
    fclose(file);
    if (!codes_load(codes, table, path, bytes, (size_t)size, &fault))
        fail_msg("%s", fault.text);
    free(bytes);
}

static int load_shipped(void **state)
{
    struct fault fault = {{0}};

    (void)state;
    shipped = codes_create();
    for (size_t i = 0; i < sizeof table_names / sizeof *table_names; i++)
        load_file(shipped, table_names[i]);
    if (!codes_finish(shipped, &fault))
        fail_msg("%s", fault.text);
    codes_set_home(shipped, "US");
    return 0;
}

static int drop_shipped(void **state)
{
    (void)state;
    codes_destroy(shipped);
    return 0;
}

static Fascia__Code code_of(const char *system, const char *code, const char *text)
{
    Fascia__Code made = FASCIA__CODE__INIT;

    made.system = (char *)(uintptr_t)system;
    made.code = (char *)(uintptr_t)code;
    made.text = (char *)(uintptr_t)text;
    return made;
}

static struct codes_condition condition_of(const char *system, const char *code, const char *text)
{
    Fascia__Code made = code_of(system, code, text);

    return codes_condition(shipped, &made);
}

static const char *technique_of(const char *system, const char *code, const char *text)
{
    Fascia__Code made = code_of(system, code, text);

    return codes_technique(shipped, &made);
}

static void assert_category(const char *code, const char *category)
{
    struct codes_condition condition = condition_of("ICD-10-CM", code, "");

    if (condition.category == NULL || strcmp(condition.category, category) != 0)
        fail_msg("%s is %s, not %s", code, condition.category == NULL ? "unknown" : condition.category, category);
}

static void every_code_of_the_field_gives_its_category(void **state)
{
    static const struct {
        const char *category, *codes[12];
    } facts[] = {
        {"back-pain",
         {"M54.50", "M54.51", "M54.59", "M54.6", "M54.16", "M54.41", "M54.42", "M51.16", "M47.816", "S39.012A"}},
        {"neck-pain", {"M54.2", "M54.12", "S13.4XXA", "S16.1XXA"}},
        {"arthritis", {"M16.10", "M16.12", "M17.0", "M17.11", "M17.12", "M25.611", "M25.661", "M75.01", "M19.90"}},
        {"sports-injury", {"M77.11", "M76.61", "M76.51", "M76.31", "M75.41", "M72.2", "S46.011A", "S93.401A"}},
        {"post-surgical", {"Z47.1", "Z47.89", "Z96.641", "Z96.651"}},
        {"fibromyalgia", {"M79.7", "G93.32", "R53.82", "M79.18", "M62.838"}},
        {"headache", {"G43.909", "G43.1", "G44.209", "G44.221"}},
        {"repetitive-strain", {"G56.00", "G56.01", "G56.02", "G56.03", "G56.21", "M65.4"}},
        {"lymphoedema", {"I89.0", "R60.0", "I97.2"}},
        {"stress-tension", {"F43.0", "F43.22"}}};

    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        assert_true(codes_known_category(shipped, facts[i].category));
        for (size_t j = 0; j < 12 && facts[i].codes[j] != NULL; j++)
            assert_category(facts[i].codes[j], facts[i].category);
    }
}

static void withdrawn_codes_are_taken_with_a_note(void **state)
{
    static const char *const withdrawn[] = {"M54.5", "M79.1", "M51.36", "m545"};

    (void)state;
    for (size_t i = 0; i < sizeof withdrawn / sizeof *withdrawn; i++) {
        struct codes_condition condition = condition_of("ICD-10-CM", withdrawn[i], "");
        assert_non_null(condition.category);
        assert_non_null(condition.note);
        assert_non_null(strstr(condition.note, "withdrawn"));
    }
    assert_null(condition_of("ICD-10-CM", "M54.50", "").note);
}

static void codes_match_without_dots_and_case_and_by_the_names_senders_give_their_systems(void **state)
{
    static const char *const systems[] = {"I10", "ICD10", "icd-10-cm", "http://hl7.org/fhir/sid/icd-10-cm", ""};

    (void)state;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        assert_string_equal(condition_of(systems[i], "m5450", "").category, "back-pain");
    assert_string_equal(condition_of("SCT", "279039007", "").category, "back-pain");
    assert_string_equal(condition_of("I9C", "724.2", "").category, "back-pain");
    assert_string_equal(condition_of("", "724.2", "").category, "back-pain");
}

static void a_code_means_something_in_its_own_system_only(void **state)
{
    (void)state;
    assert_null(condition_of("SCT", "M54.50", "").category);
    assert_null(condition_of("LOINC", "M54.50", "").category);
    assert_null(condition_of("SCT", "2790390071", "").category); /* no prefixes in SNOMED */
    assert_null(condition_of("ICD-10-CM", "M5", "").category);
    assert_null(condition_of("ICD-10-CM", "", "").category);
}

static void conditions_are_read_from_free_text(void **state)
{
    static const struct {
        const char *text, *category;
    } facts[] = {{"Low back pain", "back-pain"},
                 {"chronic LOW-BACK  pain, 3 months", "back-pain"},
                 {"tension headache", "headache"},
                 {"Frozen shoulder (L)", "arthritis"},
                 {"plantar fasciitis", "sports-injury"},
                 {"whiplash after MVA", "neck-pain"},
                 {"carpal tunnel syndrome", "repetitive-strain"},
                 {"Lymphedema", "lymphoedema"},
                 {"lymphoedema of the arm", "lymphoedema"},
                 {"golfer\u2019s elbow", "sports-injury"},
                 {"back-pain", "back-pain"},
                 {"no neck pain, but low back pain", "back-pain"}};

    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct codes_condition condition = condition_of("", "", facts[i].text);
        assert_non_null(condition.category);
        assert_string_equal(condition.category, facts[i].category);
    }
    assert_null(condition_of("", "", "backpack").category);
    assert_null(condition_of("", "", "").category);
    assert_non_null(condition_of("ICD-10-CM", "Q99.9", "low back pain").note);
}

static void techniques_are_known_by_name_word_and_code(void **state)
{
    (void)state;
    assert_string_equal(technique_of("", "deep-tissue", ""), "deep-tissue");
    assert_string_equal(technique_of("", "sports", ""), "sports");
    assert_string_equal(technique_of("L", "MLD", ""), "manual-lymphatic-drainage");
    assert_string_equal(technique_of("CPT", "97140", "Lymph drainage"), "manual-lymphatic-drainage");
    assert_string_equal(technique_of("", "", "Deep-tissue massage, 60 min"), "deep-tissue");
    assert_null(technique_of("", "", "massage for a sports injury"));
    assert_null(technique_of("", "", "massage, no deep tissue please"));
    assert_null(technique_of("CPT", "97124", "massage"));
    assert_null(technique_of("ICD-10-CM", "MLD", ""));
}

static void massage_of_no_special_kind_is_general(void **state)
{
    Fascia__Code general[] = {code_of("CPT", "97124", ""), code_of("C4", "97140-59", ""),
                              code_of("", "", "Massage therapy x 6")};
    Fascia__Code special = code_of("CPT", "97140", "myofascial release");
    Fascia__Code other = code_of("CPT", "97110", "exercise");

    (void)state;
    for (size_t i = 0; i < sizeof general / sizeof *general; i++)
        assert_true(codes_is_general(shipped, &general[i]));
    assert_false(codes_is_general(shipped, &special));
    assert_false(codes_is_general(shipped, &other));
}

static void techniques_and_categories_imply_certifications(void **state)
{
    const char *const *lymphatic = codes_technique_certifications(shipped, "manual-lymphatic-drainage");
    const char *const *category = codes_category_certifications(shipped, "lymphoedema");
    const char *const *prenatal = codes_technique_certifications(shipped, "prenatal");

    (void)state;
    assert_string_equal(lymphatic[0], "CLT");
    assert_string_equal(lymphatic[1], "CLT-LANA");
    assert_null(lymphatic[2]);
    assert_string_equal(category[0], "CLT");
    assert_string_equal(category[1], "CLT-LANA");
    assert_null(category[2]);
    assert_string_equal(prenatal[0], "PRENATAL");
    assert_null(codes_technique_certifications(shipped, "deep-tissue")[0]);
    assert_null(codes_technique_certifications(shipped, "unheard-of")[0]);
    assert_string_equal(codes_category_techniques(shipped, "lymphoedema")[0], "manual-lymphatic-drainage");
    assert_string_equal(codes_label(shipped, "deep-tissue"), "Deep tissue massage");
    assert_string_equal(codes_label(shipped, "unheard-of"), "unheard-of");
}

static void flags_come_from_codes_and_words(void **state)
{
    Fascia__Code clot = code_of("ICD-10-CM", "I82.401", ""), word = code_of("", "", "on warfarin"),
                 named = code_of("", "cauda-equina", ""), denied = code_of("", "", "no pacemaker"),
                 backache = code_of("ICD-10-CM", "M54.50", "low back pain");

    (void)state;
    assert_string_equal(codes_flag(shipped, &clot), "suspected-dvt");
    assert_string_equal(codes_flag(shipped, &word), "anticoagulants");
    assert_string_equal(codes_flag(shipped, &named), "cauda-equina");
    assert_null(codes_flag(shipped, &denied));
    assert_null(codes_flag(shipped, &backache));
}

static void flags_are_found_in_text_unless_simply_negated(void **state)
{
    static const struct {
        const char *text, *flag; /* the only flag expected; NULL: none */
    } facts[] = {{"Patient has FEVER.", "fever"},
                 {"fever", "fever"},
                 {"feverfew tea", NULL},
                 {"no fever", NULL},
                 {"No fever or DVT.", NULL},
                 {"Denies saddle numbness.", NULL},
                 {"denies fever, DVT or saddle numbness", NULL},
                 {"denies any history of DVT", NULL},
                 {"without evidence of DVT", NULL},
                 {"Negative for DVT", NULL},
                 {"DVT was ruled out by ultrasound", NULL},
                 {"DVT has been excluded", NULL},
                 {"Ruled out DVT", NULL},
                 {"Saddle numbness: No", NULL},
                 {"Fever: none\nDVT: negative. Pacemaker: N; on warfarin: no", NULL},
                 {"not pregnant, not on warfarin", NULL},
                 {"saddle\nnumbness", "cauda-equina"},
                 {"warfarin 5 mg", "anticoagulants"},
                 {"takes Eliquis\u00ae", "anticoagulants"},
                 /* what looks like a negation and is none, or may be none */
                 {"rule out DVT", "suspected-dvt"},
                 {"DVT not ruled out", "suspected-dvt"},
                 {"DVT has not been ruled out", "suspected-dvt"},
                 {"DVT to be ruled out", "suspected-dvt"},
                 {"begin once DVT has been ruled out", "suspected-dvt"},
                 {"DVT ruled out?", "suspected-dvt"},
                 {"no fever?", "fever"},
                 {"no improvement, now has fever", "fever"},
                 {"No change. Fever since Monday", "fever"},
                 {"Pain: no\nFever since Monday", "fever"},
                 {"no chills but fever", "fever"},
                 {"no pain or fever", "fever"},
                 {"not without fever", "fever"},
                 {"cannot rule out DVT", "suspected-dvt"},
                 {"denies pregnancy, fever since Monday", "fever"},
                 {"no DVT, saddle numbness since Monday", "cauda-equina"},
                 {"no longer febrile", "fever"},
                 {"fever: no change", "fever"},
                 {"fever: no?", "fever"},
                 {"fever no", "fever"},
                 {"fever:\nno", "fever"},
                 {"fever: no, since Monday yes", "fever"},
                 {"Fever: yes\nDVT: no", "fever"},
                 {"denies DVT; fever", "fever"},
                 {"no fever. Later: fever", "fever"},
                 {"", NULL},
                 {"...,,,;;;\xc2\xa0\xe2\x80", NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const char *flags[4] = {NULL};
        size_t count = codes_flags_in_text(shipped, facts[i].text, flags, 4);
        if (count != (facts[i].flag != NULL) || (count == 1 && strcmp(flags[0], facts[i].flag) != 0))
            fail_msg("%s: %zu flags, the first %s", facts[i].text, count, flags[0] == NULL ? "none" : flags[0]);
    }
}

static void several_flags_come_once_each_in_order_and_no_more_than_there_is_room(void **state)
{
    const char *flags[2];

    (void)state;
    assert_int_equal(codes_flags_in_text(shipped, "Fever, then saddle numbness, fever, on warfarin", flags, 2), 3);
    assert_string_equal(flags[0], "fever");
    assert_string_equal(flags[1], "cauda-equina");
}

static void a_flag_is_found_wherever_it_stands_in_a_long_text(void **state)
{
    static const char filler[] = "walks daily and sleeps well, ", wanted[] = "has saddle numbness",
                      not_wanted[] = "denies saddle numbness";
    size_t length = sizeof filler - 1;
    char *text = malloc(length * 200 + 64);

    (void)state;
    assert_non_null(text);
    for (size_t before = 0; before < 200; before++) {
        const char *flags[1];
        for (size_t i = 0; i < before; i++)
            memcpy(text + i * length, filler, length + 1);
        strcpy(text + before * length, wanted);
        assert_int_equal(codes_flags_in_text(shipped, text, flags, 1), 1);
        strcpy(text + before * length, not_wanted);
        assert_int_equal(codes_flags_in_text(shipped, text, flags, 1), 0);
    }
    memset(text, 'x', length * 200); /* one word without end */
    strcpy(text + length * 200, " fever");
    assert_int_equal(codes_flags_in_text(shipped, text, NULL, 0), 1);
    free(text);
}

static void the_severest_rule_that_applies_wins(void **state)
{
    struct codes_caution caution = codes_caution(shipped, "suspected-dvt", NULL, "back-pain", 40);

    (void)state;
    assert_int_equal(caution.action, CODES_STOP);
    assert_string_equal(caution.flag, "suspected-dvt");
    assert_int_equal(codes_caution(shipped, "anticoagulants", "deep-tissue", NULL, 40).action, CODES_AVOID);
    assert_int_equal(codes_caution(shipped, "anticoagulants", "medical-massage", NULL, 40).action, CODES_NOTHING);
    assert_int_equal(codes_caution(shipped, "anticoagulants", NULL, NULL, 40).action, CODES_AVOID);
    assert_int_equal(codes_caution(shipped, "pregnancy", "deep-tissue", NULL, 30).action, CODES_CLEARANCE);
    assert_int_equal(codes_caution(shipped, "unheard-of", NULL, NULL, 30).action, CODES_NOTHING);
}

static void a_rule_with_an_age_holds_from_that_age_and_when_it_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(codes_caution(shipped, "new-headache", NULL, NULL, 49).action, CODES_NOTHING);
    assert_int_equal(codes_caution(shipped, "new-headache", NULL, NULL, 50).action, CODES_STOP);
    assert_int_equal(codes_caution(shipped, "new-headache", NULL, NULL, -1).action, CODES_STOP);
    assert_int_equal(codes_caution(shipped, "thunderclap-headache", NULL, NULL, 20).action, CODES_STOP);
}

static void every_stop_and_clearance_of_the_field_has_its_rule(void **state)
{
    static const char *const stops[] = {
        "suspected-dvt",        "fever",       "systemic-infection", "cauda-equina",       "neurological-deficit",
        "thunderclap-headache", "weight-loss", "night-pain",         "suspected-fracture", "uncontrolled-hypertension",
        "acute-organ-failure"};
    static const char *const clearances[] = {"pregnancy",  "recent-surgery", "active-cancer", "removed-lymph-nodes",
                                             "open-wound", "skin-infection", "pacemaker"};
    static const char *const avoided[] = {"anticoagulants", "bleeding-disorder", "osteoporosis", "diabetic-neuropathy"};

    (void)state;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
        assert_int_equal(codes_caution(shipped, stops[i], "medical-massage", "back-pain", 60).action, CODES_STOP);
    for (size_t i = 0; i < sizeof clearances / sizeof *clearances; i++)
        assert_int_equal(codes_caution(shipped, clearances[i], "medical-massage", "arthritis", 60).action,
                         CODES_CLEARANCE);
    for (size_t i = 0; i < sizeof avoided / sizeof *avoided; i++)
        assert_int_equal(codes_caution(shipped, avoided[i], "deep-tissue", "back-pain", 60).action, CODES_AVOID);
}

static void roles_and_who_treats_go_by_taxonomy(void **state)
{
    static const struct {
        const char *taxonomy;
        Fascia__Role role;
        bool treats;
    } facts[] = {{"207Q00000X", FASCIA__ROLE__ROLE_PHYSICIAN, false},
                 {"208100000X", FASCIA__ROLE__ROLE_PHYSICIAN, false},
                 {"207QS0010X", FASCIA__ROLE__ROLE_PHYSICIAN, false},
                 {"111N00000X", FASCIA__ROLE__ROLE_CHIROPRACTOR, true},
                 {"225100000X", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST, true},
                 {"2251X0800X", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST, true},
                 {"225200000x", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST, true},
                 {"225700000X", FASCIA__ROLE__ROLE_UNSPECIFIED, true},
                 {"225X00000X", FASCIA__ROLE__ROLE_UNSPECIFIED, true},
                 {"171100000X", FASCIA__ROLE__ROLE_UNSPECIFIED, true},
                 {"363L00000X", FASCIA__ROLE__ROLE_UNSPECIFIED, false},
                 {"", FASCIA__ROLE__ROLE_UNSPECIFIED, false}};

    (void)state;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        assert_int_equal(codes_role(shipped, facts[i].taxonomy), facts[i].role);
        assert_int_equal(codes_treats(shipped, facts[i].taxonomy), facts[i].treats);
    }
}

static void jurisdictions_are_found_as_senders_write_them(void **state)
{
    (void)state;
    assert_string_equal(codes_jurisdiction(shipped, "", "KY"), "US-KY");
    assert_string_equal(codes_jurisdiction(shipped, "USA", "ky"), "US-KY");
    assert_string_equal(codes_jurisdiction(shipped, "us", "Kentucky"), "US-KY");
    assert_string_equal(codes_jurisdiction(shipped, "CAN", "British Columbia"), "CA-BC");
    assert_string_equal(codes_jurisdiction(shipped, "AUS", "TAS"), "AU-TAS");
    assert_null(codes_jurisdiction(shipped, "", ""));
    assert_null(codes_jurisdiction(shipped, "", "TAS"));
    assert_null(codes_jurisdiction(shipped, "ZZ", "KY"));
    assert_true(codes_licence_required(shipped, "US-KY"));
    assert_false(codes_licence_required(shipped, "US-KS"));
    assert_true(codes_licence_required(shipped, "CA-PE"));
    assert_false(codes_licence_required(shipped, "CA-AB"));
    assert_false(codes_licence_required(shipped, "AU-TAS"));
    assert_true(codes_licence_required(shipped, "XX-YY"));
}

static void places_are_found_by_postal_code(void **state)
{
    static const char *const written[] = {"40202", "40202-1234", "402021234", " 40202 "};
    struct codes_place place;

    (void)state;
    assert_true(codes_place_count(shipped) > 33000);
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        assert_true(codes_place(shipped, "US", written[i], &place));
        assert_in_range(place.latitude, 38200000, 38300000);
        assert_in_range(-place.longitude, 85700000, 85800000);
        assert_string_equal(place.zone, "America/Kentucky/Louisville");
    }
    assert_true(codes_place(shipped, "", "86503", &place));
    assert_string_equal(place.zone, "");
    assert_false(codes_place(shipped, "US", "4020", &place));
    assert_false(codes_place(shipped, "US", "40202123", &place));
    assert_false(codes_place(shipped, "US", "", &place));
    assert_false(codes_place(shipped, "CA", "40202", &place));
}

static void npi_numbers_have_their_check_digit(void **state)
{
    (void)state;
    assert_true(codes_npi_valid("1234567893")); /* the standard's own example */
    assert_false(codes_npi_valid("1234567890"));
    assert_false(codes_npi_valid("123456789"));
    assert_false(codes_npi_valid("12345678931"));
    assert_false(codes_npi_valid("123456789x"));
    assert_false(codes_npi_valid(""));
}

static void assert_refused(const char *table, const char *text, const char *expected)
{
    struct codes *codes = codes_create();
    struct fault fault = {{0}};

    assert_false(codes_load(codes, table, "some/file", (const uint8_t *)text, strlen(text), &fault));
    if (strstr(fault.text, expected) == NULL)
        fail_msg("the fault is \"%s\", not \"%s\"", fault.text, expected);
    codes_destroy(codes);
}

static void faults_name_file_line_and_column(void **state)
{
    (void)state;
    assert_refused("nothing.csv", "", "no code table has this name");
    assert_refused("words.csv", "", "some/file: the file has no header line");
    assert_refused("words.csv", "kind,code\n", "some/file: line 1 column 6: this column of the header must be 'word'");
    assert_refused("words.csv", "kind,word,code,more\n", "line 1 column 16: the header has more columns");
    assert_refused("words.csv", "# why\nkind,word,code\n\nflag,x\n", "line 4 column 6: the row has 2 fields");
    assert_refused("words.csv", "kind,word,code\nsign,x,y\n",
                   "line 2 column 1: must be one of: technique, procedure, condition, flag");
    assert_refused("words.csv", "kind,word,code\nflag,a b c d e f g h i,y\n", "line 2 column 6: must be 1 to 8 words");
    assert_refused("words.csv", "kind,word,code\nflag,x,y\nflag,X,z\n", "line 3 column 6: the same words");
    assert_refused("words.csv", "kind,word,code\nflag,\"x\nflag,y,z\n", "some/file: line 2");
    assert_refused("words.csv", "kind,word,code\nflag,\xff,z\n", "some/file: line 2 column 6");
    assert_refused("conditions.csv", "system,prefix,category,note\nICD-11,M54,x,\n", "line 2 column 1: must be one of");
    assert_refused("conditions.csv", "system,prefix,category,note\nICD-10-CM,..,x,\n", "line 2 column 11: a code");
    assert_refused("conditions.csv", "system,prefix,category,note\nICD-10-CM,M5,x,\nI10,m.5,x,\n",
                   "line 3 column 5: the code has a row already");
    assert_refused("conditions.csv", "system,prefix,category,note\nICD-10-CM,M5,Back pain,\n",
                   "line 2 column 14: a name");
    assert_refused("categories.csv", "category,label,techniques,certifications\nx,X,a;;b,\n",
                   "line 2 column 5: a list");
    assert_refused("cautions.csv", "flag,technique,category,action,text,not_before_age\nx,*,*,halt,t,\n",
                   "line 2 column 7: must be one of: avoid, clearance, stop");
    assert_refused("cautions.csv", "flag,technique,category,action,text,not_before_age\nx,*,*,stop,t,old\n",
                   "line 2 column 14: must be empty or an age");
    assert_refused("flags.csv", "flag,label,system,prefix\nx,X,,\nx,Y,,\n",
                   "line 3 column 3: the flag has another label");
    assert_refused("places.csv", "country,postal_code,latitude,longitude,zone\nUS,1,91,0,\n",
                   "line 2 column 6: a latitude");
    assert_refused("places.csv", "country,postal_code,latitude,longitude,zone\nUS,1,9,-180.1,\n",
                   "line 2 column 8: a longitude");
    assert_refused("places.csv", "country,postal_code,latitude,longitude,zone\nUS,1 2,9,1,\nus,12,9,1,\n",
                   "line 3 column 4: the postal code has a row already");
    assert_refused("jurisdictions.csv", "country,state,jurisdiction,licence\nUS,KY,US-KY,maybe\n",
                   "line 2 column 13: must be one of: none, required");
    assert_refused("jurisdictions.csv",
                   "country,state,jurisdiction,licence\nUS,KY,US-KY,none\nUS,Kentucky,US-KY,required\n",
                   "line 3 column 19: a row before says otherwise");
}

static void assert_does_not_fit(const char *table, const char *text, const char *expected)
{
    struct codes *codes = codes_create();
    struct fault fault = {{0}};

    assert_true(codes_load(codes, table, table, (const uint8_t *)text, strlen(text), &fault));
    assert_false(codes_finish(codes, &fault));
    assert_string_equal(fault.text, expected);
    codes_destroy(codes);
}

static void tables_that_do_not_fit_each_other_are_refused(void **state)
{
    (void)state;
    assert_does_not_fit("conditions.csv", "system,prefix,category,note\nICD-10-CM,M54,back,\n",
                        "conditions.csv: line 2 column 15: the category is not in categories.csv");
    assert_does_not_fit("categories.csv", "category,label,techniques,certifications\nback,Back,deep,\n",
                        "categories.csv: line 2 column 11: a technique of the list is not in techniques.csv");
    assert_does_not_fit("words.csv", "kind,word,code\nprocedure,97124,general\nflag,hot,fever\n",
                        "words.csv: line 3 column 10: the code is not in flags.csv");
    assert_does_not_fit("cautions.csv", "flag,technique,category,action,text,not_before_age\nfever,*,*,stop,No.,\n",
                        "cautions.csv: line 2 column 1: the flag is not in flags.csv");
}

static void a_table_is_given_once(void **state)
{
    static const char text[] = "kind,word,code\n";
    struct codes *codes = codes_create();
    struct fault fault;

    (void)state;
    assert_true(codes_load(codes, "words.csv", "one", (const uint8_t *)text, strlen(text), &fault));
    assert_false(codes_load(codes, "words.csv", "two", (const uint8_t *)text, strlen(text), &fault));
    assert_string_equal(fault.text, "two: this table was read already, from one");
    codes_destroy(codes);
}

static void a_cpt_code_that_one_technique_has_stands_for_it(void **state)
{
    static const char text[] = "technique,label,certifications,cpt\na,A,,97124;97139\nb,B,,97124\nc,C,,97124\n";
    Fascia__Code shared = code_of("CPT", "97124", ""), own = code_of("CPT", "97139", "");
    struct codes *codes = codes_create();
    struct fault fault;

    (void)state;
    assert_true(codes_load(codes, "techniques.csv", "t", (const uint8_t *)text, strlen(text), &fault));
    assert_true(codes_finish(codes, &fault));
    assert_null(codes_technique(codes, &shared));
    assert_string_equal(codes_technique(codes, &own), "a");
    codes_destroy(codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_of_the_field_gives_its_category),
        cmocka_unit_test(withdrawn_codes_are_taken_with_a_note),
        cmocka_unit_test(codes_match_without_dots_and_case_and_by_the_names_senders_give_their_systems),
        cmocka_unit_test(a_code_means_something_in_its_own_system_only),
        cmocka_unit_test(conditions_are_read_from_free_text),
        cmocka_unit_test(techniques_are_known_by_name_word_and_code),
        cmocka_unit_test(massage_of_no_special_kind_is_general),
        cmocka_unit_test(techniques_and_categories_imply_certifications),
        cmocka_unit_test(flags_come_from_codes_and_words),
        cmocka_unit_test(flags_are_found_in_text_unless_simply_negated),
        cmocka_unit_test(several_flags_come_once_each_in_order_and_no_more_than_there_is_room),
        cmocka_unit_test(a_flag_is_found_wherever_it_stands_in_a_long_text),
        cmocka_unit_test(the_severest_rule_that_applies_wins),
        cmocka_unit_test(a_rule_with_an_age_holds_from_that_age_and_when_it_is_unknown),
        cmocka_unit_test(every_stop_and_clearance_of_the_field_has_its_rule),
        cmocka_unit_test(roles_and_who_treats_go_by_taxonomy),
        cmocka_unit_test(jurisdictions_are_found_as_senders_write_them),
        cmocka_unit_test(places_are_found_by_postal_code),
        cmocka_unit_test(npi_numbers_have_their_check_digit),
        cmocka_unit_test(faults_name_file_line_and_column),
        cmocka_unit_test(tables_that_do_not_fit_each_other_are_refused),
        cmocka_unit_test(a_table_is_given_once),
        cmocka_unit_test(a_cpt_code_that_one_technique_has_stands_for_it)};
    return cmocka_run_group_tests(tests, load_shipped, drop_shipped);
}
