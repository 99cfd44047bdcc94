#include "ctl/json.h"
#include "ctl/words.h"
#include "fascia/v1/control.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void expect_text(const ProtobufCMessage *message, enum ctl_json_form form, const char *expected)
{
    json_t *object = ctl_json_write(message, form);
    char *text = json_dumps(object, JSON_COMPACT);

    assert_string_equal(text, expected);
    free(text);
    json_decref(object);
}

static void words_are_lower_case_without_the_types_name(void **state)
{
    char word[64];
    char list[256];
    int value = -1;

    (void)state;
    assert_string_equal(ctl_word(&fascia__state__descriptor, FASCIA__STATE__STATE_NEEDS_INFORMATION, word),
                        "needs-information");
    assert_string_equal(ctl_word(&fascia__visit_mode__descriptor, FASCIA__VISIT_MODE__VISIT_MODE_CLINIC, word),
                        "clinic");
    assert_string_equal(ctl_word(&fascia__visit_ended__how__descriptor, FASCIA__VISIT_ENDED__HOW__NO_SHOW, word),
                        "no-show");
    assert_string_equal(ctl_word(&fascia__state__descriptor, 9999, word), "unknown");
    assert_true(ctl_word_value(&fascia__state__descriptor, "Needs_Information", &value));
    assert_int_equal(value, FASCIA__STATE__STATE_NEEDS_INFORMATION);
    assert_false(ctl_word_value(&fascia__state__descriptor, "needs", &value));
    assert_false(ctl_word_value(&fascia__state__descriptor, "", &value));
    ctl_words(&fascia__gender__descriptor, list, sizeof list);
    assert_string_equal(list, "female, male, other");
}

static void full_json_has_every_number_and_list(void **state)
{
    Fascia__Experience experience = FASCIA__EXPERIENCE__INIT;
    Fascia__OfferRow offer = FASCIA__OFFER_ROW__INIT;

    (void)state;
    expect_text(&experience.base, CTL_JSON_FULL, "{\"condition\":\"\",\"cases\":0}");
    expect_text(&experience.base, CTL_JSON_SPARSE, "{}");
    offer.referral = 12;
    offer.hold_from = INT64_C(1796307300000);
    offer.score = -3;
    expect_text(&offer.base, CTL_JSON_FULL,
                "{\"referral\":12,\"therapist\":\"\",\"therapist_name\":\"\",\"hold_from\":1796307300000,\"hold_to\":0,"
                "\"expires\":0,\"priority\":\"unspecified\",\"conditions\":[],\"techniques\":[],\"score\":-3,"
                "\"time_zone\":\"\"}");
}

static void of_a_oneof_only_what_is_set_appears(void **state)
{
    Fascia__Event event = FASCIA__EVENT__INIT;
    Fascia__Accepted accepted = FASCIA__ACCEPTED__INIT;

    (void)state;
    expect_text(&event.base, CTL_JSON_FULL, "{}");
    event.body_case = FASCIA__EVENT__BODY_ACCEPTED;
    event.accepted = &accepted;
    expect_text(&event.base, CTL_JSON_FULL, "{\"accepted\":{\"therapist\":\"\"}}");
}

static void bytes_are_base64_and_maps_are_objects(void **state)
{
    Fascia__AuditReport report = FASCIA__AUDIT_REPORT__INIT;
    Fascia__Referral referral = FASCIA__REFERRAL__INIT;
    Fascia__Referral__ReplyEntry entry = FASCIA__REFERRAL__REPLY_ENTRY__INIT;
    Fascia__Referral__ReplyEntry *entries[] = {&entry};
    uint8_t bytes[] = {0xff, 0xee, 0xdd, 0x01};
    char key[] = "k";
    char value[] = "v";
    const char *expected[] = {"", "/w==", "/+4=", "/+7d", "/+7dAQ=="};

    (void)state;
    for (size_t size = 0; size <= 4; size++) {
        char text[128];
        report.head = (ProtobufCBinaryData){size, bytes};
        snprintf(text, sizeof text, "{\"entries\":0,\"whole\":false,\"first_bad\":0,\"head\":\"%s\"}", expected[size]);
        expect_text(&report.base, CTL_JSON_FULL, text);
    }
    entry.key = key;
    entry.value = value;
    referral.reply = entries;
    referral.n_reply = 1;
    expect_text(&referral.base, CTL_JSON_SPARSE, "{\"reply\":{\"k\":\"v\"}}");
}

static void text_that_is_not_utf8_is_still_shown(void **state)
{
    Fascia__Accepted accepted = FASCIA__ACCEPTED__INIT;
    char bad[] = "\xff";

    (void)state;
    accepted.therapist = bad;
    expect_text(&accepted.base, CTL_JSON_FULL, "{\"therapist\":\"(text that is not UTF-8)\"}");
}

static bool reads(const char *text, Fascia__Therapist **therapist, struct fault *fault)
{
    json_t *object = json_loads(text, 0, NULL);
    bool good;

    assert_non_null(object);
    *therapist = calloc(1, sizeof **therapist);
    fascia__therapist__init(*therapist);
    good = ctl_json_read(object, &(*therapist)->base, fault);
    json_decref(object);
    return good;
}

static void what_is_written_reads_back(void **state)
{
    const char *text =
        "{\"identifier\":\"1\",\"gender\":\"other\",\"licences\":[{\"jurisdiction\":\"US-KY\",\"status\":"
        "\"pending\"}],\"techniques\":[\"a\",\"b\"],\"places\":[{\"position\":{\"latitude\":-1,"
        "\"longitude\":2}}],\"visit_modes\":[\"home\",\"remote\"],\"capacity\":4294967295,"
        "\"not_accepting\":true}";
    Fascia__Therapist *therapist = NULL;
    struct fault fault = {{0}};

    (void)state;
    assert_true(reads(text, &therapist, &fault));
    assert_int_equal(therapist->n_visit_modes, 2);
    assert_int_equal(therapist->visit_modes[1], FASCIA__VISIT_MODE__VISIT_MODE_REMOTE);
    assert_int_equal(therapist->places[0]->position->latitude, -1);
    expect_text(&therapist->base, CTL_JSON_SPARSE, text);
    fascia__therapist__free_unpacked(therapist, NULL);
}

static void what_does_not_fit_is_refused_with_its_path(void **state)
{
    const struct {
        const char *text, *fault;
    } cases[] = {
        {"{\"name\":7}", "name: must be text"},
        {"{\"nmae\":\"x\"}", "nmae: there is no such member"},
        {"{\"capacity\":-1}", "capacity: must be from 0 to 4294967295"},
        {"{\"capacity\":4294967296}", "capacity: must be from 0 to 4294967295"},
        {"{\"capacity\":1.5}", "capacity: must be a whole number"},
        {"{\"gender\":\"x\"}", "gender: must be one of female, male, other"},
        {"{\"not_accepting\":\"yes\"}", "not_accepting: must be true or false"},
        {"{\"techniques\":\"a\"}", "techniques: must be a list in [ ]"},
        {"{\"techniques\":[3]}", "techniques[1]: must be text"},
        {"{\"techniques\":[\"a\",3]}", "techniques[2]: must be text"},
        {"{\"visit_modes\":[\"boat\"]}", "visit_modes[1]: must be one of clinic, home, remote"},
        {"{\"places\":[{},{\"postcode\":\"1\"}]}", "places[2].postcode: there is no such member"},
        {"{\"places\":[7]}", "places[1]: must be an object"},
        {"{\"places\":[{\"position\":{\"latitude\":\"x\"}}]}", "places[1].position.latitude: must be a whole number"},
        {"{\"exceptions\":[{\"hours\":[{\"weekday\":-1}]}]}",
         "exceptions[1].hours[1].weekday: must be from 0 to 4294967295"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Fascia__Therapist *therapist = NULL;
        struct fault fault = {{0}};
        assert_false(reads(cases[i].text, &therapist, &fault));
        assert_string_equal(fault.text, cases[i].fault);
        fascia__therapist__free_unpacked(therapist, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_lower_case_without_the_types_name),
        cmocka_unit_test(full_json_has_every_number_and_list),
        cmocka_unit_test(of_a_oneof_only_what_is_set_appears),
        cmocka_unit_test(bytes_are_base64_and_maps_are_objects),
        cmocka_unit_test(text_that_is_not_utf8_is_still_shown),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(what_does_not_fit_is_refused_with_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
