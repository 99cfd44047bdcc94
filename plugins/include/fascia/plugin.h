/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fascia plugin interface, ABI 1.
 *
 * A source turns what one kind of sender says into referrals and answers in that sender's own words. It never opens
 * a socket or a file: the host owns those, with timers, TLS and limits, and gives the source bytes. The same shared object
 * runs inside the daemon or in a process of its own; it can't tell which.
 *
 *   frame()    the host has buffered bytes of a stream: where does the first frame end?
 *   deliver()  here is one frame, or one file. The source answers with host->submit() for each referral in it,
 *   result()   hears what became of each, and ends the delivery with host->complete() and the reply's bytes.
 *   status()   a referral's state changed and its sender should hear. The source completes with an Outbound message.
 *   answered() here is the frame that came back. The source completes with a Verdict.
 *   refuse()   here is a frame that can't be worked off. The source completes with a Completion that says so.
 *
 * A notifier hears of what happened, and a policy judges the shortlist of a match. Neither is fed, and neither sees who a patient is:
 *
 *   notify()   something happened. The notifier completes with a Verdict; until it says DELIVERED it is told again.
 *   judge()    here are those who pass every gate of a referral. The policy completes with a Judgement.
 *
 * A source may serve HTTP (ABI 1.3): the host listens, reads whole requests, and finds out who asks.
 *
 *   request()  here is one. The source asks the node for what it needs with host->ask(), as often as it takes, and completes with an HttpReply.
 *   answer()   here is what the node says to one ask.
 *
 * What the configuration does not grant (`grants: [events, gate, score]`) is never called, or never counted.
 *
 * What crosses is bytes: protobuf messages of fascia/v1/plugin.proto, and tokens. Bytes are lent for the duration of
 * the call; nobody frees the other's memory. A token (delivery) is completed exactly once, during the call or later.
 * The host bounds how long it waits for a completion and how many are open at one time; a late or second
 * completion is refused and counted, and harms only the plugin that made it.
 *
 * Threads: the host calls one instance from one thread at a time, never from within a host function that this instance
 * called, and never after close(). A plugin may call the host's functions from any of its callbacks, and from no
 * other thread. No callback may block: what waits, waits in the plugin's own state for a later call.
 *
 * Evolution: structures grow at their end only. A reader uses a field only if the structure's `size` covers it. A change
 * of ABI_MAJOR means that old plugins are refused; a change of ABI_MINOR never does.
 */
#ifndef FASCIA_PLUGIN_H
#define FASCIA_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FASCIA_PLUGIN_MAGIC 0x41435346u /* "FSCA" in memory, little endian */
#define FASCIA_ABI_MAJOR    1u
#define FASCIA_ABI_MINOR    3u

/* The one symbol that a plugin exports: const struct fascia_plugin *fascia_plugin(void); */
#define FASCIA_PLUGIN_SYMBOL "fascia_plugin"

#if defined(__GNUC__)
#define FASCIA_EXPORT __attribute__((visibility("default")))
#else
#define FASCIA_EXPORT
#endif

/* Borrowed bytes. data may be NULL when size is 0. */
struct fascia_bytes {
    const uint8_t *data;
    size_t size;
};

enum fascia_kind {
    FASCIA_KIND_SOURCE = 1,   /* brings referrals in, tells their senders */
    FASCIA_KIND_NOTIFIER = 2, /* ABI 1.2: hears of events */
    FASCIA_KIND_POLICY = 3    /* ABI 1.2: adds a gate or a part of the score */
};

/* Which ways a source can be fed; bits of fascia_plugin.transports. */
enum fascia_transport {
    FASCIA_TRANSPORT_STREAM = 1, /* connections that carry frames */
    FASCIA_TRANSPORT_FOLDER = 2, /* a directory of files */
    FASCIA_TRANSPORT_HTTP = 4,   /* ABI 1.3: routes on an HTTP server of the host */
    FASCIA_TRANSPORT_POLL = 8    /* reserved: called at intervals */
};

enum fascia_status {
    FASCIA_OK = 0,
    FASCIA_E_INVALID = 1, /* the arguments or bytes are wrong */
    FASCIA_E_TOKEN = 2,   /* no such open delivery, or already completed */
    FASCIA_E_LIMIT = 3,   /* too large, too many */
    FASCIA_E_BUSY = 4,    /* come back later: the host has not taken it */
    FASCIA_E_INTERNAL = 5
};

/* ---- options -------------------------------------------------------------------------------------------------- */

enum fascia_option_type {
    FASCIA_OPTION_TEXT = 1,
    FASCIA_OPTION_INTEGER = 2,  /* minimum..maximum */
    FASCIA_OPTION_BOOLEAN = 3,  /* true, false */
    FASCIA_OPTION_DURATION = 4, /* "250ms" "30s" "5m" "24h" "7d"; bounds and value in milliseconds */
    FASCIA_OPTION_SIZE = 5,     /* "64KiB" "16MiB"; bounds and value in bytes */
    FASCIA_OPTION_CHOICE = 6,   /* one of choices */
    FASCIA_OPTION_ADDRESS = 7,  /* "host:port", "[::1]:port" */
    FASCIA_OPTION_PATH = 8,     /* absolute */
    FASCIA_OPTION_MAP = 9,      /* text to text */
    FASCIA_OPTION_GROUP = 10,   /* a list of groups, each checked against children */
    FASCIA_OPTION_TEXTS = 11    /* a list of texts */
};

#define FASCIA_OPTION_REQUIRED 1u
#define FASCIA_OPTION_SECRET   2u /* never shown */

/* One row of a plugin's options table: checking, defaults, help and the manual come from it. */
struct fascia_option {
    uint32_t size;             /* sizeof(struct fascia_option) as the plugin was built */
    uint32_t type;             /* enum fascia_option_type */
    const char *name;          /* [a-z][a-z0-9_]*, at most 48 bytes */
    const char *help;          /* one sentence, no full stop */
    const char *default_value; /* as it would stand in the configuration; NULL: absent unless required */
    int64_t minimum,
        maximum; /* INTEGER, DURATION, SIZE; maximum 0 means none. TEXT: maximum bytes; GROUP, MAP, TEXTS: entries */
    const char *choices;                  /* CHOICE: words separated by '|' */
    const struct fascia_option *children; /* GROUP: its table */
    uint32_t child_count;
    uint32_t flags;
};

/* ---- what the host lends --------------------------------------------------------------------------------------- */

enum fascia_log_level { FASCIA_LOG_DEBUG = 0, FASCIA_LOG_INFO = 1, FASCIA_LOG_WARNING = 2, FASCIA_LOG_ERROR = 3 };

struct fascia_host {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    void *context; /* first argument of every function below */

    /* Hands over one fascia.v1.Submission of an open delivery; its result() comes later, never before this returns.
     * FASCIA_E_BUSY: nothing was taken, and the sender should hear that it may try again. */
    enum fascia_status (*submit)(void *context, uint64_t delivery, struct fascia_bytes submission);

    /* Ends a token: a fascia.v1.Completion for deliver(), Outbound for status(), Verdict for answered() and notify(), Judgement for judge(), HttpReply for request(). */
    enum fascia_status (*complete)(void *context, uint64_t delivery, struct fascia_bytes ending);

    /* Writes one line of log. event is a fixed word of [a-z0-9._-], at most 64 bytes: never anything that was sent.
     * Numbers are all that can go with it. */
    void (*log)(void *context, enum fascia_log_level level, const char *event, int64_t number);

    /* Milliseconds since 1970-01-01T00:00Z. */
    int64_t (*now)(void *context);

    /* Fills with unpredictable bytes. */
    void (*random)(void *context, uint8_t *bytes, size_t size);

    /* ABI 1.3. Asks the node a fascia.v1.Ask, on behalf of whom the open request is from; answer() comes later, never before this returns.
     * FASCIA_E_LIMIT: too many asks of this request are under way. */
    enum fascia_status (*ask)(void *context, uint64_t request, struct fascia_bytes ask);
};

/* ---- what a plugin is ------------------------------------------------------------------------------------------ */

enum fascia_frame_result {
    FASCIA_FRAME_MORE = 0, /* no whole frame yet; skip may be over 0 */
    FASCIA_FRAME_COMPLETE =
        1,                   /* payload is one frame, of which the host delivers payload_size bytes at payload_offset */
    FASCIA_FRAME_INVALID = 2 /* the stream can't be read on: the host sends what reply holds and closes */
};

struct fascia_frame {
    uint32_t size;
    uint32_t result;       /* enum fascia_frame_result */
    size_t skip;           /* bytes before the frame to throw away (noise between frames) */
    size_t payload_offset; /* from the start of the buffer, at least skip */
    size_t payload_size;
    size_t total;   /* bytes that skip and frame take from the buffer; at least 1 when COMPLETE */
    size_t scanned; /* MORE: bytes already looked at; given back with the next call so that no byte is read twice */
    struct fascia_bytes reply; /* INVALID: static bytes, or none */
};

/* ABI 1.3: a row of routes. */
struct fascia_route {
    uint32_t size;       /* sizeof(struct fascia_route) as the plugin was built */
    uint32_t body_bytes; /* largest body that is taken, else 413; 0: none may come */
    const char *
        methods; /* "GET HEAD POST": separated by a blank. HEAD is asked as GET, and its body not sent, unless it is named */
    const char *
        path; /* behind the source's prefix: "/metadata"; with a '*' at its end all that begin so: a lone slash and asterisk is all */
};

struct fascia_plugin {
    uint32_t magic; /* FASCIA_PLUGIN_MAGIC */
    uint32_t size;  /* sizeof(struct fascia_plugin) as the plugin was built */
    uint16_t abi_major, abi_minor;
    uint32_t kind;       /* enum fascia_kind */
    uint32_t transports; /* bits of enum fascia_transport */
    uint32_t option_count;
    const char *name;                    /* [a-z][a-z0-9-]*, at most 32 bytes; unique in a node */
    const char *version;                 /* of the plugin */
    const char *summary;                 /* one line */
    const struct fascia_option *options; /* each row is options->size bytes wide */

    /* Makes an instance from a fascia.v1.Options. On failure writes why, for the administrator, into fault (ends in NUL).
     * host stays valid until close() returns. */
    enum fascia_status (*open)(const struct fascia_host *host, struct fascia_bytes options, void **instance,
                               char *fault, size_t fault_size);
    void (*close)(void *instance);

    /* Pure: same bytes, same answer; no state, no host calls. already is `scanned` of the last MORE for this stream, less
     * what was taken since. frame->size is set by the caller. NULL when the source takes no streams. */
    void (*frame)(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame);

    void (*deliver)(void *instance, uint64_t delivery, struct fascia_bytes message);  /* fascia.v1.Delivery */
    void (*result)(void *instance, uint64_t delivery, struct fascia_bytes message);   /* fascia.v1.SubmissionResult */
    void (*status)(void *instance, uint64_t delivery, struct fascia_bytes message);   /* fascia.v1.StatusNotice */
    void (*answered)(void *instance, uint64_t delivery, struct fascia_bytes message); /* fascia.v1.Answered */

    /* The host waits no longer for this token: forget it. It must not be completed any more. */
    void (*abandon)(void *instance, uint64_t delivery);

    /* ABI 1.1; may be NULL. The host could not have this fascia.v1.Delivery worked off: it ended or hung the plugin before, or,
     * with `limit`, it is larger than the host takes, and its beginning is all there is. Submit nothing, look no further into it
     * than to address the answer, and complete() with what its sender is to hear: it can't be worked off, and the same again
     * will not do. What was submitted before may have been kept. With `limit` the host closes the connection after the reply. */
    void (*refuse)(void *instance, uint64_t delivery, struct fascia_bytes message);

    /* ABI 1.2; what a notifier must have, and nobody else: of what a source must have it needs open, close and abandon. A fascia.v1.Notice; complete()
     * with a Verdict. Told at least once, in order, one at a time; the same `id` is the same notice again. RETRY: the host comes back with
     * growing pauses, and what is behind it waits. GIVE_UP: never again, until a person asks for it. */
    void (*notify)(void *instance, uint64_t token, struct fascia_bytes message);

    /* ABI 1.2; what a policy must have. A fascia.v1.Question; complete() with a Judgement within the time that the configuration allows, or
     * it counts as an abstention. Pure: same question, same judgement; no state, no network, no clock. */
    void (*judge)(void *instance, uint64_t token, struct fascia_bytes message);

    /* ABI 1.3; what a source of transport HTTP must have, with answer(). A fascia.v1.HttpRequest; complete() with an HttpReply. When the client goes away
     * first, or the deadline passes, abandon() comes; what was asked of the node meanwhile is done all the same. */
    void (*request)(void *instance, uint64_t token, struct fascia_bytes message);
    void (*answer)(void *instance, uint64_t token, struct fascia_bytes message); /* fascia.v1.Answer */

    /* ABI 1.3. Where requests go that a source of transport HTTP takes; each row is routes->size bytes wide. Of a request on none of them nothing is heard: it is
     * answered 404, or 405 with the methods that there are. */
    const struct fascia_route *routes;
    uint32_t route_count; /* at most 64 */
};

/* Whether a structure that says of itself that it is `size` bytes wide has this field. */
#define FASCIA_HAS(structure, field)                                                                                   \
    ((structure)->size >= offsetof(__typeof__(*(structure)), field) + sizeof((structure)->field))

typedef const struct fascia_plugin *(*fascia_plugin_function)(void);

/* A plugin defines this. */
FASCIA_EXPORT const struct fascia_plugin *fascia_plugin(void);

#ifdef __cplusplus
}
#endif
#endif
