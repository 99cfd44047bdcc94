/*
 * One check in a process of its own, watched: a crash, a hang and a sudden end become findings.
 */
#ifndef FASCIA_CHECK_CHILD_H
#define FASCIA_CHECK_CHILD_H

#include "check/bench.h"

/* Zero pages that a child may share; NULL when there is no memory. */
struct check_sheet *check_sheet_create(void);
void check_sheet_destroy(struct check_sheet *sheet);
/* Runs it to its end; the sheet then holds what came of it, and only texts that end. */
void check_child_run(const struct check_kind *kind, const struct check_settings *settings,
                     const struct check_samples *samples, uint64_t seed, struct check_sheet *sheet);

#endif
