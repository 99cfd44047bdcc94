/*
 * One open request: what it asks of the node, what comes back, and the one reply that ends it.
 *
 * A call is one FHIR interaction: the request itself, or an entry of a batch. Whoever works a call off asks the node with fhir_ask(), hears each answer by
 * `answered`, and ends it once with fhir_end() or fhir_fail(). Nothing is asked or heard after that. All memory of an exchange is its arena's,
 * but for JSON trees, which the call owns by fhir_own().
 */
#ifndef FHIR_EXCHANGE_H
#define FHIR_EXCHANGE_H

#include "fascia/plugin.h"
#include "fascia/v1/http.pb-c.h"
#include "fhir/decode.h"
#include "fhir/dispatch.h"
#include "fhir/outcome.h"
#include "fhir/settings.h"

enum {
    FHIR_EXCHANGES_MOST = 1024, /* open at one time; the host bounds this, too */
    FHIR_ASKS_MOST = 900,       /* of one exchange; the host refuses over 1,000 */
    FHIR_ENTRIES_MOST = 100     /* of a batch */
};

struct fhir_call;
struct fhir_exchange;

/* How a call ends, in words of HTTP. */
struct fhir_reply {
    unsigned status;
    struct fhir_json *body; /* NULL: none; owned by the exchange */
    const char *etag;       /* "W/\"12\""; NULL */
    int64_t modified;       /* instant; 0: not said */
    const char *location;   /* NULL */
    const char *allow;      /* NULL */
    const char *challenge;  /* WWW-Authenticate; NULL */
    unsigned retry_after;   /* seconds; 0: not said */
    bool pretty;
};

struct fhir_call {
    struct fhir_exchange *exchange;
    struct fhir_arena *arena;
    uint32_t number;
    /* what is asked: all borrowed from the exchange */
    const char *method, *path;
    struct fhir_query query;
    const char *if_match, *if_none_match, *if_none_exist; /* NULL: no such header */
    const char *prefer, *accept, *content_type;           /* "" : no such header */
    const char *self;                                     /* query of the link "self" of a search by POST, too */
    struct fascia_bytes body;
    const struct fhir_json *resource; /* of an entry: its body, read already */
    struct fhir_asked *asked;         /* of an entry with a referral: what its Bundle asks */
    struct fhir_target target;
    /* how it is worked off */
    void (*answered)(struct fhir_call *call, uint32_t slot, const Fascia__Answer *answer);
    void (*done)(struct fhir_call *call); /* of an entry: its batch goes on */
    void *exchange_state;                 /* of an entry: its batch */
    void *state;
    uint32_t open; /* asks that are not answered yet */
    bool ended;
    struct fhir_issues issues;
    struct fhir_reply reply;
};

struct fhir_exchange *fhir_exchange_create(const struct fascia_host *host, const struct fhir_settings *settings,
                                           uint64_t token, Fascia__HttpRequest *request);
uint64_t fhir_exchange_token(const struct fhir_exchange *exchange);
/* Begins; true: it has ended, and was completed. */
bool fhir_exchange_begin(struct fhir_exchange *exchange);
bool fhir_exchange_answer(struct fhir_exchange *exchange, const Fascia__Answer *answer);
/* Without completing it. */
void fhir_exchange_destroy(struct fhir_exchange *exchange);

/* ---- for those who work calls off ---------------------------------------------------------------------------------- */

const Fascia__HttpRequest *fhir_request(const struct fhir_call *call);
const struct fhir_settings *fhir_settings(const struct fhir_call *call);
const char *fhir_url(const struct fhir_call *call); /* of this server */
int64_t fhir_now(const struct fhir_call *call);
/* Asks, with a number of the caller's under 65536 that comes back. false: the call has ended, with what its client is to hear. */
bool fhir_ask(struct fhir_call *call, uint32_t slot, Fascia__ControlRequest *request);
/* The exchange frees it. NULL of NULL. */
struct fhir_json *fhir_own(struct fhir_call *call, struct fhir_json *json);
/* Frees what was owned before the exchange ends. */
void fhir_drop(struct fhir_call *call, const struct fhir_json *json);
/* Ends with this status and body, which the exchange owns from now on. Other parts of the reply are set before. */
void fhir_end(struct fhir_call *call, unsigned status, struct fhir_json *body);
/* Ends with an OperationOutcome of the call's issues. status 0: as they say. */
void fhir_end_issues(struct fhir_call *call, unsigned status);
/* Ends with an OperationOutcome of one issue. */
__attribute__((format(printf, 5, 6))) void fhir_fail(struct fhir_call *call, unsigned status, const char *code,
                                                     const char *expression, const char *format, ...);
/* Ends the call when the answer is none: busy 503, forbidden 403, otherwise this status and code. true: it did. */
bool fhir_fail_answer(struct fhir_call *call, const Fascia__Answer *answer, unsigned status, const char *code);
/* One more call of the same exchange. Its caller fills what is asked, then fhir_call_begin(). */
struct fhir_call *fhir_call_create(struct fhir_exchange *exchange);
void fhir_call_begin(struct fhir_call *call);
/* Whether the token's scopes let it; of a person, whom roles decide of: true. */
bool fhir_may(const struct fhir_call *call, const struct fhir_type *type, char letter);
bool fhir_has_role(const struct fhir_call *call, Fascia__AccessRole role);

#endif
