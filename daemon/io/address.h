/*
 * Addresses of sockets as an administrator writes them: "host:port", "[::1]:port", "unix:/path".
 */
#ifndef FASCIA_IO_ADDRESS_H
#define FASCIA_IO_ADDRESS_H

#include "core/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { IO_ADDRESS_TEXT = 320, IO_ADDRESS_HOST = 256 };

struct io_address {
    struct sockaddr_storage storage; /* family AF_UNSPEC: host is a name that must be looked up */
    socklen_t length;
    char host[IO_ADDRESS_HOST];
    uint16_t port;
};

/* Takes the text apart; numeric hosts and paths are complete after it. */
MUST_CHECK bool io_address_parse(const char *text, struct io_address *address, struct fault *fault);
/* Looks the name up, if it is one; blocks. IPv4 goes before IPv6. */
MUST_CHECK bool io_address_resolve(struct io_address *address, struct fault *fault);
/* "127.0.0.1:2575", "[::1]:2575", "unix:/path"; IPv4 in IPv6 is written as IPv4. */
void io_address_print(const struct sockaddr_storage *storage, char text[IO_ADDRESS_TEXT]);
/* Who is on the other side, without the port: 16 bytes, equal when the host is the same. */
void io_address_host_key(const struct sockaddr_storage *storage, uint8_t key[16]);

#endif
