#include "io/http_parse.h"

#include <string.h>
#include <strings.h>

/* A piece of the head. */
struct span {
    const char *at;
    size_t length;
};

struct head {
    int minor; /* of HTTP/1.x */
    unsigned hosts, lengths;
    bool body, close;
};

static bool is_token(struct span span)
{
    static const char marks[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 5.6.2 */
    size_t i;
    char c;

    for (i = 0; i < span.length; i++) {
        c = span.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c != '\0' && strchr(marks, c) != NULL)))
            return false;
    }
    return span.length > 0;
}

static bool is(struct span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.at, text, span.length) == 0;
}

static bool is_any_case(struct span span, const char *text)
{
    return span.length == strlen(text) && strncasecmp(span.at, text, span.length) == 0;
}

/* What stands before the mark; rest is what stands after it. */
static bool split(struct span *rest, char mark, struct span *before)
{
    const char *found = rest->length == 0 ? NULL : memchr(rest->at, mark, rest->length);

    if (found == NULL)
        return false;
    *before = (struct span){rest->at, (size_t)(found - rest->at)};
    rest->length -= before->length + 1;
    rest->at = found + 1;
    return true;
}

static struct span trim(struct span span)
{
    while (span.length > 0 && (span.at[0] == ' ' || span.at[0] == '\t')) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && (span.at[span.length - 1] == ' ' || span.at[span.length - 1] == '\t'))
        span.length--;
    return span;
}

static int refuse(int status, const char *text, const char **why)
{
    *why = text;
    return status;
}

/* ---- the request line ---------------------------------------------------------------------------------------------- */

static bool read_path(struct span target, struct http_request *request)
{
    static const char scheme[] = "http://";
    struct span query = target, slash;
    size_t i;

    for (i = 0; i < target.length; i++) {
        if (target.at[i] <= ' ' || target.at[i] == 0x7f) /* controls, and bytes beyond ASCII */
            return false;
    }
    /* A server must take the absolute form too, RFC 9112 3.2.2. */
    if (target.length > sizeof scheme - 1 && strncasecmp(target.at, scheme, sizeof scheme - 1) == 0) {
        target.at += sizeof scheme - 1;
        target.length -= sizeof scheme - 1;
        query = target;
        if (!split(&query, '/', &slash))
            return false;
        target = (struct span){query.at - 1, query.length + 1};
    }
    if (target.length == 0 || target.at[0] != '/')
        return false;
    query = target;
    if (split(&query, '?', &slash))
        target = slash;
    if (target.length >= sizeof request->path)
        return true;
    memcpy(request->path, target.at, target.length);
    return true;
}

static int read_request_line(struct span line, struct http_request *request, struct head *head, const char **why)
{
    struct span method, target;

    if (!split(&line, ' ', &method) || !split(&line, ' ', &target) || !is_token(method))
        return refuse(400, "the request line must be METHOD TARGET VERSION", why);
    if (line.length != 8 || memcmp(line.at, "HTTP/", 5) != 0 || line.at[6] != '.' || line.at[5] < '0' ||
        line.at[5] > '9' || line.at[7] < '0' || line.at[7] > '9')
        return refuse(400, "the version must be HTTP/1.1 or HTTP/1.0", why);
    if (line.at[5] != '1' || line.at[7] > '1')
        return refuse(505, "the version must be HTTP/1.1 or HTTP/1.0", why);
    if (!read_path(target, request))
        return refuse(400, "the target must be a path", why);
    head->minor = line.at[7] - '0';
    request->get = is(method, "GET");
    request->head = is(method, "HEAD");
    return 0;
}

/* ---- fields -------------------------------------------------------------------------------------------------------- */

static void read_connection(struct span value, struct head *head)
{
    struct span option;
    bool more = true;

    while (more) {
        more = split(&value, ',', &option);
        option = trim(more ? option : value);
        head->close = head->close || is_any_case(option, "close");
    }
}

static int read_length(struct span value, struct head *head, const char **why)
{
    size_t i;

    if (head->lengths++ > 0)
        return refuse(400, "Content-Length must stand once", why);
    for (i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return refuse(400, "Content-Length must be digits", why);
        head->body = head->body || value.at[i] != '0';
    }
    return value.length > 0 ? 0 : refuse(400, "Content-Length must be digits", why);
}

static int read_field(struct span line, struct head *head, const char **why)
{
    struct span name, value;
    size_t i;

    /* No folded lines and no blank before the colon, RFC 9112 5.1 and 5.2: neither is a token. */
    if (!split(&line, ':', &name) || !is_token(name))
        return refuse(400, "a header field must be NAME: VALUE", why);
    value = trim(line);
    for (i = 0; i < value.length; i++) {
        if (((unsigned char)value.at[i] < ' ' && value.at[i] != '\t') || value.at[i] == 0x7f)
            return refuse(400, "a header field must have no control characters", why);
    }
    if (is_any_case(name, "Transfer-Encoding"))
        return refuse(411, "Transfer-Encoding is not taken; send Content-Length", why);
    if (is_any_case(name, "Content-Length"))
        return read_length(value, head, why);
    if (is_any_case(name, "Host") && (head->hosts++ > 0 || value.length == 0))
        return refuse(400, "Host must stand once", why);
    if (is_any_case(name, "Connection"))
        read_connection(value, head);
    return 0;
}

static int read_lines(struct span text, struct http_request *request, struct head *head, const char **why)
{
    bool first = true;
    struct span line;
    int status;

    while (split(&text, '\n', &line)) {
        if (line.length == 0 || line.at[line.length - 1] != '\r')
            return refuse(400, "lines must end in CR LF", why);
        line.length--;
        status = first ? read_request_line(line, request, head, why) : read_field(line, head, why);
        if (status != 0)
            return status;
        first = false;
    }
    if (head->minor == 1 && head->hosts == 0)
        return refuse(400, "Host is missing", why);
    return 0;
}

int http_parse(const uint8_t *bytes, size_t size, struct http_request *request, size_t *used, const char **why)
{
    const char *text = (const char *)bytes;
    const char *end = memmem(text, size < HTTP_HEAD_BYTES ? size : HTTP_HEAD_BYTES, "\r\n\r\n", 4);
    struct head head = {0};
    int status;

    if (end == NULL && memmem(text, size < HTTP_HEAD_BYTES ? size : HTTP_HEAD_BYTES, "\n\n", 2) != NULL)
        return refuse(400, "lines must end in CR LF", why);
    if (end == NULL)
        return size < HTTP_HEAD_BYTES ? -1 : refuse(431, "the header must have at most 8192 bytes", why);
    memset(request, 0, sizeof *request);
    status = read_lines((struct span){text, (size_t)(end - text) + 2}, request, &head, why);
    if (status != 0)
        return status;
    if (head.body && (request->get || request->head))
        return refuse(400, "GET and HEAD have no body here", why);
    request->has_body = head.body;
    request->keep = !head.body && !head.close && head.minor == 1;
    *used = (size_t)(end - text) + 4;
    return 0;
}
