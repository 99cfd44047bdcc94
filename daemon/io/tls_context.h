/*
 * For tls_session.c: what sessions are made with now.
 */
#ifndef FASCIA_IO_TLS_CONTEXT_H
#define FASCIA_IO_TLS_CONTEXT_H

#include "io/tls.h"

struct ssl_ctx_st; /* SSL_CTX */
struct ssl_ctx_st *tls_context(struct io_tls *tls);

#endif
