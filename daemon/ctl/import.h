/*
 * Bringing a file of therapists in: rows are read, checked, and sent in chunks; the daemon's answers are mapped back to lines.
 *
 * While the daemon works on one chunk, the next is read and sent.
 * Knows neither socket nor terminal: who calls lends functions that speak with the daemon, and one that hears how far it is. Memory does not grow with the
 * file but for the identifiers that were seen (to find those that stand there twice).
 */
#ifndef FASCIA_CTL_IMPORT_H
#define FASCIA_CTL_IMPORT_H

#include "ctl/therapist_file.h"
#include "fascia/v1/control.pb-c.h"

#define IMPORT_CHUNK_ROWS  2000 /* one commit of the daemon: fewer write the index of identifiers over less often */
#define IMPORT_CHUNK_BYTES (4u << 20)
#define IMPORT_ROWS_MOST   2000000

struct ctl_import {
    FILE *stream;
    enum therapist_format format;
    bool dry_run;
    void *context;
    /* CTL_OK, or an exit code, which ends the import. The chunk is lent for the call. */
    int (*send)(void *context, const Fascia__ImportTherapists *chunk);
    /* Waits for the answer to the oldest chunk that has none yet: CTL_OK with *answer (the import frees it), or an exit code. */
    int (*receive)(void *context, Fascia__ControlResponse **answer);
    /* After each chunk: rows so far, and bytes of the stream that were read ahead. NULL: nobody wants to know. */
    void (*progress)(void *context, size_t rows, size_t unread);

    /* what became of it */
    size_t rows, added, updated, unchanged, refused;
    struct ctl_problems problems;
};

/* CTL_OK; CTL_REFUSED when any row was refused; CTL_USAGE when the file can't be read at all; or what send and receive said: then
 * the chunk that was sent behind the one that failed may have been taken, and is not counted. */
int ctl_import_run(struct ctl_import *import);

#endif
