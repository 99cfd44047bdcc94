#include "io/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static bool parse_path(const char *path, struct io_address *address, struct fault *fault)
{
    struct sockaddr_un *name = (struct sockaddr_un *)&address->storage;

    if (path[0] != '/') {
        fault_set(fault, "the path after 'unix:' must begin with '/'");
        return false;
    }
    if (strlen(path) >= sizeof name->sun_path) {
        fault_set(fault, "the path of a Unix socket has at most %zu bytes", sizeof name->sun_path - 1);
        return false;
    }
    name->sun_family = AF_UNIX;
    strcpy(name->sun_path, path);
    address->length = sizeof *name;
    return true;
}

static bool parse_port(const char *text, uint16_t *port, struct fault *fault)
{
    size_t digits = strspn(text, "0123456789");
    long value = strtol(text, NULL, 10);

    if (digits == 0 || digits > 5 || text[digits] != '\0' || value > 65535) {
        fault_set(fault, "the port after ':' must be a number from 0 to 65535");
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

/* Writes the host; its end in text is where the port's ':' stands. */
static const char *parse_host(const char *text, struct io_address *address, struct fault *fault)
{
    const char *start = text[0] == '[' ? text + 1 : text;
    const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
    const char *colon = text[0] == '[' && end != NULL ? end + 1 : end;

    if (end == NULL || *colon != ':') {
        fault_set(fault, "an address is written host:port, [IPv6]:port or unix:/path");
        return NULL;
    }
    if (end == start || (size_t)(end - start) >= sizeof address->host) {
        fault_set(fault, "the host before ':' must have 1 to %zu bytes", sizeof address->host - 1);
        return NULL;
    }
    memcpy(address->host, start, (size_t)(end - start));
    address->host[end - start] = '\0';
    if (text[0] != '[' && strchr(address->host, ':') != NULL) {
        fault_set(fault, "an IPv6 address is written in brackets, like [::1]:2575");
        return NULL;
    }
    return colon;
}

static void complete_numeric(struct io_address *address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&address->storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->storage;

    if (inet_pton(AF_INET, address->host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(address->port);
        address->length = sizeof *four;
    } else if (inet_pton(AF_INET6, address->host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(address->port);
        address->length = sizeof *six;
    }
}

bool io_address_parse(const char *text, struct io_address *address, struct fault *fault)
{
    const char *colon;

    memset(address, 0, sizeof *address);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_path(text + 5, address, fault);
    colon = parse_host(text, address, fault);
    if (colon == NULL || !parse_port(colon + 1, &address->port, fault))
        return false;
    complete_numeric(address);
    if (text[0] == '[' && address->storage.ss_family != AF_INET6) {
        fault_set(fault, "what stands in brackets is no IPv6 address");
        return false;
    }
    return true;
}

bool io_address_resolve(struct io_address *address, struct fault *fault)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL, *entry, *chosen;
    char port[8];
    int result;

    if (address->storage.ss_family != AF_UNSPEC)
        return true;
    snprintf(port, sizeof port, "%u", (unsigned)address->port);
    result = getaddrinfo(address->host, port, &hints, &found);
    if (result != 0) {
        fault_set(fault, "host %s is not found: %s", address->host, gai_strerror(result));
        return false;
    }
    INVARIANT(found != NULL);
    chosen = found;
    for (entry = found; entry != NULL && chosen->ai_family != AF_INET; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET)
            chosen = entry;
    }
    memcpy(&address->storage, chosen->ai_addr, chosen->ai_addrlen);
    address->length = chosen->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

void io_address_print(const struct sockaddr_storage *storage, char text[IO_ADDRESS_TEXT])
{
    const struct sockaddr_in *four = (const struct sockaddr_in *)storage;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)storage;
    char host[INET6_ADDRSTRLEN] = "?";

    if (storage->ss_family == AF_UNIX) {
        snprintf(text, IO_ADDRESS_TEXT, "unix:%.108s", ((const struct sockaddr_un *)storage)->sun_path);
    } else if (storage->ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
        snprintf(text, IO_ADDRESS_TEXT, "%s:%u", host, (unsigned)ntohs(four->sin_port));
    } else if (storage->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], host, sizeof host);
        snprintf(text, IO_ADDRESS_TEXT, "%s:%u", host, (unsigned)ntohs(six->sin6_port));
    } else if (storage->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        snprintf(text, IO_ADDRESS_TEXT, "[%s]:%u", host, (unsigned)ntohs(six->sin6_port));
    } else {
        snprintf(text, IO_ADDRESS_TEXT, "?");
    }
}

void io_address_host_key(const struct sockaddr_storage *storage, uint8_t key[16])
{
    memset(key, 0, 16);
    if (storage->ss_family == AF_INET) {
        key[10] = key[11] = 0xff;
        memcpy(key + 12, &((const struct sockaddr_in *)storage)->sin_addr, 4);
    } else if (storage->ss_family == AF_INET6) {
        memcpy(key, &((const struct sockaddr_in6 *)storage)->sin6_addr, 16);
    }
}
