/*
 * What all checks found, for people and for machines.
 */
#ifndef FASCIA_CHECK_REPORT_H
#define FASCIA_CHECK_REPORT_H

#include "check/bench.h"

struct check_row {
    const struct check_kind *kind;
    uint64_t cases;
    char *skipped; /* NULL: it was not */
    struct check_finding *findings;
    size_t count;
};
struct check_report {
    const struct check_settings *settings;
    uint64_t seed;
    struct check_sheet *sheet; /* of the running check */
    struct check_row *rows;
    size_t count, findings;
    char name[40], version[72], summary[208], transports[64];
    char *manual;
};

/* Takes over what stands on the sheet; shown false keeps only what the plugin says of itself. */
void check_report_add(struct check_report *report, const struct check_kind *kind, bool shown);
void check_report_print(const struct check_report *report, FILE *out);
void check_report_finish(struct check_report *report);
void check_complain(FILE *out, const char *text);

/* json.c */
void check_report_json(const struct check_report *report, FILE *out);

#endif
