#include "io/tls.h"

#include "core/memory.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WARN_DAYS = 14 };

struct io_tls {
    char *certificate_file, *key_file, *client_ca_file; /* the last may be NULL */
    bool client_required;
    SSL_CTX *context;
};

SSL_CTX *tls_context(struct io_tls *tls)
{
    return tls->context;
}

/* ---- files ---------------------------------------------------------------------------------------------------------- */

/* What the library says of where it began to fail, behind what failed. */
static bool fail(struct fault *fault, const char *file, const char *what)
{
    const unsigned long error = ERR_peek_error();
    const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : ERR_reason_error_string(error);

    fault_set(fault, "%s: %s%s%s", file, what, reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
    ERR_clear_error();
    return false;
}

/* The daemon has no terminal to ask at. */
static int no_passphrase(char *text, int size, int writing, void *context)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)context;
    return 0;
}

/* Who can read the key can be the node. */
static bool is_kept_well(int fd, const char *file, struct fault *fault)
{
    struct stat status;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        fault_set(fault, "%s: the key must be a regular file", file);
        return false;
    }
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        fault_set(fault, "%s: the key must belong to the daemon's user (uid %u) or root, not to uid %u", file,
                  (unsigned)geteuid(), (unsigned)status.st_uid);
        return false;
    }
    if ((status.st_mode & 077) != 0) {
        fault_set(fault, "%s: the key may be read by others (mode %03o): chmod 600 it", file,
                  (unsigned)status.st_mode & 0777);
        return false;
    }
    return true;
}

static EVP_PKEY *read_key(const char *file, struct fault *fault)
{
    const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    EVP_PKEY *key = NULL;
    FILE *stream;

    if (fd < 0) {
        fault_set(fault, "%s: %s", file, strerror(errno));
        return NULL;
    }
    if (!is_kept_well(fd, file, fault)) {
        close(fd);
        return NULL;
    }
    stream = fdopen(fd, "r");
    INVARIANT(stream != NULL);
    key = PEM_read_PrivateKey(stream, NULL, no_passphrase, NULL);
    fclose(stream);
    if (key == NULL)
        (void)fail(fault, file, "there is no PEM key without a passphrase in it");
    return key;
}

static bool use_key(SSL_CTX *context, const struct io_tls *tls, struct fault *fault)
{
    EVP_PKEY *key = read_key(tls->key_file, fault);
    bool used;

    if (key == NULL)
        return false;
    used = SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    return used || fail(fault, tls->key_file, "the key is not that of the certificate");
}

static bool use_client_authority(SSL_CTX *context, const struct io_tls *tls, struct fault *fault)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(tls->client_ca_file);

    if (names == NULL || SSL_CTX_load_verify_file(context, tls->client_ca_file) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return fail(fault, tls->client_ca_file, "there are no PEM certificates in it");
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (tls->client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    return true;
}

/* ---- the context ---------------------------------------------------------------------------------------------------- */

/* Of what the client offers, what we speak; somebody who speaks only other things is told so in the handshake (RFC 7301 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *size, const unsigned char *offered,
                           unsigned offered_size, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1\x08http/1.0";
    unsigned char *found = NULL;

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&found, size, ours, sizeof ours - 1, offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(void)
{
    /* Those of TLS 1.2 that keep what was said secret when the key is lost later, and authenticate it; TLS 1.3 has no others. */
    static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
    static const unsigned char name[] = "fascia";
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    INVARIANT(context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
              SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
              SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1);
    /* Framing tells what is whole: a peer that ends without close_notify has just ended. */
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    /* Sessions are resumed by tickets, which the client keeps. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

/* An administrator should hear of it before the clients do. */
static void tell_expiry(const struct io_tls *tls)
{
    const ASN1_TIME *end = X509_get0_notAfter(SSL_CTX_get0_certificate(tls->context));
    int days = 0, seconds = 0;

    if (ASN1_TIME_diff(&days, &seconds, NULL, end) != 1)
        return;
    LOG(days < WARN_DAYS ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "tls.certificate",
        LOG_CONFIGURED("file", tls->certificate_file),
        LOG_INSTANT("expires", io_now() + ((int64_t)days * 86400 + seconds) * 1000));
}

bool io_tls_reload(struct io_tls *tls, struct fault *fault)
{
    SSL_CTX *context = new_context();
    bool good;

    ERR_clear_error();
    good = SSL_CTX_use_certificate_chain_file(context, tls->certificate_file) == 1 ||
           fail(fault, tls->certificate_file, "there is no PEM certificate in it");
    good = good && use_key(context, tls, fault) &&
           (tls->client_ca_file == NULL || use_client_authority(context, tls, fault));
    if (!good) {
        SSL_CTX_free(context);
        return false;
    }
    /* Sessions keep what they were made with. */
    SSL_CTX_free(tls->context);
    tls->context = context;
    tell_expiry(tls);
    return true;
}

struct io_tls *io_tls_create(const struct io_tls_settings *settings, struct fault *fault)
{
    struct io_tls *tls = memory_allocate(1, sizeof *tls);

    tls->certificate_file = memory_text(settings->certificate_file);
    tls->key_file = memory_text(settings->key_file);
    tls->client_ca_file = settings->client_ca_file == NULL ? NULL : memory_text(settings->client_ca_file);
    tls->client_required = settings->client_required;
    if (settings->client_required && settings->client_ca_file == NULL) {
        fault_set(fault, "clients' certificates can only be required with a file of who issues them");
        io_tls_destroy(tls);
        return NULL;
    }
    if (!io_tls_reload(tls, fault)) {
        io_tls_destroy(tls);
        return NULL;
    }
    return tls;
}

void io_tls_destroy(struct io_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    free(tls->certificate_file);
    free(tls->key_file);
    free(tls->client_ca_file);
    free(tls);
}
