/*
 * Where files go when they are dealt with: results/, done/ and failed/ of a watched folder.
 *
 * Everything is durable when a function returns true. A result is there before its file is moved, so that a crash between the two
 * brings the file again, and its result is then replaced, not numbered. Faults name no file: a file's name may be a patient's.
 */
#ifndef FASCIA_IO_SHELF_H
#define FASCIA_IO_SHELF_H

#include "core/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Names longer than this are cut before a number or ".result" is put behind them. */
enum { SHELF_NAME_BYTES = 200 };

struct shelf {
    int root, results, done, failed; /* -1: not open */
    mode_t file_mode;
};

/* Makes the three directories where they are missing, with the mode of root. Takes root over, when it succeeds. */
MUST_CHECK bool shelf_open(struct shelf *shelf, int root, struct fault *fault);
void shelf_close(struct shelf *shelf);
/* false when one of the directories was removed, or the shelf is closed: open it anew. */
bool shelf_is_whole(const struct shelf *shelf);
/* read: the file as it was when it was read. When it is another now, it stays, to come again. */
MUST_CHECK bool shelf_finish(const struct shelf *shelf, const char *name, const struct stat *read, bool failed,
                             const uint8_t *result, size_t size, struct fault *fault);
MUST_CHECK bool shelf_write_result(const struct shelf *shelf, const char *name, const uint8_t *bytes, size_t size,
                                   struct fault *fault);

#endif
