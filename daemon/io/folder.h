/*
 * A directory in which files appear. Tells when one is completely written, and moves it on.
 *
 * A file is complete when it was closed after writing or moved in (inotify), and its size and time have then stood still for settle_ms;
 * directories without inotify (network mounts) are scanned every scan_ms. Files that begin with '.' or end in ".tmp" ".part" ".filepart" are
 * left alone. Only regular files that are no links are taken. Subdirectories done/, failed/ and results/ are made. Loop's thread only.
 */
#ifndef FASCIA_IO_FOLDER_H
#define FASCIA_IO_FOLDER_H

#include "core/fault.h"
#include "io/loop.h"

struct io_folder;
struct io_folder_settings {
    const char *path;     /* absolute */
    int64_t settle_ms;    /* 0: 1 s */
    int64_t scan_ms;      /* 0: 10 s */
    size_t maximum_bytes; /* of a file; a larger one is moved to failed/ with a result that says so. 0: 64 MiB */
};
/* One file at a time, oldest first; the next comes after io_folder_done(). name and bytes are lent until then. */
struct io_folder_handler {
    void *context;
    void (*file)(void *context, struct io_folder *folder, const char *name, const uint8_t *bytes, size_t size);
};
MUST_CHECK struct io_folder *io_folder_watch(struct io_loop *loop, const struct io_folder_settings *settings,
                                             const struct io_folder_handler *handler, struct fault *fault);
/* The result is written durably beside the file as results/NAME.result (rename into place, fsync), then the file is moved to done/ or failed/. Names that are
 * taken get a number. */
MUST_CHECK bool io_folder_done(struct io_folder *folder, bool failed, const uint8_t *result, size_t size,
                               struct fault *fault);
/* Not now (busy): the same file comes again after delay_ms. */
void io_folder_later(struct io_folder *folder, int64_t delay_ms);
/* Writes a file into results/, durably and atomically; replaces one of that name. name has no '/'. */
MUST_CHECK bool io_folder_write(struct io_folder *folder, const char *name, const uint8_t *bytes, size_t size,
                                struct fault *fault);
void io_folder_pause(struct io_folder *folder, bool paused);
void io_folder_destroy(struct io_folder *folder);

#endif
