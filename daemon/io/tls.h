/*
 * TLS for listeners: OpenSSL, TLS 1.2 and 1.3, between a connection's socket and its owner's bytes (stream.h). Loop's thread only.
 */
#ifndef FASCIA_IO_TLS_H
#define FASCIA_IO_TLS_H

#include "core/fault.h"

#include <stdbool.h>

struct io_tls;
struct io_tls_settings {
    const char *certificate_file; /* PEM, with its chain */
    const char *key_file;         /* PEM; readable by the daemon's user alone, else it is refused */
    const char *client_ca_file;   /* PEM: whose certificates clients may show; NULL: none is asked for */
    bool client_required;         /* a client without one is not let in */
};
MUST_CHECK struct io_tls *io_tls_create(const struct io_tls_settings *settings, struct fault *fault);
/* Reads the files anew, for connections from now on; on failure everything stays as it was. */
MUST_CHECK bool io_tls_reload(struct io_tls *tls, struct fault *fault);
void io_tls_destroy(struct io_tls *tls);

#endif
