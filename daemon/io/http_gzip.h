/*
 * Whether a reply may be compressed, and the compressed body.
 */
#ifndef FASCIA_IO_HTTP_GZIP_H
#define FASCIA_IO_HTTP_GZIP_H

#include "io/http.h"

/* Bodies beside these bounds are sent as they are: too small to gain anything, or so large that the loop would stand still over them. */
enum { HTTP_GZIP_LEAST = 1024, HTTP_GZIP_MOST = 1 << 20 };

/* Whether the reply is one that is compressed for those who take it: caches must know then that replies differ. */
bool http_gzip_suits(int status, const struct io_http_field *fields, size_t count, size_t size);
/* Whether the client takes gzip, RFC 9110 12.5.3. */
bool http_gzip_taken(const struct io_http_request *request);
/* Heap, the caller's; NULL: it would not be smaller. */
void *http_gzip(const void *body, size_t size, size_t *packed);

#endif
