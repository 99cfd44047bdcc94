/*
 * One configured source: its tokens, and the queue of calls that wait until the plugin has returned.
 *
 * The interface promises a plugin that it is never called from within a host function that it called. The owner, who hears of endings inside
 * such a function, may still want to deliver the next frame at once: those calls wait in `queued`, in order, and run when the plugin has returned.
 */
#ifndef FASCIA_PLUGIN_INSTANCE_H
#define FASCIA_PLUGIN_INSTANCE_H

#include "plugin/load.h"
#include "plugin/numbered.h"
#include "plugin/tokens.h"

#include <sys/queue.h>

/* As in PluginCall.Entry of runner.proto. */
enum entry {
    ENTRY_DELIVER,
    ENTRY_RESULT,
    ENTRY_STATUS,
    ENTRY_ANSWERED,
    ENTRY_ABANDON,
    ENTRY_REFUSE,
    ENTRY_NOTIFY,
    ENTRY_JUDGE,
    ENTRY_REQUEST,
    ENTRY_ANSWER
};

struct queued_call {
    struct queued_call *next;
    enum entry entry;
    uint64_t token;
    size_t size;
    uint8_t bytes[];
};

struct remote;

struct plugin_instance {
    const struct plugin *plugin; /* NULL of one that runs in another process: */
    struct remote *remote;       /* NULL of one that runs in this */
    char *name;
    struct plugin_owner owner;
    struct plugin_limits limits;
    struct fascia_host host;
    void *state; /* the plugin's own */
    struct token_table tokens;
    struct plugin_counts counts;
    bool closing; /* nothing new is begun */
    bool inside;  /* the plugin has been called and has not returned */
    struct queued_call *queued, **queued_end;
    uint8_t *packed; /* of the running call */
    size_t packed_room;
    LIST_HEAD(plugin_framers, plugin_framer) framers;
    uint64_t streams;                /* numbers given to streams of an isolated plugin so far */
    struct numbered_table by_stream; /* framers of which its process was shown something */
};

/* The instance is going: its framers say no more. */
void framers_let_go(struct plugin_instance *instance);

/* The functions that the plugin sees. */
void plugin_host_fill(struct plugin_instance *instance);
/* One submission or ending, as bytes of the plugin. item: of the submission, when it could be read. */
enum fascia_status plugin_take_submission(struct plugin_instance *instance, uint64_t delivery,
                                          struct fascia_bytes bytes, uint32_t *item);
enum fascia_status plugin_take_completion(struct plugin_instance *instance, uint64_t delivery,
                                          struct fascia_bytes bytes);
enum fascia_status plugin_take_ask(struct plugin_instance *instance, uint64_t request, struct fascia_bytes bytes,
                                   uint32_t *item);
/* Tells the plugin that an ask of its was not taken, as an answer. */
void plugin_refuse_ask(struct plugin_instance *instance, uint64_t request, uint32_t item, enum fascia_status status);
/* Calls the plugin now, or after it has returned from what it is in. */
void plugin_enter(struct plugin_instance *instance, enum entry entry, uint64_t token, const ProtobufCMessage *message);
uint64_t plugin_begin(struct plugin_instance *instance, enum plugin_call kind, enum entry entry,
                      const ProtobufCMessage *message, void *user);
/* A plugin may call the host only from inside its own callbacks: elsewhere it is on another thread, or in a handler. */
bool plugin_is_out_of_turn(const struct plugin_instance *instance);
/* Ends a token without an answer. */
void plugin_give_up(struct plugin_instance *instance, uint64_t number);
/* A line of log on the plugin's behalf: what is no fixed word is not written. */
void plugin_host_log(struct plugin_instance *instance, enum fascia_log_level level, const char *event, int64_t number);

#endif
