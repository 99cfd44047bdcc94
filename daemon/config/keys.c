#include "config/keys.h"

#include "core/notation.h"

#include <string.h>

#ifndef FASCIA_TABLES_DIRECTORY
#define FASCIA_TABLES_DIRECTORY "/usr/local/share/fascia/tables"
#endif
#ifndef FASCIA_PLUGIN_RUNNER
#define FASCIA_PLUGIN_RUNNER "/usr/local/libexec/fascia/fascia-plugin-runner"
#endif
#ifndef FASCIA_PLUGIN_DIRECTORY
#define FASCIA_PLUGIN_DIRECTORY "/usr/local/lib/fascia/plugins"
#endif

/* ---- notations of single keys ------------------------------------------------------------------------------------- */

static bool read_name(const char *text, int64_t *number)
{
    (void)number;
    return notation_is_name(text, '-', 63);
}
static const struct config_notation name_notation = {
    read_name, "a name of lower-case letters, digits and '-' that begins with a letter, at most 63 bytes"};

/* ISO 3166-1 alpha-2 */
static bool read_country(const char *text, int64_t *number)
{
    (void)number;
    return strlen(text) == 2 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2;
}
static const struct config_notation country_notation = {read_country, "a country's two letters, such as US or CA"};

/* An IANA name becomes a file name below zoneinfo_directory, so it must not leave it. */
static bool read_zone(const char *text, int64_t *number)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    size_t size = strlen(text);

    (void)number;
    return size > 0 && size < 64 && strspn(text, allowed) == size && text[0] != '/' && text[size - 1] != '/';
}
static const struct config_notation zone_notation = {read_zone, "a time zone's name, such as America/New_York"};

static bool read_mode(const char *text, int64_t *number)
{
    int64_t mode = 0;

    if (strlen(text) < 3 || strlen(text) > 4 || strspn(text, "01234567") != strlen(text))
        return false;
    for (const char *at = text; *at != '\0'; at++)
        mode = mode * 8 + (*at - '0');
    *number = mode;
    return mode <= 0777;
}
static const struct config_notation mode_notation = {read_mode, "a socket's permissions in octal, such as 0660"};

static bool read_group(const char *text, int64_t *number)
{
    (void)number;
    return strlen(text) <= 32 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text);
}
static const struct config_notation group_notation = {read_group, "a group's name, or '' for the daemon's own"};

static bool read_user(const char *text, int64_t *number)
{
    (void)number;
    return strlen(text) >= 1 && strlen(text) <= 32 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text);
}
static const struct config_notation user_notation = {read_user, "a user's name or number"};

static bool read_http(const char *text, int64_t *number)
{
    (void)number;
    return text[0] == '\0' || notation_is_address(text);
}
static const struct config_notation http_notation = {read_http,
                                                     "an address (127.0.0.1:9128, [::1]:9128), or '' for none"};

static bool read_listen(const char *text, int64_t *number)
{
    (void)number;
    return notation_is_address(text) || (strncmp(text, "unix:", 5) == 0 && notation_is_path(text + 5));
}
static const struct config_notation listen_notation = {
    read_listen, "an address to listen on (127.0.0.1:2575, [::1]:2575, unix:/run/fascia/in.sock)"};

static bool read_distance(const char *text, int64_t *number)
{
    return notation_distance(text, number) && *number >= 100 && *number <= 20000000;
}
static const struct config_notation distance_notation = {
    read_distance, "a distance (40km, 800m, or plain metres) from 100m to 20000km"};

/* Calendars have a grain of 15 minutes. */
static bool read_visit(const char *text, int64_t *number)
{
    int64_t milliseconds = 0;

    if (!notation_integer(text, number)) {
        if (!notation_duration(text, &milliseconds) || milliseconds % 60000 != 0)
            return false;
        *number = milliseconds / 60000;
    }
    return *number >= 15 && *number <= 480 && *number % 15 == 0;
}
static const struct config_notation visit_notation = {read_visit,
                                                      "minutes, in steps of 15, from 15 to 480 (60, 90m, 1h)"};

/* As $PATH is written. */
static bool read_paths(const char *text, int64_t *number)
{
    char path[4096];
    const char *end = NULL;

    (void)number;
    for (const char *at = text; *at != '\0'; at = *end == ':' ? end + 1 : end) {
        end = strchrnul(at, ':');
        if ((size_t)(end - at) >= sizeof path || (*end == ':' && end[1] == '\0'))
            return false;
        memcpy(path, at, (size_t)(end - at));
        path[end - at] = '\0';
        if (!notation_is_path(path))
            return false;
    }
    return strlen(text) < sizeof path;
}
static const struct config_notation paths_notation = {read_paths,
                                                      "absolute paths with ':' between them, or '' for none"};

static bool read_interpreter(const char *text, int64_t *number)
{
    (void)number;
    return text[0] == '\0' || notation_is_path(text);
}
static const struct config_notation interpreter_notation = {
    read_interpreter, "the absolute path of a program, such as /usr/bin/python3, or '' for none"};

/* A file that need not be. */
static bool read_file(const char *text, int64_t *number)
{
    (void)number;
    return text[0] == '\0' || notation_is_path(text);
}
static const struct config_notation file_notation = {read_file, "a file's absolute path, or '' for none"};

static const char segment_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

/* '' or "/fhir", "/fhir/r4": segments of plain letters. */
static bool read_prefix(const char *text, int64_t *number)
{
    (void)number;
    for (const char *at = text; *at != '\0';) {
        const size_t size = *at == '/' ? strspn(at + 1, segment_letters) : 0;
        if (size == 0 || at[1] == '.')
            return false;
        at += 1 + size;
    }
    return strlen(text) <= 200;
}
static const struct config_notation prefix_notation = {read_prefix, "'' for the root, or a path such as /fhir"};

static bool read_url(const char *text, int64_t *number)
{
    const size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
    const size_t host = scheme == 0 ? 0 : strcspn(text + scheme, "/");

    if (text[0] == '\0')
        return true;
    if (host == 0 ||
        strspn(text + scheme, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") < host)
        return false;
    return read_prefix(text + scheme + host, number);
}
static const struct config_notation url_notation = {
    read_url, "a URL without a '/' at its end, such as https://refer.example/fhir, or ''"};

static bool read_plugin(const char *text, int64_t *number)
{
    (void)number;
    return notation_is_path(text) || notation_is_name(text, '-', 32);
}
static const struct config_notation plugin_notation = {read_plugin,
                                                       "a plugin's name (hl7v2) or the absolute path of its file"};

const char *config_default_runner(void)
{
    return FASCIA_PLUGIN_RUNNER;
}

/* ---- the tables ---------------------------------------------------------------------------------------------------- */

#define OPTION(type_, name_, default_, minimum_, maximum_, choices_, flags_, help_)                                    \
    {                                                                                                                  \
        .size = sizeof(struct fascia_option), .type = (type_), .name = (name_), .help = (help_),                       \
        .default_value = (default_), .minimum = (minimum_), .maximum = (maximum_), .choices = (choices_),              \
        .flags = (flags_)                                                                                              \
    }
#define ROW(section, name, goes, type, field, target_, reload, own, default_value, minimum, maximum, choices, flags,   \
            help)                                                                                                      \
    {                                                                                                                  \
        .path = section "." name,                                                                                      \
        .option = OPTION(FASCIA_OPTION_##type, name, default_value, minimum, maximum, choices, flags, help),           \
        .notation = (own), .target = TARGET_##target_, .offset = offsetof(goes, field), .reloadable = (reload)         \
    }

#define NODE(name, type, field, target, reload, own, default_value, minimum, maximum, choices, help)                   \
    ROW("node", name, struct config, type, field, target, reload, own, default_value, minimum, maximum, choices, 0,    \
        help)

static const struct config_key node_keys[] = {
    NODE("name", TEXT, name, TEXT, false, &name_notation, "fascia", 0, 0, NULL,
         "What this node is called, in logs and to its peers"),
    NODE("data_directory", PATH, data_directory, TEXT, false, NULL, "/var/lib/fascia", 0, 0, NULL,
         "Where the store keeps its files"),
    NODE("node_key_file", PATH, node_key_file, TEXT, false, NULL, NULL, 0, 0, NULL,
         "The 32-byte key that wraps every referral's own; without this key node.key in the data directory, made on "
         "first start"),
    NODE("country", TEXT, country, TEXT, false, &country_notation, "US", 0, 0, NULL,
         "The country of an address that names none, and which code tables are read"),
    NODE("time_zone", TEXT, time_zone, TEXT, false, &zone_notation, "UTC", 0, 0, NULL,
         "The time zone of a referral or therapist that names none"),
    NODE("tables_directory", PATH, tables_directory, TEXT, false, NULL, FASCIA_TABLES_DIRECTORY, 0, 0, NULL,
         "The directory of code tables"),
    NODE("plugin_directory", PATH, plugin_directory, TEXT, false, NULL, FASCIA_PLUGIN_DIRECTORY, 0, 0, NULL,
         "Where a plugin named without a path is looked for"),
    NODE("plugin_runner", PATH, plugin_runner, TEXT, false, NULL, FASCIA_PLUGIN_RUNNER, 0, 0, NULL,
         "The program that runs isolated plugins"),
    NODE("plugin_user", TEXT, plugin_user, TEXT, false, &user_notation, "fascia-plugin", 0, 0, NULL,
         "Whom isolated plugins run as, where the daemon may choose"),
    NODE("zoneinfo_directory", PATH, zoneinfo_directory, TEXT, false, NULL, "/usr/share/zoneinfo", 0, 0, NULL,
         "The system's time zone files"),
    NODE("control_socket", PATH, control_socket, TEXT, false, NULL, "/run/fascia/control.sock", 0, 0, NULL,
         "The Unix socket on which fasciactl talks to the daemon"),
    NODE("control_mode", TEXT, control_mode, INT, false, &mode_notation, "0660", 0, 0, NULL,
         "The permissions of that socket: who may write to it may do everything"),
    NODE("control_group", TEXT, control_group, TEXT, false, &group_notation, "", 0, 0, NULL,
         "The group of that socket"),
    NODE("http", TEXT, http, TEXT, false, &http_notation, "127.0.0.1:9128", 0, 0, NULL,
         "Where /metrics, /healthz and /readyz are served"),
    NODE("log_level", CHOICE, log_level, INT, true, NULL, "info", 0, 0, "debug|info|warning|error",
         "The least grave events that are logged"),
    NODE("queue", INTEGER, queue, U32, false, NULL, "8192", 16, 1048576, NULL,
         "How many commands may wait; beyond it senders are told to come back"),
};

#define MATCHING(name, type, field, target, own, default_value, minimum, maximum, help)                                \
    ROW("matching", name, struct config, type, field, target, true, own, default_value, minimum, maximum, NULL, 0, help)

static const struct config_key matching_keys[] = {
    MATCHING("max_distance", TEXT, max_distance, U32, &distance_notation, "40km", 0, 0,
             "How far a patient is sent when the referral does not say"),
    MATCHING("duration", TEXT, duration_minutes, U32, &visit_notation, "60", 0, 0,
             "The length of a visit when the referral does not say"),
    MATCHING("payer_required", BOOLEAN, payer_required, BOOL, NULL, "false", 0, 0,
             "Whether a referral without coverage waits for information; otherwise it counts as self-pay"),
    MATCHING("maximum_offers", INTEGER, maximum_offers, U32, NULL, "25", 1, 1000,
             "A referral that was offered more often waits for a person"),
    MATCHING("rating_mean", INTEGER, rating_mean, U32, NULL, "80", 0, 100,
             "The mean towards which few reviews are shrunk"),
    MATCHING("rating_prior", INTEGER, rating_prior, U32, NULL, "10", 0, 10000, "How many reviews that mean counts as"),
    MATCHING("experience_full", INTEGER, experience_full, U32, NULL, "50", 1, 100000,
             "How many cases of the condition earn the whole of experience"),
    MATCHING("earliest_span", DURATION, earliest_span_ms, I64, NULL, "28d", 3600000, INT64_C(84) * 86400000,
             "After which time an earliest free hour earns nothing"),
};

#define LIFETIME(name, index, default_value, help)                                                                     \
    ROW("matching.offer_lifetime", name, struct config, DURATION, offer_lifetime[index], I64, true, NULL,              \
        default_value, 60000, INT64_C(30) * 86400000, NULL, 0, help)
static const struct config_key lifetime_keys[] = {
    LIFETIME("routine", 1, "24h", "How long a therapist has to answer a routine offer"),
    LIFETIME("urgent", 2, "4h", "The same of an urgent one"),
    LIFETIME("stat", 3, "1h", "The same of one that can't wait"),
};

/* The order of the parts is that of enum match_part. */
#define WEIGHT(name, index, default_value, help)                                                                       \
    ROW("matching.weights", name, struct config, INTEGER, weight[index], I32, true, NULL, default_value, 0, 10000,     \
        NULL, 0, help)
static const struct config_key weight_keys[] = {
    WEIGHT("distance", 0, "300", "Points of a therapist next door"),
    WEIGHT("experience", 1, "200", "Points of much experience with the condition"),
    WEIGHT("reviews", 2, "150", "Points of the best reviews and outcomes"),
    WEIGHT("earliest", 3, "200", "Points of a free hour at once"),
    WEIGHT("continuity", 4, "100", "Points of having treated this patient before"),
    WEIGHT("load", 5, "50", "Points of a therapist with nothing to do: fairness between equals"),
};

#define DELIVERY(name, type, field, target, default_value, minimum, maximum, help)                                     \
    ROW("delivery", name, struct config, type, field, target, true, NULL, default_value, minimum, maximum, NULL, 0,    \
        help)
static const struct config_key delivery_keys[] = {
    DELIVERY("retry_first", DURATION, retry_first_ms, I64, "5s", 100, 3600000,
             "The pause after a status that did not arrive; it doubles each time"),
    DELIVERY("retry_last", DURATION, retry_last_ms, I64, "15m", 100, 86400000, "The longest such pause"),
    DELIVERY("give_up_after", DURATION, give_up_after_ms, I64, "7d", 1000, INT64_C(90) * 86400000,
             "When a status that nobody takes is given up"),
    DELIVERY("answer_timeout", DURATION, answer_timeout_ms, I64, "30s", 100, 3600000,
             "How long an answer to a status is waited for"),
    DELIVERY("refusals", INTEGER, refusals, U32, "10", 1, 1000, "How many negative answers make a status given up"),
};

#define SOURCE(section, name, type, field, target, own, default_value, minimum, maximum, flags, help)                  \
    ROW(section, name, struct config_source, type, field, target, false, own, default_value, minimum, maximum, NULL,   \
        flags, help)
static const struct config_key stream_keys[] = {
    SOURCE("stream", "listen", TEXT, stream.listen, TEXT, &listen_notation, NULL, 0, 0, FASCIA_OPTION_REQUIRED,
           "Where senders connect"),
    SOURCE("stream", "connections", INTEGER, stream.connections, U32, NULL, "1024", 1, 65536, 0,
           "How many may be connected at one time"),
    SOURCE("stream", "per_peer", INTEGER, stream.per_peer, U32, NULL, "0", 0, 65536, 0,
           "How many of them from one address; 0 for no bound of its own"),
    SOURCE("stream", "input", SIZE, stream.input, SIZE, NULL, "16MiB", 1024, INT64_C(256) << 20, 0,
           "The largest frame that is taken"),
    SOURCE("stream", "idle", DURATION, stream.idle_ms, I64, NULL, "5m", 1000, INT64_C(7) * 86400000, 0,
           "When a connection on which nothing happens is closed"),
    SOURCE("stream", "frame", DURATION, stream.frame_ms, I64, NULL, "60s", 100, 3600000, 0,
           "How long a sender may take for one frame"),
};
static const struct config_key folder_keys[] = {
    SOURCE("folder", "path", PATH, folder.path, TEXT, NULL, NULL, 0, 0, FASCIA_OPTION_REQUIRED,
           "The directory in which files appear"),
    SOURCE("folder", "settle", DURATION, folder.settle_ms, I64, NULL, "1s", 10, 3600000, 0,
           "How long a file must stand still before it is taken"),
    SOURCE("folder", "scan", DURATION, folder.scan_ms, I64, NULL, "10s", 100, 3600000, 0,
           "How often a directory that tells of no changes is looked at"),
    SOURCE("folder", "maximum_size", SIZE, folder.maximum_bytes, SIZE, NULL, "64MiB", 1, INT64_C(256) << 20, 0,
           "The largest file that is taken"),
};
static const struct config_key http_keys[] = {
    SOURCE("http", "listen", TEXT, http.listen, TEXT, &listen_notation, NULL, 0, 0, FASCIA_OPTION_REQUIRED,
           "Where clients connect; sources with the same address share one server"),
    SOURCE("http", "prefix", TEXT, http.prefix, TEXT, &prefix_notation, "", 0, 0, 0,
           "What the paths of this source begin with"),
    SOURCE("http", "url", TEXT, http.url, TEXT, &url_notation, "", 0, 0, 0,
           "How clients reach that prefix, where a proxy stands between; without it what they send as Host"),
    SOURCE("http", "certificate", TEXT, http.certificate, TEXT, &file_notation, "", 0, 0, 0,
           "The server's certificate and its chain (PEM), for TLS"),
    SOURCE("http", "key", TEXT, http.key, TEXT, &file_notation, "", 0, 0, 0, "The private key of that certificate"),
    SOURCE("http", "client_authorities", TEXT, http.client_authorities, TEXT, &file_notation, "", 0, 0, 0,
           "Whose certificates clients may show"),
    ROW("http", "client_certificates", struct config_source, CHOICE, http.client_certificates, INT, false, NULL, "none",
        0, 0, "none|optional|required", 0, "Whether clients show a certificate"),
    SOURCE("http", "connections", INTEGER, http.connections, U32, NULL, "1024", 1, 65536, 0,
           "How many may be connected at one time"),
    SOURCE("http", "per_peer", INTEGER, http.per_peer, U32, NULL, "0", 0, 65536, 0,
           "How many of them from one address; 0 for no bound of its own"),
    SOURCE("http", "rate", INTEGER, http.rate, U32, NULL, "0", 0, 1000000, 0,
           "Requests a second from one address; 0 for no bound"),
    SOURCE("http", "body", SIZE, http.body, SIZE, NULL, "16MiB", 1024, INT64_C(256) << 20, 0,
           "The largest body that is taken"),
    SOURCE("http", "head_time", DURATION, http.head_ms, I64, NULL, "10s", 100, 3600000, 0,
           "How long a client may take for a request's head"),
    SOURCE("http", "body_time", DURATION, http.body_ms, I64, NULL, "60s", 100, 3600000, 0, "The same of its body"),
    SOURCE("http", "idle", DURATION, http.idle_ms, I64, NULL, "60s", 100, 3600000, 0,
           "When a connection on which nothing happens is closed"),
};
static const struct config_key source_keys[] = {
    SOURCE("source", "name", TEXT, name, TEXT, &name_notation, NULL, 0, 0, FASCIA_OPTION_REQUIRED,
           "What this source is called; referrals are known by it, so it should not change"),
    SOURCE("source", "plugin", TEXT, plugin, TEXT, &plugin_notation, NULL, 0, 0, FASCIA_OPTION_REQUIRED,
           "The plugin that understands its senders"),
    SOURCE("source", "in_flight", INTEGER, in_flight, U32, NULL, "4096", 1, 65536, 0,
           "How many deliveries may be open at one time"),
    SOURCE("source", "deadline", DURATION, deadline_ms, I64, NULL, "30s", 100, 3600000, 0,
           "How long the plugin may take for one of them"),
    ROW("source", "isolation", struct config_source, CHOICE, isolation, INT, false, NULL, "auto", 0, 0,
        "auto|inproc|process", 0,
        "Where the plugin runs: in the daemon, or in a process of its own; auto: in the daemon when its file is in "
        "plugin_directory"),
    SOURCE("source", "memory", SIZE, memory, SIZE, NULL, "256MiB", INT64_C(16) << 20, INT64_C(64) << 30, 0,
           "How much memory that process may take"),
    SOURCE("source", "network", BOOLEAN, network, BOOL, NULL, "false", 0, 0, 0,
           "Whether that process may use the network"),
    SOURCE("source", "call_timeout", DURATION, call_timeout_ms, I64, NULL, "10s", 100, 3600000, 0,
           "When a call from which it has not returned ends that process"),
    SOURCE("source", "interpreter", TEXT, interpreter, TEXT, &interpreter_notation, "", 0, 0, 0,
           "The one program that the process may execute, for a plugin that is a script"),
    SOURCE("source", "reads", TEXT, reads, TEXT, &paths_notation, "", 0, 0, 0,
           "What it may read beside /usr and the directory of its file"),
};

/* What a plugin's process is held to; the same words as of a source's. */
#define PLUGIN(name, type, field, target, own, default_value, minimum, maximum, choices, flags, help)                  \
    ROW("plugin", name, struct config_source, type, field, target, false, own, default_value, minimum, maximum,        \
        choices, flags, help)
static const struct config_key plugin_keys[] = {
    PLUGIN("name", TEXT, name, TEXT, &name_notation, NULL, 0, 0, NULL, FASCIA_OPTION_REQUIRED,
           "What this notifier or policy is called, in explanations and the outbox; no source has the same name"),
    PLUGIN("plugin", TEXT, plugin, TEXT, &plugin_notation, NULL, 0, 0, NULL, FASCIA_OPTION_REQUIRED,
           "The plugin: its name, or the absolute path of its file"),
    PLUGIN("weight", INTEGER, policy_weight, I32, NULL, "100", 0, 10000, NULL, 0,
           "Of a policy with the grant score: points of its best ruling, and as many off for its worst"),
    PLUGIN("time", DURATION, judge_ms, I64, NULL, "250ms", 10, 10000, NULL, 0,
           "How long a policy is waited for; then it has abstained"),
    PLUGIN("in_flight", INTEGER, in_flight, U32, NULL, "256", 1, 65536, NULL, 0,
           "How many calls may be open at one time"),
    PLUGIN("deadline", DURATION, deadline_ms, I64, NULL, "30s", 100, 3600000, NULL, 0,
           "How long a notifier may take for one notice"),
    PLUGIN("isolation", CHOICE, isolation, INT, NULL, "auto", 0, 0, "auto|inproc|process", 0,
           "Where the plugin runs, as of a source"),
    PLUGIN("memory", SIZE, memory, SIZE, NULL, "256MiB", INT64_C(16) << 20, INT64_C(64) << 30, NULL, 0,
           "How much memory its own process may take"),
    PLUGIN("network", BOOLEAN, network, BOOL, NULL, "false", 0, 0, NULL, 0, "Whether that process may use the network"),
    PLUGIN("call_timeout", DURATION, call_timeout_ms, I64, NULL, "10s", 100, 3600000, NULL, 0,
           "When a call from which it has not returned ends that process"),
    PLUGIN("interpreter", TEXT, interpreter, TEXT, &interpreter_notation, "", 0, 0, NULL, 0,
           "The one program that the process may execute, for a plugin that is a script"),
    PLUGIN("reads", TEXT, reads, TEXT, &paths_notation, "", 0, 0, NULL, 0,
           "What it may read beside /usr and the directory of its file"),
};

#define KEYS(table) .keys = (table), .count = sizeof(table) / sizeof(table)[0]
static const struct config_section matching_sections[] = {
    {.name = "offer_lifetime", .help = "How long an offer stays open", KEYS(lifetime_keys)},
    {.name = "weights", .help = "Points of each part of the score at its best; 0 switches one off", KEYS(weight_keys)},
};
static const struct config_section source_sections[] = {
    {.name = "stream", .help = "Connections that carry frames", KEYS(stream_keys)},
    {.name = "folder", .help = "A directory of files", KEYS(folder_keys)},
    {.name = "http", .help = "Routes on an HTTP server", KEYS(http_keys)},
};
const struct config_section config_sections[3] = {
    {.name = "node", .help = "The node itself", KEYS(node_keys)},
    {.name = "matching",
     .help = "How therapists are found and asked",
     KEYS(matching_keys),
     .nested = matching_sections,
     .nested_count = 2},
    {.name = "delivery", .help = "How statuses are brought back to senders", KEYS(delivery_keys)},
};
const struct config_section config_source_section = {.name = "sources",
                                                     .help = "Where referrals come from; a list",
                                                     KEYS(source_keys),
                                                     .nested = source_sections,
                                                     .nested_count = 3,
                                                     .others = {"options"}};
const struct config_section config_plugin_section = {
    .name = "plugins",
    .help =
        "Notifiers and policies; a list. Each also takes grants (a list of events, gate, score: what it may do, and "
        "nothing without), events (a list of the kinds that a notifier is told; all without) and options",
    KEYS(plugin_keys),
    .others = {"options", "grants", "events"}};
