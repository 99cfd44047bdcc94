/*
 * The author's samples: a folder with one file a message, and check.yaml beside them.
 *
 *   options: {...}                  of the instance, as they would stand in a source of the configuration
 *   before: "\x0b"                  what stands around each sample on a stream, when the files hold the bare messages
 *   after: "\x1c\r"
 *   expect: {"late-*": refused}     by pattern, the first that fits: taken (something of it is submitted), refused (nothing is), any, skip
 *
 * Without an expectation a file whose name begins with "wrong", "bad" or "refused" is to be refused, any other to be taken. Names that begin with '.', READMEs and
 * check*.yaml are no samples.
 */
#ifndef FASCIA_CHECK_SAMPLES_H
#define FASCIA_CHECK_SAMPLES_H

#include "config/tree.h"
#include "core/fault.h"

#define SAMPLES_MOST      256
#define SAMPLE_BYTES_MOST ((size_t)4 << 20)

enum check_expectation { EXPECT_TAKEN, EXPECT_REFUSED, EXPECT_ANY, EXPECT_SKIP };

struct check_sample {
    char *name;
    uint8_t *bytes;
    size_t size;
    enum check_expectation expected;
};

struct check_samples {
    struct check_sample *samples;
    size_t count;
    char *before, *after;     /* lent by root, or "" */
    struct config_node *root; /* of check.yaml, or of the options file; NULL: there is none */
    char *file;               /* its name */
};

/* False with a fault when the folder or its check.yaml can't be read; options may be NULL. */
MUST_CHECK bool check_samples_read(struct check_samples *samples, const char *folder, const char *options,
                                   struct fault *fault);
void check_samples_finish(struct check_samples *samples);
const char *check_expectation_name(enum check_expectation expectation);

#endif
