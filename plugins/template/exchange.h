/*
 * Deliveries that are not yet answered.
 *
 * A line of a stream asks one thing; a file asks one a line. Submissions are answered later, by result(), and in any order; a delivery ends when the last
 * of its lines is answered. At most `window` lines of a file are on their way at one time, so that a large file does not take the host's whole
 * queue; when the host is busy nevertheless, the file waits for a result before it tries again.
 */
#ifndef TEMPLATE_EXCHANGE_H
#define TEMPLATE_EXCHANGE_H

#include <fascia/plugin.h>

struct exchange;

/* One configured source. */
struct source {
    const struct fascia_host *host;
    char *sender;
    uint32_t window;          /* lines of one file that may be on their way */
    uint32_t lines;           /* of one file */
    int status_files;         /* write statuses into the folder of results */
    struct exchange *waiting; /* deliveries that are not answered */
};

void exchange_deliver(void *instance, uint64_t token, struct fascia_bytes message);
/* Of something that can't be worked off: answered, and not looked into. */
void exchange_refuse(void *instance, uint64_t token, struct fascia_bytes message);
void exchange_result(void *instance, uint64_t token, struct fascia_bytes message);
void exchange_abandon(void *instance, uint64_t token);
void exchange_forget_all(struct source *source);

#endif
