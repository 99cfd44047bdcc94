#include "check/child.h"
#include "check/report.h"
#include "core/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void check_list(FILE *out)
{
    for (size_t i = 0; i < check_kind_count; i++)
        fprintf(out, "%-22s %s\n", check_kinds[i].name, check_kinds[i].help);
}

/* Whether one of the words is how the name begins. */
static bool is_wanted(const char *only, const char *name)
{
    for (const char *at = only; at != NULL && *at != '\0';) {
        size_t size = strcspn(at, ",");
        if (size > 0 && strncmp(name, at, size) == 0)
            return true;
        at += size + (at[size] == ',');
    }
    return only == NULL;
}

static bool any_is_wanted(const char *only)
{
    for (size_t i = 0; i < check_kind_count; i++)
        if (is_wanted(only, check_kinds[i].name))
            return true;
    return false;
}

/* The loader takes absolute paths only; an author names the file beside them. */
static char *absolute(const char *path)
{
    char *directory = NULL, *whole = NULL;
    size_t size = 0;

    if (path[0] == '/' || (directory = getcwd(NULL, 0)) == NULL)
        return memory_text(path);
    size = strlen(directory) + strlen(path) + 2;
    whole = memory_allocate(size, 1);
    snprintf(whole, size, "%s/%s", directory, path);
    free(directory);
    return whole;
}

static uint64_t choose_seed(uint64_t seed)
{
    uint32_t chosen = 0;

    if (seed != 0)
        return seed;
    /* Short enough to be typed again. */
    if (getentropy(&chosen, sizeof chosen) != 0)
        chosen = (uint32_t)getpid();
    return chosen == 0 ? 1 : chosen;
}

static void progress(FILE *out, const char *name)
{
    fprintf(out, "\r%-40s\r%s%s", "", name != NULL ? "checking " : "", name != NULL ? name : "");
    (void)fflush(out);
}

static void run_all(const struct check_settings *settings, const struct check_samples *samples,
                    struct check_report *report, FILE *notes)
{
    bool loads = true;

    for (size_t i = 0; i < check_kind_count; i++) {
        /* What can't be loaded can't be checked further, and the first says why. */
        if (!is_wanted(settings->only, check_kinds[i].name) && i > 0)
            continue;
        if (!loads)
            break;
        if (settings->progress)
            progress(notes, check_kinds[i].name);
        check_child_run(&check_kinds[i], settings, samples, report->seed, report->sheet);
        loads = loads && (i > 0 || report->sheet->count == 0);
        check_report_add(report, &check_kinds[i], i > 0 || !loads || is_wanted(settings->only, check_kinds[i].name));
    }
    if (settings->progress)
        progress(notes, NULL);
}

enum check_exit check_run(const struct check_settings *given, FILE *out, FILE *notes)
{
    struct check_settings settings = *given;
    struct check_samples samples = {0};
    struct check_report report = {.settings = given, .seed = choose_seed(given->seed), .sheet = check_sheet_create()};
    struct fault fault = {{0}};
    char *path = absolute(given->plugin);
    enum check_exit status = CHECK_EXIT_USAGE;

    settings.plugin = path;
    if (report.sheet == NULL) {
        fault_set(&fault, "no memory for the checks: %s", strerror(errno));
    } else if (!any_is_wanted(settings.only)) {
        fault_set(&fault, "--only %.200s: no check's name begins so; --list has them", settings.only);
    } else if (check_samples_read(&samples, settings.samples, settings.options, &fault)) {
        run_all(&settings, &samples, &report, notes);
        check_report_print(&report, out);
        status = report.findings == 0 ? CHECK_EXIT_GOOD : CHECK_EXIT_FINDINGS;
    }
    if (status == CHECK_EXIT_USAGE)
        check_complain(notes, fault.text);
    check_samples_finish(&samples);
    check_report_finish(&report);
    check_sheet_destroy(report.sheet);
    free(path);
    return status;
}
