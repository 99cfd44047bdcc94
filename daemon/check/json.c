#include "check/report.h"

#include <jansson.h>

static json_t *finding_json(const struct check_finding *finding)
{
    return json_pack("{s:s, s:s, s:s, s:I}", "did", finding->did, "came", finding->came, "should_be", finding->says,
                     "times", (json_int_t)finding->times);
}

/* Texts came from a plugin: what is no UTF-8 stands as null, and the rest is kept. */
static void append(json_t *list, json_t *item)
{
    (void)json_array_append_new(list, item != NULL ? item : json_null());
}

static json_t *row_json(const struct check_row *row)
{
    json_t *findings = json_array();

    for (size_t i = 0; i < row->count; i++)
        append(findings, finding_json(&row->findings[i]));
    return json_pack("{s:s, s:s, s:s, s:I, s:s?, s:o}", "name", row->kind->name, "help", row->kind->help, "mark",
                     row->count > 0         ? "found"
                     : row->skipped != NULL ? "skipped"
                                            : "ok",
                     "cases", (json_int_t)row->cases, "skipped", row->skipped, "findings", findings);
}

void check_report_json(const struct check_report *report, FILE *out)
{
    json_t *rows = json_array(), *root = NULL;

    for (size_t i = 0; i < report->count; i++)
        append(rows, row_json(&report->rows[i]));
    root = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "plugin", report->name, "version", report->version,
                     "summary", report->summary, "transports", report->transports, "seed", (json_int_t)report->seed,
                     "findings", (json_int_t)report->findings, "checks", rows);
    (void)json_dumpf(root, out, JSON_INDENT(2));
    fprintf(out, "\n");
    json_decref(root);
}
