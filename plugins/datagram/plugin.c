/*
 * A notifier: each notice becomes one line of JSON in one datagram to a Unix socket of this machine.
 *
 * Such a datagram arrives whole, or the sender learns at once that it did not: nobody listens, or their queue is full. So a notice is heard, or the
 * host comes back with it. The socket never blocks. README.md says what a receiver reads.
 */
#include <fascia/plugin.h>
#include <fascia/v1/plugin.pb-c.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MOST 2048

struct datagram {
    const struct fascia_host *host;
    struct sockaddr_un to;
    int socket; /* -1: none yet */
};

static const struct fascia_option options[] = {
    {.size = sizeof(struct fascia_option),
     .type = FASCIA_OPTION_PATH,
     .name = "to",
     .help = "The Unix datagram socket that somebody listens on",
     .maximum = sizeof((struct sockaddr_un *)0)->sun_path - 1,
     .flags = FASCIA_OPTION_REQUIRED},
};

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static void datagram_close(void *instance)
{
    struct datagram *datagram = instance;

    if (datagram->socket >= 0)
        close(datagram->socket);
    free(datagram);
}

static enum fascia_status datagram_open(const struct fascia_host *host, struct fascia_bytes bytes, void **instance,
                                        char *fault, size_t fault_size)
{
    Fascia__Options *given = fascia__options__unpack(NULL, bytes.size, bytes.data);
    struct datagram *datagram = calloc(1, sizeof *datagram);

    if (given == NULL || given->n_values != 1 || datagram == NULL) {
        snprintf(fault, fault_size, "there is no memory for this notifier");
        fascia__options__free_unpacked(given, NULL);
        free(datagram);
        return FASCIA_E_INTERNAL;
    }
    datagram->host = host;
    datagram->socket = -1;
    datagram->to.sun_family = AF_UNIX;
    snprintf(datagram->to.sun_path, sizeof datagram->to.sun_path, "%s", given->values[0]->text);
    fascia__options__free_unpacked(given, NULL);
    *instance = datagram;
    return FASCIA_OK;
}

/* ---- a notice as a line ------------------------------------------------------------------------------------------------ */

/* Identifiers and configured names; what JSON can't hold as it is becomes an escape. */
static void write_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, ",\"%s\":\"", name);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
        if (*at < ' ' || *at == '"' || *at == '\\')
            fprintf(out, "\\u%04x", *at);
        else
            fputc(*at, out);
    fputc('"', out);
}

static const char *state_name(Fascia__State state)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&fascia__state__descriptor, (int)state);

    return value != NULL && state != FASCIA__STATE__STATE_NONE ? value->name + strlen("STATE_") : "";
}

/* Its length; 0 when it does not fit, which no identifier that the host takes can bring about. */
static size_t write_line(const Fascia__Notice *notice, char line[LINE_MOST])
{
    FILE *out = fmemopen(line, LINE_MOST, "w");
    long size = 0;

    if (out == NULL)
        return 0;
    fprintf(out, "{\"id\":%" PRIu64 ",\"sequence\":%" PRIu64 ",\"at\":%" PRId64, notice->id, notice->sequence,
            notice->at);
    if (notice->referral != 0)
        fprintf(out, ",\"referral\":%" PRIu64, notice->referral);
    write_text(out, "kind", notice->kind);
    write_text(out, "state", state_name(notice->state));
    write_text(out, "therapist", notice->therapist);
    write_text(out, "source", notice->source);
    fprintf(out, ",\"priority\":%d,\"attempt\":%" PRIu32 "}\n", (int)notice->priority, notice->attempt);
    size = fflush(out) == 0 ? ftell(out) : 0;
    fclose(out);
    return size > 0 && size < LINE_MOST ? (size_t)size : 0;
}

/* ---- telling ------------------------------------------------------------------------------------------------------------- */

/* NULL when it arrived, else why not. */
static const char *send_line(struct datagram *datagram, const char *line, size_t size)
{
    if (datagram->socket < 0)
        datagram->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (datagram->socket < 0)
        return "no-socket";
    if (sendto(datagram->socket, line, size, 0, (const struct sockaddr *)&datagram->to, sizeof datagram->to) >= 0)
        return NULL;
    switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
        return "nobody-listens";
    case EAGAIN:
    case ENOBUFS:
        return "queue-full";
    case EACCES:
    case EPERM:
        return "not-allowed";
    default:
        return "not-sent";
    }
}

static void complete(struct datagram *datagram, uint64_t token, Fascia__Verdict__Kind kind, const char *reason)
{
    Fascia__Verdict verdict = FASCIA__VERDICT__INIT;
    uint8_t packed[64];

    verdict.kind = kind;
    verdict.reason = (char *)(uintptr_t)reason; /* only packed */
    datagram->host->complete(datagram->host->context, token,
                             (struct fascia_bytes){packed, fascia__verdict__pack(&verdict, packed)});
}

static void datagram_notify(void *instance, uint64_t token, struct fascia_bytes message)
{
    struct datagram *datagram = instance;
    Fascia__Notice *notice = fascia__notice__unpack(NULL, message.size, message.data);
    char line[LINE_MOST];
    const size_t size = notice != NULL ? write_line(notice, line) : 0;
    const char *why = size > 0 ? send_line(datagram, line, size) : NULL;

    fascia__notice__free_unpacked(notice, NULL);
    if (size == 0)
        complete(datagram, token, FASCIA__VERDICT__KIND__GIVE_UP, "unreadable");
    else if (why != NULL)
        complete(datagram, token, FASCIA__VERDICT__KIND__RETRY, why);
    else
        complete(datagram, token, FASCIA__VERDICT__KIND__DELIVERED, "");
}

/* Every token ends within its call: there is never one to forget. */
static void datagram_abandon(void *instance, uint64_t token)
{
    (void)instance;
    (void)token;
}

static const struct fascia_plugin described = {
    .magic = FASCIA_PLUGIN_MAGIC,
    .size = sizeof(struct fascia_plugin),
    .abi_major = FASCIA_ABI_MAJOR,
    .abi_minor = FASCIA_ABI_MINOR,
    .kind = FASCIA_KIND_NOTIFIER,
    .option_count = sizeof options / sizeof options[0],
    .name = "datagram",
    .version = "1.0",
    .summary = "Events as lines of JSON, a datagram each, to a Unix socket",
    .options = options,
    .open = datagram_open,
    .close = datagram_close,
    .abandon = datagram_abandon,
    .notify = datagram_notify,
};

const struct fascia_plugin *fascia_plugin(void)
{
    return &described;
}
