#include "io/lookup.h"

#include "core/memory.h"
#include "io/turn.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

static const char resolver_file[] = "/etc/resolv.conf";

struct io_lookup {
    LIST_ENTRY(io_lookup) link;
    struct evdns_getaddrinfo_request *request;
    io_lookup_found found; /* NULL: cancelled */
    void *context;
};

struct io_lookups {
    struct evdns_base *resolver;
    struct timespec read_at; /* the time of resolver_file when it was read */
    LIST_HEAD(, io_lookup) waiting;
};

/* A laptop or a container gets other nameservers while the daemon runs. */
static void read_settings(struct io_lookups *lookups)
{
    struct stat status = {0};

    if (stat(resolver_file, &status) == 0 && status.st_mtim.tv_sec == lookups->read_at.tv_sec &&
        status.st_mtim.tv_nsec == lookups->read_at.tv_nsec)
        return;
    lookups->read_at = status.st_mtim;
    evdns_base_clear_nameservers_and_suspend(lookups->resolver);
    /* Without the file evdns asks 127.0.0.1; without the hosts file it still knows localhost. */
    (void)evdns_base_resolv_conf_parse(lookups->resolver, DNS_OPTIONS_ALL, resolver_file);
    evdns_base_resume(lookups->resolver);
}

static struct io_lookups *lookups_of(struct io_loop *loop)
{
    struct io_lookups **lookups = io_loop_lookups(loop);

    if (*lookups == NULL) {
        *lookups = memory_allocate(1, sizeof **lookups);
        LIST_INIT(&(*lookups)->waiting);
        (*lookups)->read_at.tv_nsec = -1;
        (*lookups)->resolver = evdns_base_new(io_loop_base(loop), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        INVARIANT((*lookups)->resolver != NULL);
    }
    read_settings(*lookups);
    return *lookups;
}

static void on_answer(int error, struct evutil_addrinfo *answer, void *context)
{
    struct sockaddr_storage addresses[IO_LOOKUP_MOST];
    socklen_t lengths[IO_LOOKUP_MOST];
    struct io_lookup *lookup = context;
    struct evutil_addrinfo *entry;
    io_lookup_found found = lookup->found;
    void *owner = lookup->context;
    size_t count = 0;

    memset(addresses, 0, sizeof addresses);
    for (entry = error == 0 ? answer : NULL; entry != NULL && count < IO_LOOKUP_MOST; entry = entry->ai_next) {
        if (entry->ai_addrlen > sizeof addresses[0])
            continue;
        memcpy(&addresses[count], entry->ai_addr, entry->ai_addrlen);
        lengths[count++] = entry->ai_addrlen;
    }
    if (answer != NULL)
        evutil_freeaddrinfo(answer);
    LIST_REMOVE(lookup, link);
    free(lookup);
    if (found != NULL)
        found(owner, addresses, lengths, count);
}

void io_lookup_start(struct io_loop *loop, const char *host, uint16_t port, struct io_lookup **lookup,
                     io_lookup_found found, void *context)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    struct io_lookups *lookups = lookups_of(loop);
    struct evdns_getaddrinfo_request *request;
    struct io_lookup *started = memory_allocate(1, sizeof *started);
    char service[8];

    started->found = found;
    started->context = context;
    *lookup = started;
    LIST_INSERT_HEAD(&lookups->waiting, started, link);
    evutil_snprintf(service, sizeof service, "%u", (unsigned)port);
    /* NULL: on_answer has been called, and started is gone. */
    request = evdns_getaddrinfo(lookups->resolver, host, service, &hints, on_answer, started);
    if (request != NULL)
        started->request = request;
}

void io_lookup_cancel(struct io_lookup *lookup)
{
    if (lookup == NULL)
        return;
    lookup->found = NULL;
    if (lookup->request != NULL)
        evdns_getaddrinfo_cancel(lookup->request);
}

void io_lookups_destroy(struct io_lookups *lookups)
{
    struct io_lookup *lookup;

    if (lookups == NULL)
        return;
    evdns_base_free(lookups->resolver, 0);
    /* Answers that libevent had deferred never come now. */
    while ((lookup = LIST_FIRST(&lookups->waiting)) != NULL) {
        LIST_REMOVE(lookup, link);
        free(lookup);
    }
    free(lookups);
}
