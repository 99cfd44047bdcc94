/*
 * A descriptor that is not a stream: whoever owns it reads it. Loop's thread only.
 */
#ifndef FASCIA_IO_WATCH_H
#define FASCIA_IO_WATCH_H

#include "io/loop.h"

struct io_watch;
/* readable: something can be read, or the other side is gone. The descriptor stays its owner's. */
struct io_watch *io_watch_create(struct io_loop *loop, int fd, void (*readable)(void *context), void *context);
void io_watch_destroy(struct io_watch *watch); /* takes NULL */

#endif
