#include "io/tls_session.h"

#include "core/memory.h"
#include "io/tls_context.h"

#include <errno.h>
#include <event2/buffer.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORD_BYTES = 16384 }; /* the most that one record carries, RFC 8446 5.1 */

struct tls_session {
    SSL *ssl;
    bool failed; /* nothing more may be said */
    const char *failure;
    char certificate[TLS_CERTIFICATE_TEXT];
};

struct tls_session *tls_session_create(struct io_tls *tls, int fd)
{
    struct tls_session *session = memory_allocate(1, sizeof *session);

    session->ssl = SSL_new(tls_context(tls));
    INVARIANT(session->ssl != NULL && SSL_set_fd(session->ssl, fd) == 1);
    SSL_set_accept_state(session->ssl);
    return session;
}

void tls_session_destroy(struct tls_session *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    free(session);
}

static void note_certificate(struct tls_session *session)
{
    X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0, i;

    if (certificate == NULL || SSL_get_verify_result(session->ssl) != X509_V_OK ||
        X509_digest(certificate, EVP_sha256(), digest, &size) != 1 || size * 2 >= TLS_CERTIFICATE_TEXT)
        return;
    for (i = 0; i < size; i++)
        snprintf(session->certificate + 2 * (size_t)i, 3, "%02x", digest[i]);
}

enum tls_handshake tls_session_handshake(struct tls_session *session)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(session->ssl);
    if (result == 1) {
        note_certificate(session);
        return TLS_HANDSHAKE_DONE;
    }
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TLS_HANDSHAKE_READS;
    case SSL_ERROR_WANT_WRITE:
        return TLS_HANDSHAKE_WRITES;
    default:
        session->failed = true;
        session->failure = ERR_reason_error_string(ERR_peek_error());
        return TLS_HANDSHAKE_FAILED;
    }
}

const char *tls_session_failure(const struct tls_session *session)
{
    return session->failure == NULL ? "the peer ended the connection" : session->failure;
}

/* errno for what the library could not do. */
static void set_errno(struct tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        break;
    case SSL_ERROR_ZERO_RETURN:
        errno = EPIPE;
        break;
    default:
        session->failed = true;
        errno = EIO;
    }
}

ssize_t tls_session_read(struct tls_session *session, uint8_t *bytes, size_t room, bool *more)
{
    size_t got = 0, part = 0;
    int result = 1;

    ERR_clear_error();
    *more = false;
    /* A record is one read: go on while there is room and the library has a further one, or a part of it. */
    do {
        result = SSL_read_ex(session->ssl, bytes + got, room - got, &part);
        got += result == 1 ? part : 0;
    } while (result == 1 && got < room && SSL_has_pending(session->ssl));
    if (got > 0) {
        *more = result == 1 ? SSL_has_pending(session->ssl) == 1
                            : SSL_get_error(session->ssl, result) != SSL_ERROR_WANT_READ;
        return (ssize_t)got;
    }
    if (SSL_get_error(session->ssl, result) == SSL_ERROR_ZERO_RETURN)
        return 0;
    set_errno(session, result);
    return -1;
}

static int write_once(struct tls_session *session, struct evbuffer *output, size_t *part)
{
    const size_t waits = evbuffer_get_length(output), size = waits < RECORD_BYTES ? waits : RECORD_BYTES;
    const uint8_t *bytes = evbuffer_pullup(output, (ssize_t)size);

    return SSL_write_ex(session->ssl, bytes, size, part);
}

ssize_t tls_session_write(struct tls_session *session, struct evbuffer *output)
{
    ssize_t sent = 0;
    size_t part = 0;
    int result;

    ERR_clear_error();
    while (evbuffer_get_length(output) > 0) {
        result = write_once(session, output, &part);
        if (result != 1) {
            set_errno(session, result);
            return sent > 0 && errno == EAGAIN ? sent : -1;
        }
        evbuffer_drain(output, part);
        sent += (ssize_t)part;
    }
    return sent;
}

void tls_session_end(struct tls_session *session)
{
    if (session->failed || !SSL_is_init_finished(session->ssl))
        return;
    ERR_clear_error();
    (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
    session->failed = true;
}

const char *tls_session_certificate(const struct tls_session *session)
{
    return session->certificate;
}
