/*
 * The conversation with a daemon over its control socket: to each request one whole answer (proto/fascia/v1/control.proto).
 *
 * Blocking, for a program that has nothing else to do. Answers that come in several frames are put together. One thread.
 */
#ifndef FASCIA_CTL_LINK_H
#define FASCIA_CTL_LINK_H

#include "core/fault.h"
#include "fascia/v1/control.pb-c.h"

#include <stdbool.h>

#define CTL_REQUEST_BYTES (16u << 20)  /* as the daemon takes */
#define CTL_ANSWER_BYTES  (256u << 20) /* of all frames of one answer */

struct ctl_link;

enum ctl_link_status {
    CTL_LINK_OK,
    CTL_LINK_UNREACHABLE, /* no such socket, nobody listens, or it is not for this user */
    CTL_LINK_BROKEN       /* the daemon went away, or said what can't be read */
};

/* timeout in seconds for each answer; 0: none. */
MUST_CHECK enum ctl_link_status ctl_link_open(const char *path, unsigned timeout, struct ctl_link **link,
                                              struct fault *fault);
void ctl_link_close(struct ctl_link *link);

/* Frames that only tell how far the daemon is are shown to `progress` (NULL: nobody), and are no part of the answer. */
void ctl_link_watch(struct ctl_link *link, void (*progress)(void *context, const Fascia__ControlResponse *response),
                    void *context);
/* Sends a request. The daemon answers requests one after the other, so several may be under way. */
MUST_CHECK enum ctl_link_status ctl_link_send(struct ctl_link *link, const Fascia__ControlRequest *request,
                                              struct fault *fault);
/* Waits for the whole answer to the oldest request under way. *response is the caller's (free_unpacked) when OK; its `error` may be set. */
MUST_CHECK enum ctl_link_status ctl_link_receive(struct ctl_link *link, Fascia__ControlResponse **response,
                                                 struct fault *fault);

#endif
