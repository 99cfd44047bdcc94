/*
 * The conformance kit: tries a source against everything that <fascia/plugin.h> promises and demands, and tells its author in words.
 *
 * Each check loads the plugin with the daemon's own loader in a child process of its own, with limits: one that crashes, hangs, leaks or eats memory
 * costs a finding, never the kit. The child's host is stricter than the daemon's: what it lends is gone after the call, and every call back is held against
 * the interface. What happens is decided by the seed alone, so that a finding can be had again.
 */
#ifndef FASCIA_CHECK_CHECK_H
#define FASCIA_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct check_settings {
    const char *plugin;  /* the shared object */
    const char *samples; /* a folder, one file a message */
    const char *options; /* a file; NULL: check.yaml of the samples, if there is one */
    const char *only;    /* words with ',' between: checks whose names begin so; NULL: all */
    uint64_t seed;       /* 0: another one each time */
    uint32_t mutations;  /* of each sample */
    int64_t patience_ms; /* processor time that one call may take */
    size_t memory;       /* bytes that the plugin may have; 0: no limit */
    bool json;           /* for machines */
    bool progress;       /* which check is running, on `notes` */
    bool under_valgrind; /* slower, and with a memory of its own */
};

/* The process's exit status. */
enum check_exit { CHECK_EXIT_GOOD = 0, CHECK_EXIT_FINDINGS = 1, CHECK_EXIT_USAGE = 2 };

/* The report goes to out, what keeps the kit from working at all to notes. */
enum check_exit check_run(const struct check_settings *settings, FILE *out, FILE *notes);
/* What is checked, a line each. */
void check_list(FILE *out);

#endif
