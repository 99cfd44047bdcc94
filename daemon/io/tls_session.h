/*
 * The inside of TLS, for connection.c: one connection's session on its socket. Reads and writes as read(2) and write(2) do: -1 and errno, EAGAIN when it must wait.
 */
#ifndef FASCIA_IO_TLS_SESSION_H
#define FASCIA_IO_TLS_SESSION_H

#include "io/tls.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct evbuffer;
struct tls_session;

enum { TLS_CERTIFICATE_TEXT = 65 };

/* tls is not needed afterwards. */
struct tls_session *tls_session_create(struct io_tls *tls, int fd);
void tls_session_destroy(struct tls_session *session);

enum tls_handshake { TLS_HANDSHAKE_DONE, TLS_HANDSHAKE_READS, TLS_HANDSHAKE_WRITES, TLS_HANDSHAKE_FAILED };
enum tls_handshake tls_session_handshake(struct tls_session *session);
/* Why it failed, in the library's words. */
const char *tls_session_failure(const struct tls_session *session);

/* 0: the peer sends no more. *more: what comes next may have been taken from the socket already, so that it does not tell. */
ssize_t tls_session_read(struct tls_session *session, uint8_t *bytes, size_t room, bool *more);
/* Sends of what waits as much as the socket takes, and removes it. */
ssize_t tls_session_write(struct tls_session *session, struct evbuffer *output);
/* Tells the peer that nothing follows (close_notify), if that can be told at once. */
void tls_session_end(struct tls_session *session);
/* SHA-256 of the peer's certificate, verified; "". */
const char *tls_session_certificate(const struct tls_session *session);

#endif
