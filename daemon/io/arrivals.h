/*
 * Which files of a directory are completely written: what inotify told of them, and how long their size and time have stood still.
 *
 * Pure bookkeeping over a directory's descriptor; folder.c owns the clock and the events. Names of files may carry patients' names, and so
 * are never logged. Loop's thread only.
 */
#ifndef FASCIA_IO_ARRIVALS_H
#define FASCIA_IO_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Files that are looked at, at one time; the others are seen when these have gone. */
enum { ARRIVALS_MOST = 65536 };

struct arrivals;
struct arrivals *arrivals_create(void);
void arrivals_destroy(struct arrivals *arrivals);

bool arrivals_ignores(const char *name);
/* An event of inotify (mask as in inotify(7)). */
void arrivals_event(struct arrivals *arrivals, const char *name, uint32_t mask);
/* Events were lost: whether files are being written is not known any more. */
void arrivals_lost_events(struct arrivals *arrivals);
/* Looks at the directory. Returns the ms until a file may become complete; -1: none is on its way. false in *read: it cannot be read. */
int64_t arrivals_scan(struct arrivals *arrivals, int directory, int64_t now, int64_t settle_ms, bool *read);
/* The next complete file of the last scan, oldest first, then by name; NULL: no more. Valid until the next scan. */
const char *arrivals_next(struct arrivals *arrivals, struct stat *seen);
/* The file changed while it was read: it has to stand still once more. */
void arrivals_moved_on(struct arrivals *arrivals, const char *name, int64_t now);
/* true once for each state of the file: its trouble has not been told yet. */
bool arrivals_tell(struct arrivals *arrivals, const char *name);

#endif
