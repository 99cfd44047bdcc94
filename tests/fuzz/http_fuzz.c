/*
 * The head of an HTTP request, from anybody who can reach the port.
 */
#include "core/fault.h"
#include "io/http_parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct http_request request, shorter;
    const char *why = NULL;
    size_t used = 0, less;
    int status = http_parse(bytes, size, &request, &used, &why);

    if (status > 0) {
        INVARIANT(why != NULL && (status == 400 || status == 411 || status == 431 || status == 505));
    } else if (status == 0) {
        INVARIANT(used >= 4 && used <= size && used <= HTTP_HEAD_BYTES && memcmp(bytes + used - 4, "\r\n\r\n", 4) == 0);
        INVARIANT(memchr(request.path, '\0', sizeof request.path) != NULL);
        INVARIANT(request.path[0] == '/' || request.path[0] == '\0');
        INVARIANT(!(request.get && request.head) && !(request.keep && request.has_body));
        /* What follows a head has no say in it, and without its end it is not read. */
        INVARIANT(http_parse(bytes, used, &shorter, &less, &why) == 0 && less == used);
        INVARIANT(http_parse(bytes, used - 1, &shorter, &less, &why) != 0);
    } else {
        INVARIANT(status == -1 && size < HTTP_HEAD_BYTES);
    }
    return 0;
}
