/*
 * Looks up names without blocking the loop: evdns with the system's resolv.conf and hosts file, read again when they change.
 * For dial.c. Loop's thread only.
 */
#ifndef FASCIA_IO_LOOKUP_H
#define FASCIA_IO_LOOKUP_H

#include "io/loop.h"

#include <sys/socket.h>

enum { IO_LOOKUP_MOST = 8 };

struct io_lookups;
struct io_lookup;
/* Once, or never after io_lookup_cancel(); it may come before io_lookup_start() returns. count 0: not found. The lookup is gone after it. */
typedef void (*io_lookup_found)(void *context, const struct sockaddr_storage *addresses, const socklen_t *lengths,
                                size_t count);

/* *lookup is set before found can be called. */
void io_lookup_start(struct io_loop *loop, const char *host, uint16_t port, struct io_lookup **lookup,
                     io_lookup_found found, void *context);
void io_lookup_cancel(struct io_lookup *lookup);
void io_lookups_destroy(struct io_lookups *lookups);

#endif
