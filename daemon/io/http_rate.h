/*
 * How many requests an address may make: a bucket each that holds as many tokens as two seconds bring. Pure; bounded: of very many addresses at one time, those
 * whose buckets are the fullest are forgotten, which for them is a full one.
 */
#ifndef FASCIA_IO_HTTP_RATE_H
#define FASCIA_IO_HTTP_RATE_H

#include <stddef.h>
#include <stdint.h>

struct http_rate;
/* seed: any number that those outside do not know. */
struct http_rate *http_rate_create(uint32_t each_s, uint64_t seed);
/* Takes one of the address's tokens. 0: it had one; otherwise the milliseconds until it has. An IPv6 address counts with its /64. */
int64_t http_rate_take(struct http_rate *rate, const uint8_t address[16], int64_t now_ms);
void http_rate_destroy(struct http_rate *rate);

#endif
