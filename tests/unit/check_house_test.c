/* The plugins of the house pass the kit with their samples; the kit's own manners. */
#include "kit.h"

static void pass(const char *plugin, const char *options)
{
    char arguments[512], path[512], samples[512], found[512];
    json_t *report = NULL;

    snprintf(arguments, sizeof arguments, "--mutations 120 %s", options);
    snprintf(path, sizeof path, FASCIA_BUILD "/plugins/%s.so", plugin);
    snprintf(samples, sizeof samples, FASCIA_SOURCE "/plugins/%s/samples", plugin);
    report = kit_run(arguments, path, samples, 0);
    assert_string_equal(kit_found(report, found, sizeof found), "");
    assert_string_equal(json_string_value(json_object_get(report, "plugin")), plugin);
    assert_int_equal(json_integer_value(json_object_get(report, "seed")), 1);
    json_decref(report);
}

static void hl7v2_passes(void **state)
{
    (void)state;
    pass("hl7v2", "");
}

static void folder_passes(void **state)
{
    (void)state;
    pass("folder", "");
    pass("folder", "--options " FASCIA_SOURCE "/plugins/folder/samples/check-chiropractor.yaml");
}

static void template_passes(void **state)
{
    (void)state;
    pass("template", "");
}

/* The words that the kit prints, and its exit status. */
static int say(const char *arguments, char *text, size_t room)
{
    char command[1024];
    FILE *kit = NULL;
    size_t size = 0;

    snprintf(command, sizeof command, FASCIA_BUILD "/fascia-plugin-check %s 2>&1", arguments);
    kit = popen(command, "r"); /* NOLINT(cert-env33-c): fixed words of the tests */
    assert_non_null(kit);
    size = fread(text, 1, room - 1, kit);
    text[size] = '\0';
    while (fgetc(kit) != EOF)
        ;
    return WEXITSTATUS(pclose(kit));
}

#define ZOO     FASCIA_BUILD "/tests/check_zoo/"
#define SAMPLES FASCIA_SOURCE "/tests/unit/check_zoo/samples"

static void it_says_how_to_see_a_finding_again(void **state)
{
    char text[65536];

    (void)state;
    assert_int_equal(say("--seed 7 --only verdicts.each " ZOO "forgets_the_refused.so " SAMPLES, text, sizeof text), 1);
    assert_non_null(strstr(text, "FOUND  verdicts.each"));
    assert_non_null(strstr(text, "verdict REFUSED"));
    assert_non_null(strstr(text, "should be"));
    assert_non_null(strstr(text, "fascia-plugin-check --only verdicts.each --seed 7"));
    assert_null(strstr(text, "framing.whole"));
}

static void a_plugin_that_is_refused_is_one_finding(void **state)
{
    char text[65536];

    (void)state;
    assert_int_equal(say(FASCIA_BUILD "/tests/plugin_zoo/wrong_magic.so " SAMPLES, text, sizeof text), 1);
    assert_non_null(strstr(text, "its magic is 0x"));
    assert_non_null(strstr(text, "1 finding in 1 check"));
}

static void what_can_not_be_checked_is_said(void **state)
{
    static const struct {
        const char *arguments, *words;
    } cases[] = {
        {ZOO "good.so", "name the plugin and the folder of its samples"},
        {ZOO "good.so /nowhere", "/nowhere can't be read"},
        {"--only frming " ZOO "good.so " SAMPLES, "no check's name begins so"},
        {"--seed -1 " ZOO "good.so " SAMPLES, "is no whole number"},
        {"--options " FASCIA_SOURCE "/tests/fuzz/corpus/config/tab.yaml " ZOO "good.so " SAMPLES, "tab.yaml"},
        {"--options " FASCIA_SOURCE "/tests/fuzz/corpus/config/sources.yaml " ZOO "good.so " SAMPLES, "is no key here"},
    };
    char text[65536];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(say(cases[i].arguments, text, sizeof text), 2);
        if (strstr(text, cases[i].words) == NULL)
            print_message("%s\n", text);
        assert_non_null(strstr(text, cases[i].words));
    }
}

static void wrong_options_are_told_with_their_line(void **state)
{
    char text[65536];

    (void)state;
    assert_int_equal(
        say("--options " FASCIA_SOURCE "/plugins/hl7v2/samples/check.yaml " ZOO "good.so " SAMPLES, text, sizeof text),
        1);
    assert_non_null(strstr(text, "check.yaml:"));
    assert_non_null(strstr(text, "'senders' is no")); /* lines are folded, by the length of the path too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(template_passes),
        cmocka_unit_test(folder_passes),
        cmocka_unit_test(hl7v2_passes),
        cmocka_unit_test(it_says_how_to_see_a_finding_again),
        cmocka_unit_test(a_plugin_that_is_refused_is_one_finding),
        cmocka_unit_test(what_can_not_be_checked_is_said),
        cmocka_unit_test(wrong_options_are_told_with_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
