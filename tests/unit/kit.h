/* Runs fascia-plugin-check as its users do, and reads its report. */
#ifndef FASCIA_TESTS_KIT_H
#define FASCIA_TESTS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <jansson.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KIT_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(KIT_SANITIZED)
#define KIT_HAS_SANITIZER true
#else
#define KIT_HAS_SANITIZER false
#endif

/* The report of --json, whose exit status was this one. */
static inline json_t *kit_run(const char *arguments, const char *plugin, const char *samples, int status)
{
    char command[2048];
    json_error_t error;
    json_t *report = NULL;
    FILE *kit = NULL;
    int ended = 0;

    snprintf(command, sizeof command, FASCIA_BUILD "/fascia-plugin-check --json %s '%s' '%s'", arguments, plugin,
             samples);
    kit = popen(command, "r"); /* NOLINT(cert-env33-c): fixed words of the tests */
    assert_non_null(kit);
    report = json_loadf(kit, 0, &error);
    ended = pclose(kit);
    assert_true(WIFEXITED(ended));
    if (report == NULL)
        print_message("no report: %s\n", error.text);
    else if (WEXITSTATUS(ended) != status)
        json_dumpf(report, stderr, JSON_INDENT(2));
    assert_non_null(report);
    assert_int_equal(WEXITSTATUS(ended), status);
    return report;
}

/* The names of the checks that found something. */
static inline const char *kit_found(const json_t *report, char *names, size_t room)
{
    size_t index = 0;
    json_t *row = NULL;

    names[0] = '\0';
    json_array_foreach(json_object_get(report, "checks"), index, row)
    {
        if (json_array_size(json_object_get(row, "findings")) > 0)
            snprintf(names + strlen(names), room - strlen(names), "%s ",
                     json_string_value(json_object_get(row, "name")));
    }
    return names;
}

/* A finding of that check whose quotation holds says; NULL: any. */
static inline const json_t *kit_finding(const json_t *report, const char *check, const char *says)
{
    size_t index = 0, at = 0;
    json_t *row = NULL, *finding = NULL;

    json_array_foreach(json_object_get(report, "checks"), index, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "name")), check) != 0)
            continue;
        json_array_foreach(json_object_get(row, "findings"), at, finding)
        {
            const char *should = json_string_value(json_object_get(finding, "should_be"));
            if (says == NULL || strstr(should, says) != NULL)
                return finding;
            print_message("another finding of %s: %s\n", check, json_string_value(json_object_get(finding, "came")));
        }
    }
    return NULL;
}

#endif
