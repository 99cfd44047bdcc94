/*
 * The configuration: one YAML file with includes, read whole and checked whole. Every error names file, line and column, and says what would be right;
 * errors are collected, not only the first. A checked configuration is immutable; a reload makes a new one.
 *
 *   node:        name data_directory node_key_file country time_zone tables_directory plugin_directory zoneinfo_directory control_socket control_mode control_group http
 *                log_level queue plugin_runner plugin_user
 *   matching:    offer_lifetime {routine urgent stat} max_distance duration payer_required maximum_offers
 *                weights {distance experience reviews earliest continuity load} rating_mean rating_prior experience_full earliest_span
 *   delivery:    retry_first retry_last give_up_after answer_timeout refusals
 *   sources:     - {name plugin in_flight deadline isolation memory network call_timeout interpreter reads options {...}, and one of
 *                   stream {listen connections per_peer input idle frame}, folder {path settle scan maximum_size},
 *                   http {listen prefix url certificate key client_authorities client_certificates connections per_peer rate body head_time body_time idle}}
 *   plugins:     - {name plugin isolation memory network call_timeout in_flight deadline grants [events gate score] events [...] weight time options {...}}
 *   include:     "conf.d/" + "*.yaml" (a list of patterns, relative to the including file; sources add up, other keys may appear once)
 */
#ifndef FASCIA_CONFIG_CONFIG_H
#define FASCIA_CONFIG_CONFIG_H

#include "core/fault.h"
#include "fascia/plugin.h"
#include "fascia/v1/plugin.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_stream {
    char *listen; /* address; NULL: none */
    uint32_t connections, per_peer;
    size_t input; /* largest frame */
    int64_t idle_ms, frame_ms;
};
struct config_folder {
    char *path; /* NULL: none */
    int64_t settle_ms, scan_ms;
    size_t maximum_bytes;
};
enum config_client_certificates {
    CONFIG_CERTIFICATES_NONE,
    CONFIG_CERTIFICATES_OPTIONAL,
    CONFIG_CERTIFICATES_REQUIRED
};
/* Sources that name the same address share its server, and say the same of it: only prefix and url are their own. */
struct config_http {
    char *listen; /* address; NULL: none */
    char *prefix; /* "/fhir"; "" : the root */
    char *
        url; /* how clients reach the prefix from outside, "https://refer.example/fhir"; "" : by the request's own Host */
    char *certificate, *key, *client_authorities; /* files; "" : none */
    int client_certificates;                      /* enum config_client_certificates */
    uint32_t connections, per_peer, rate;
    size_t body;
    int64_t head_ms, body_ms, idle_ms;
};
enum config_isolation { CONFIG_ISOLATION_AUTO, CONFIG_ISOLATION_INPROC, CONFIG_ISOLATION_PROCESS };
/* What a notifier or a policy may do; bits. Nothing that is not written. */
enum config_grant { CONFIG_GRANT_EVENTS = 1, CONFIG_GRANT_GATE = 2, CONFIG_GRANT_SCORE = 4 };
#define CONFIG_GRANTS_OF_POLICY (CONFIG_GRANT_GATE | CONFIG_GRANT_SCORE)
/* A source, or one entry of `plugins`: a notifier or a policy, which has no way in. */
#define CONFIG_NOTIFIERS_MOST 8
#define CONFIG_POLICIES_MOST  8
struct config_source {
    char *name;   /* [a-z][a-z0-9-]*, unique */
    char *plugin; /* absolute path, or a bare name looked up in plugin_directory */
    struct config_stream stream;
    struct config_folder folder;
    struct config_http http;
    uint32_t in_flight;
    int64_t deadline_ms;
    int isolation; /* enum config_isolation; AUTO: a process of its own for what is not in plugin_directory */
    size_t memory; /* of that process */
    bool network;  /* may it use the network? */
    int64_t call_timeout_ms;
    char *interpreter; /* that process may execute it; "" : nothing */
    char *reads;       /* absolute paths with ':' between them, which it may read */
    bool is_plugin;    /* stands under plugins; what follows is of those */
    unsigned grants;   /* bits of enum config_grant */
    uint32_t
        events; /* bit k: events of kind k (Fascia__Event__BodyCase) are told; with the grant of events all, unless some are named */
    int32_t policy_weight;
    int64_t judge_ms; /* how long a policy is waited for */
    void *options;    /* opaque: for config_options() */
};
struct config {
    /* node */
    char *name;
    char *data_directory, *node_key_file /* NULL: in data_directory */, *tables_directory, *plugin_directory,
        *zoneinfo_directory;
    char *plugin_runner, *plugin_user;
    char *country, *time_zone;
    char *control_socket;  /* path */
    unsigned control_mode; /* 0660 */
    char *control_group;   /* "" : the daemon's own */
    char *http;            /* address; "" : none */
    int log_level;         /* enum log_level */
    uint32_t queue;        /* commands that may wait; beyond it senders are told to come back */
    /* matching */
    int64_t offer_lifetime[4]; /* by Fascia__Priority */
    uint32_t max_distance, duration_minutes, maximum_offers;
    bool payer_required;
    int32_t weight[6]; /* by enum match_part */
    uint32_t rating_mean, rating_prior, experience_full;
    int64_t earliest_span_ms;
    /* delivery */
    int64_t retry_first_ms, retry_last_ms, give_up_after_ms, answer_timeout_ms;
    uint32_t refusals; /* negative answers after which a status is given up */
    /* sources, and behind them in the order of the files notifiers and policies */
    struct config_source *sources;
    size_t source_count;
    void *document; /* opaque: the parsed files */
};

struct config_errors {
    struct {
        char text[768];
    } * items; /* "fascia.yaml:14:3: node.time_zone 'Amerika/X' ..." */
    size_t count;
};

/* NULL when there is any error, and never with none. errors is set either way and freed by config_errors_finish; at most 100, then one that says that there are more. */
MUST_CHECK struct config *config_load(const char *path, struct config_errors *errors);
void config_destroy(struct config *config);
void config_errors_finish(struct config_errors *errors);

/* Whether an address takes any port that is free (":0"), and so another for each who names it. */
bool config_is_any_port(const char *address);

/* A source's options against its plugin's table: types, ranges, unknown names, defaults. NULL and errors when wrong; free with free_unpacked.
 * errors is added to: begin with {0}. What was not written and has no default is not there. */
MUST_CHECK Fascia__Options *config_options(const struct config *config, const struct config_source *source,
                                           const struct fascia_option *table, uint32_t count,
                                           struct config_errors *errors);
/* Where something was written, as "fascia.yaml:14:3": for what only shows when tables are read and plugins are loaded. */
struct config_where {
    char text[336];
};
/* Of a key of the node ("node.tables_directory"); the first file when it was not written. */
struct config_where config_where(const struct config *config, const char *path);
/* Of a source's entry, and in it as far down the path ("plugin", "options.senders") as was written. */
struct config_where config_where_of_source(const struct config_source *source, const char *path);
/* The manual of a table, as text for people. Heap. */
char *config_options_help(const struct fascia_option *table, uint32_t count);
/* Default of node.plugin_runner. */
const char *config_default_runner(void);
/* The manual of the daemon's own keys. Heap. */
char *config_help(void);

/* Parsers that others reuse: "30s" "250ms" "24h" "7d"; "64KiB" "16MiB" "1GiB" or plain bytes. */
MUST_CHECK bool config_parse_duration(const char *text, int64_t *milliseconds);
MUST_CHECK bool config_parse_size(const char *text, int64_t *bytes);

/* What differs and can't be changed while running, as words ("node.data_directory", "sources"), static; how many were written, 0 when a reload can take it all. */
size_t config_fixed_differences(const struct config *running, const struct config *wanted, const char **names,
                                size_t room);

#endif
