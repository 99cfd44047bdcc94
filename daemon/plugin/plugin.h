/*
 * Loads plugins, keeps their deliveries, and makes sure that each ends exactly once.
 *
 * A plugin's file is opened only by absolute path, and only when it and its directories can be changed by nobody but root or
 * the daemon's user. What it says of itself is checked field by field before anything of it is called. An instance is one configured source.
 * Every call to an instance goes through here: a token is made, its deadline set, and the ending is handed to the owner once. A late, double or foreign
 * completion is refused and counted. Loop's thread only. There is no unloading: a plugin stays until the process ends.
 */
#ifndef FASCIA_PLUGIN_PLUGIN_H
#define FASCIA_PLUGIN_PLUGIN_H

#include "core/fault.h"
#include "fascia/plugin.h"
#include "fascia/v1/http.pb-c.h"
#include "fascia/v1/plugin.pb-c.h"

#include <stdbool.h>

enum plugin_error {
    PLUGIN_OK = 0,
    PLUGIN_PATH,   /* not absolute, or not there */
    PLUGIN_OWNER,  /* owner or mode of the file or a directory above it lets others change it */
    PLUGIN_OPEN,   /* dlopen failed: not a shared object, an unresolved symbol */
    PLUGIN_SYMBOL, /* no fascia_plugin() */
    PLUGIN_NULL,   /* fascia_plugin() gave nothing */
    PLUGIN_MAGIC,
    PLUGIN_SIZE,
    PLUGIN_VERSION,
    PLUGIN_KIND,
    PLUGIN_NAME,     /* bad, or already loaded from another file */
    PLUGIN_TABLE,    /* options table malformed */
    PLUGIN_FUNCTION, /* a function that its kind must have is missing */
    PLUGIN_ROUTES,   /* of a source of transport HTTP: none, or malformed */
    PLUGIN_OPTIONS,  /* open() refused the options */
};
const char *plugin_error_name(enum plugin_error error);

struct plugin_registry; /* all plugins of a process */
struct plugin;          /* one loaded shared object */
struct plugin_instance; /* one configured source of it */

struct plugin_registry *plugin_registry_create(void);
void plugin_registry_destroy(struct plugin_registry *registry);

/* The same path twice gives the same plugin. */
MUST_CHECK enum plugin_error plugin_load(struct plugin_registry *registry, const char *path,
                                         const struct plugin **plugin, struct fault *fault);
const struct fascia_plugin *plugin_describe(const struct plugin *plugin);
/* Row i of the options table, however wide the plugin's rows are. */
const struct fascia_option *plugin_option(const struct fascia_option *options, uint32_t index);
/* The same of its routes; how many there are is 0 of a plugin that knows none. */
const struct fascia_route *plugin_route(const struct fascia_plugin *described, uint32_t index);
uint32_t plugin_route_count(const struct fascia_plugin *described);

enum plugin_call {
    PLUGIN_CALL_DELIVER,
    PLUGIN_CALL_STATUS,
    PLUGIN_CALL_ANSWERED,
    PLUGIN_CALL_NOTIFY,
    PLUGIN_CALL_JUDGE,
    PLUGIN_CALL_REQUEST
};

/* What the owner lends an instance. context is the owner's. Each may be called while the plugin runs; the owner may then
 * call plugin_deliver, plugin_status, plugin_answered, plugin_request, plugin_result and plugin_answer of the same instance: what they would do is done as soon as the
 * plugin has returned, in the same order. */
struct plugin_owner {
    void *context;
    /* A submission of an open DELIVER. Later answered by plugin_result(). FASCIA_E_BUSY when the owner is full. The message was checked to unpack, and is lent;
     * an owner that says FASCIA_OK may keep submission->submit and leave NULL there. */
    enum fascia_status (*submit)(void *context, uint64_t delivery, void *user, Fascia__Submission *submission);
    /* The one ending of a token. Unpacked and lent: Fascia__Completion, Fascia__Outbound, Fascia__Verdict, Fascia__Judgement or Fascia__HttpReply by call; NULL when time ran out or the ending was unreadable. */
    void (*ended)(void *context, uint64_t delivery, enum plugin_call call, void *user, const ProtobufCMessage *ending);
    void (*log)(void *context, enum fascia_log_level level, const char *event, int64_t number);
    int64_t (*now)(void *context);
    void (*random)(void *context, uint8_t *bytes, size_t size);
    /* May be NULL: nothing can be asked. An ask of an open REQUEST, with a request in it, later answered by plugin_answer(). FASCIA_E_BUSY when the owner is full. Lent; an owner
     * that says FASCIA_OK may keep ask->request and leave NULL there. */
    enum fascia_status (*ask)(void *context, uint64_t request, void *user, Fascia__Ask *ask);
};
struct plugin_limits {
    uint32_t in_flight;      /* open tokens, at most 65536; 0: 4096 */
    int64_t deadline_ms;     /* for a token to end; 0: 30 s */
    size_t ending_bytes;     /* largest Completion, Outbound or Verdict; 0: 64 MiB */
    size_t submission_bytes; /* 0: 32 MiB */
    uint32_t submissions;    /* of one delivery; 0: 1,048,576 */
    uint32_t asks;           /* of one request; 0: 1,000 */
};

/* What a plugin wrote for the administrator: made to end, and to be one line. */
void plugin_clean_line(char *text, size_t room);
/* Whether the file may be loaded, by who owns it and what is above it; plugin_load() asks the same. */
MUST_CHECK enum plugin_error plugin_check_file(const char *path, struct fault *fault);

/* options: complete and checked (config_options). name is the source's configured name. */
MUST_CHECK enum plugin_error plugin_open(const struct plugin *plugin, const char *name, const Fascia__Options *options,
                                         const struct plugin_owner *owner, const struct plugin_limits *limits,
                                         struct plugin_instance **instance, struct fault *fault);
/* Abandons what is open (ended() is called with NULL for each), then close(). Never from within submit(), ended() or another function of the owner. */
void plugin_close(struct plugin_instance *instance);

/* One call of frame() of a plugin in this process, checked. */
void plugin_frame(struct plugin_instance *instance, struct fascia_bytes buffered, size_t already,
                  struct fascia_frame *frame);

/* Cuts one connection's bytes into frames. What a plugin says of them is checked: a frame lies inside what is buffered. */
struct plugin_framer;
/* more: something is known that was not when plugin_framer_next() last said MORE. Called from the loop, never from within next(). */
struct plugin_framer *plugin_framer_create(struct plugin_instance *instance, void (*more)(void *context),
                                           void *context);
void plugin_framer_destroy(struct plugin_framer *framer); /* takes NULL; also after plugin_close() */
/* buffered: all that waits, of which the first bytes were shown before, less what was taken. INVALID with the plugin's reply, or none when
 * what it said can't be. reply is lent until the next call. The same is said again until something is taken. */
void plugin_framer_next(struct plugin_framer *framer, struct fascia_bytes buffered, struct fascia_frame *frame);
/* So many bytes are gone from the buffer's beginning: frame.skip after MORE, frame.total after COMPLETE. */
void plugin_framer_take(struct plugin_framer *framer, size_t size);
/* It was shown bytes of which it can't say yet what they are: more() will be called. */
bool plugin_framer_waits(const struct plugin_framer *framer);

/* 0 when too many are in flight, or the instance is closing: nothing was called. Otherwise the token; ended() may already have been called. */
uint64_t plugin_deliver(struct plugin_instance *instance, const Fascia__Delivery *delivery, void *user);
uint64_t plugin_status(struct plugin_instance *instance, const Fascia__StatusNotice *notice, void *user);
uint64_t plugin_answered(struct plugin_instance *instance, const Fascia__Answered *answered, void *user);
/* A delivery that is not to be worked off, of which the plugin only tells the sender: a DELIVER whose submissions are refused. */
uint64_t plugin_refuse(struct plugin_instance *instance, const Fascia__Delivery *delivery, void *user);
/* Whether the plugin as it now is can tell; plugin_refuse() is for those that can. */
bool plugin_can_refuse(const struct plugin_instance *instance);
/* Of a notifier and of a policy; what the plugin is, its owner has checked. */
uint64_t plugin_notify(struct plugin_instance *instance, const Fascia__Notice *notice, void *user);
uint64_t plugin_judge(struct plugin_instance *instance, const Fascia__Question *question, void *user);
uint64_t plugin_request(struct plugin_instance *instance, const Fascia__HttpRequest *request, void *user);
/* What the node says to an ask. Nothing happens when the request has ended meanwhile. */
void plugin_answer(struct plugin_instance *instance, uint64_t request, const Fascia__Answer *answer);
/* Nobody waits for this token's ending any more: the plugin forgets it, and ended() is called with NULL. Nothing happens when it has ended. */
void plugin_abandon(struct plugin_instance *instance, uint64_t token);
/* What became of a submission. Nothing happens when the token has ended meanwhile. */
void plugin_result(struct plugin_instance *instance, uint64_t delivery, uint32_t item, const Fascia__Result *result);
/* Ends tokens whose time is up. Returns the next deadline, or INT64_MAX. */
int64_t plugin_expire(struct plugin_instance *instance, int64_t now);

/* ---- a plugin in a process of its own --------------------------------------------------------------------------------
 * The same instance in every other respect. The owner starts the process, moves its bytes, and says when it has ended. */
struct plugin_process {
    void *context;
    /* Queues bytes for the process; must not call back. */
    void (*send)(void *context, const uint8_t *bytes, size_t size);
    /* It has said what it is (NULL and why: it can't be used). The owner then calls plugin_isolated_open(), or ends it. Lent until the process is lost. */
    void (*described)(void *context, const struct fascia_plugin *described, const char *fault);
    /* It has taken its options (NULL), or refused them. */
    void (*opened)(void *context, const char *fault);
    /* A delivery that was not begun for want of room may be tried again. */
    void (*room)(void *context);
};

struct plugin_instance *plugin_isolated_create(struct plugin_registry *registry, const char *name,
                                               const struct plugin_owner *owner, const struct plugin_limits *limits,
                                               const struct plugin_process *process);
/* A process is there; it is to describe itself. */
void plugin_isolated_connected(struct plugin_instance *instance);
void plugin_isolated_open(struct plugin_instance *instance, const Fascia__Options *options);
/* Bytes that came from it; *taken of them need not be shown again. false: it must be ended, *why is one word. */
MUST_CHECK bool plugin_isolated_input(struct plugin_instance *instance, const uint8_t *bytes, size_t size,
                                      size_t *taken, const char **why);
/* The process has ended; by itself, or because it had to be, or as its owner wished. What is open is given to the next one. */
void plugin_isolated_lost(struct plugin_instance *instance, bool ended_by_us);
/* No next one comes for now: what is open ends without an answer. */
void plugin_isolated_give_up(struct plugin_instance *instance);
/* Begins nothing new while held; what it is given waits for the release, or for the next process. */
void plugin_isolated_hold(struct plugin_instance *instance, bool held);
/* Nothing is begun any more, or it is again. */
void plugin_isolated_retire(struct plugin_instance *instance, bool retired);
/* Asks it to end by itself. */
void plugin_isolated_finish(struct plugin_instance *instance);
/* NULL while no process has described itself. Its functions are NULL. */
const struct fascia_plugin *plugin_isolated_description(const struct plugin_instance *instance);
/* Since when the call that it is at has been with it; INT64_MAX: it is at none. */
int64_t plugin_isolated_busy_since(const struct plugin_instance *instance);
/* What the process has under way: calls that have not returned, and deliveries that it has begun and not ended. */
size_t plugin_isolated_under_way(const struct plugin_instance *instance);

struct plugin_counts {
    uint64_t delivered, completed, expired, refused_completions, refused_submissions;
    uint64_t given_again, refused_deliveries; /* of an isolated plugin */
    uint32_t open;
};
void plugin_counts(const struct plugin_instance *instance, struct plugin_counts *counts);

#endif
