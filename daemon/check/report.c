#include "check/report.h"

#include "core/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 100 /* of a finding's text */

void check_complain(FILE *out, const char *text)
{
    fprintf(out, "fascia-plugin-check: %s\n", text);
}

static void take_description(struct check_report *report, const struct check_sheet *sheet)
{
    memcpy(report->name, sheet->name, sizeof report->name);
    memcpy(report->version, sheet->version, sizeof report->version);
    memcpy(report->summary, sheet->summary, sizeof report->summary);
    memcpy(report->transports, sheet->transports, sizeof report->transports);
    free(report->manual);
    report->manual = memory_text(sheet->manual);
}

void check_report_add(struct check_report *report, const struct check_kind *kind, bool shown)
{
    const struct check_sheet *sheet = report->sheet;
    struct check_row row = {.kind = kind, .cases = sheet->cases};

    if (sheet->name[0] != '\0')
        take_description(report, sheet);
    if (!shown)
        return;
    row.count = sheet->count;
    row.findings = memory_allocate(row.count, sizeof *row.findings);
    memcpy(row.findings, sheet->findings, row.count * sizeof *row.findings);
    if (sheet->skipped[0] != '\0' && row.count == 0)
        row.skipped = memory_text(sheet->skipped);
    report->rows = memory_resize(report->rows, report->count + 1, sizeof *report->rows);
    report->rows[report->count++] = row;
    report->findings += row.count;
}

void check_report_finish(struct check_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->rows[i].findings);
        free(report->rows[i].skipped);
    }
    free(report->rows);
    free(report->manual);
}

/* ---- for people ----------------------------------------------------------------------------------------------------------- */

/* Broken at blanks, each line indented. */
static void print_wrapped(FILE *out, const char *text, size_t indent)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column > 0 && column + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = 0;
        }
        fprintf(out, "%s%.*s", column > 0 ? " " : "", (int)word, text);
        column += word + (column > 0);
        text += word + strspn(text + word, " ");
    }
    fprintf(out, "\n");
}

static void print_part(FILE *out, const char *label, const char *text)
{
    if (text[0] == '\0')
        return;
    fprintf(out, "   %-10s", label);
    print_wrapped(out, text, 13);
}

static bool is_same(const struct check_finding *left, const struct check_finding *right)
{
    return strcmp(left->came, right->came) == 0 && strcmp(left->says, right->says) == 0;
}

/* Whether an earlier check found the very same: it is told there. */
static bool is_told(const struct check_report *report, const struct check_row *row, const struct check_finding *finding)
{
    for (const struct check_row *earlier = report->rows; earlier < row; earlier++)
        for (size_t i = 0; i < earlier->count; i++)
            if (is_same(&earlier->findings[i], finding))
                return true;
    return false;
}

static void print_others(const struct check_report *report, const struct check_row *row,
                         const struct check_finding *finding, FILE *out)
{
    char names[1024] = "";

    for (const struct check_row *later = row + 1; later < report->rows + report->count; later++)
        for (size_t i = 0; i < later->count; i++)
            if (is_same(&later->findings[i], finding) && strlen(names) + 64 < sizeof names)
                snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", later->kind->name);
    print_part(out, "also in", names);
}

static void print_finding(const struct check_report *report, const struct check_row *row,
                          const struct check_finding *finding, size_t number, FILE *out)
{
    fprintf(out, "\n%zu. %s: %s\n", number, row->kind->name, row->kind->help);
    print_part(out, "did", finding->did);
    print_part(out, "came", finding->came);
    if (finding->times > 1)
        fprintf(out, "   %-10sthe same %" PRIu64 " times more\n", "", finding->times - 1);
    print_part(out, "should be", finding->says);
    print_others(report, row, finding, out);
    fprintf(out, "   %-10sfascia-plugin-check --only %s --seed %" PRIu64, "again", row->kind->name, report->seed);
    if (report->settings->options != NULL)
        fprintf(out, " --options %s", report->settings->options);
    fprintf(out, " --mutations %" PRIu32 " %s %s\n", report->settings->mutations, report->settings->plugin,
            report->settings->samples);
}

static void print_head(const struct check_report *report, FILE *out)
{
    if (report->name[0] == '\0')
        return;
    fprintf(out, "%s %s: %s\ntakes %s\n", report->name, report->version, report->summary, report->transports);
    if (report->manual[0] == '\0')
        fprintf(out, "has no options\n\n");
    else
        fprintf(out, "\n%s\n", report->manual);
}

static void print_table(const struct check_report *report, FILE *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct check_row *row = &report->rows[i];
        const char *mark = row->count > 0 ? "FOUND" : row->skipped != NULL ? "-" : "ok";
        fprintf(out, "%-6s %-22s ", mark, row->kind->name);
        if (row->skipped != NULL)
            fprintf(out, "not checked: %s\n", row->skipped);
        else
            fprintf(out, "%s (%" PRIu64 ")\n", row->kind->help, row->cases);
    }
}

static void print_people(const struct check_report *report, FILE *out)
{
    size_t number = 0, skipped = 0;

    print_head(report, out);
    print_table(report, out);
    for (size_t i = 0; i < report->count; i++) {
        skipped += report->rows[i].skipped != NULL;
        for (size_t j = 0; j < report->rows[i].count; j++)
            if (!is_told(report, &report->rows[i], &report->rows[i].findings[j]))
                print_finding(report, &report->rows[i], &report->rows[i].findings[j], ++number, out);
    }
    fprintf(out, "\n%zu finding%s in %zu check%s", number, number == 1 ? "" : "s", report->count - skipped,
            report->count - skipped == 1 ? "" : "s");
    if (skipped > 0)
        fprintf(out, ", %zu not for this plugin", skipped);
    fprintf(out, "; seed %" PRIu64 "\n", report->seed);
}

void check_report_print(const struct check_report *report, FILE *out)
{
    if (report->settings->json)
        check_report_json(report, out);
    else
        print_people(report, out);
}
