#include "io/http_parse.h"

#include <string.h>
#include <strings.h>

/* What was seen of fields that rule where the request ends, or whom it is for. */
struct marks {
    unsigned hosts, lengths, codings;
    bool close, keep_alive;
};

static int refuse(int status, const char *text, const char **why)
{
    *why = text;
    return status;
}

bool http_is_token(const char *text, size_t length)
{
    static const char others[] = "!#$%&'*+-.^_`|~"; /* RFC 9110 5.6.2 */
    size_t i;

    for (i = 0; i < length; i++) {
        const char c = text[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              (c != '\0' && strchr(others, c) != NULL)))
            return false;
    }
    return length > 0;
}

bool http_is_field_text(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            return false;
    }
    return true;
}

/* ---- where it ends -------------------------------------------------------------------------------------------------- */

int http_head_find(const uint8_t *bytes, size_t size, size_t most, size_t *scanned, size_t *length, const char **why)
{
    const size_t room = size < most ? size : most;
    const uint8_t *end;
    size_t at;

    /* Nothing that is HTTP: a TLS hello, say. It may never send a line. */
    if (size > 0 && !http_is_token((const char *)bytes, 1))
        return refuse(400, "a request must begin with its method", why);
    if (room >= most / 2 && memchr(bytes, '\n', most / 2) == NULL)
        return refuse(414, "the request line is too long", why);
    while (*scanned < room && (end = memchr(bytes + *scanned, '\n', room - *scanned)) != NULL) {
        at = (size_t)(end - bytes);
        if (at == 0 || bytes[at - 1] != '\r')
            return refuse(400, "lines must end in CR LF", why);
        *scanned = at + 1;
        if (at >= 3 && bytes[at - 2] == '\n') {
            *length = at + 1;
            return 0;
        }
    }
    *scanned = room;
    return room < most ? -1 : refuse(431, "the header is too large", why);
}

/* ---- the request line ----------------------------------------------------------------------------------------------- */

static int read_request_line(char *line, struct http_head *head, const char **why)
{
    char *target = strchr(line, ' '), *version = target == NULL ? NULL : strchr(target + 1, ' ');

    if (version == NULL || !http_is_token(line, (size_t)(target - line)))
        return refuse(400, "the request line must be METHOD TARGET VERSION", why);
    *target++ = '\0';
    *version++ = '\0';
    if (strlen(version) != 8 || memcmp(version, "HTTP/", 5) != 0 || version[6] != '.' || version[5] < '0' ||
        version[5] > '9' || version[7] < '0' || version[7] > '9')
        return refuse(400, "the version must be HTTP/1.1 or HTTP/1.0", why);
    if (version[5] != '1' || version[7] > '1')
        return refuse(505, "the version must be HTTP/1.1 or HTTP/1.0", why);
    head->minor = version[7] - '0';
    head->method = line;
    return http_target_parse(target, head, why) ? 0 : 400;
}

/* ---- fields --------------------------------------------------------------------------------------------------------- */

static bool is_option(const char *at, size_t length, const char *option)
{
    return length == strlen(option) && strncasecmp(at, option, length) == 0;
}

static void read_connection(const char *value, struct marks *marks)
{
    while (*value != '\0') {
        const size_t length = strcspn(value, ", \t");

        marks->close = marks->close || is_option(value, length, "close");
        marks->keep_alive = marks->keep_alive || is_option(value, length, "keep-alive");
        value += length;
        value += strspn(value, ", \t");
    }
}

static int read_length(const char *value, struct http_head *head, const char **why)
{
    const size_t digits = strspn(value, "0123456789");
    const char *at;

    if (digits == 0 || value[digits] != '\0')
        return refuse(400, "Content-Length must be digits", why);
    if (digits > 18)
        return refuse(413, "the body is too large", why);
    for (at = value; *at != '\0'; at++)
        head->length = head->length * 10 + (uint64_t)(*at - '0');
    return 0;
}

static bool is_repeated(const struct http_head *head, const char *name)
{
    size_t i;

    for (i = 0; i + 1 < head->field_count; i++) {
        if (strcmp(head->fields[i].name, name) == 0)
            return true;
    }
    return false;
}

/* What the field says to us; name is in lower case. */
static int heed_field(const char *name, const char *value, struct http_head *head, struct marks *marks,
                      const char **why)
{
    if (strcmp(name, "content-length") == 0) {
        if (marks->lengths++ > 0)
            return refuse(400, "Content-Length must stand once", why);
        return read_length(value, head, why);
    }
    if (strcmp(name, "transfer-encoding") == 0) {
        if (marks->codings++ > 0)
            return refuse(400, "Transfer-Encoding must stand once", why);
        head->chunked = true;
        return strcasecmp(value, "chunked") == 0 ? 0
                                                 : refuse(501, "Transfer-Encoding must be chunked and no other", why);
    }
    if (strcmp(name, "host") == 0) {
        if (marks->hosts++ > 0 || !http_is_host(value))
            return refuse(400, "Host must stand once and name a host", why);
        /* In the absolute form the target's host is the one, RFC 9112 3.2.2. */
        if (head->host[0] == '\0')
            head->host = value;
        return 0;
    }
    if (strcmp(name, "connection") == 0)
        read_connection(value, marks);
    if (strcmp(name, "expect") == 0) {
        head->expects = strcasecmp(value, "100-continue") == 0;
        return head->expects ? 0 : refuse(417, "Expect must be 100-continue", why);
    }
    if ((strcmp(name, "authorization") == 0 || strcmp(name, "content-type") == 0) && is_repeated(head, name))
        return refuse(400, "Authorization and Content-Type must stand once each", why);
    return 0;
}

static int read_field(char *line, struct http_head *head, struct marks *marks, const char **why)
{
    char *colon = strchr(line, ':'), *value, *at;
    size_t length;

    /* No folded lines and no blank before the colon, RFC 9112 5.1 and 5.2: neither is a token. */
    if (colon == NULL || !http_is_token(line, (size_t)(colon - line)))
        return refuse(400, "a header field must be NAME: VALUE", why);
    if (head->field_count == IO_HTTP_FIELDS)
        return refuse(431, "there are too many header fields", why);
    *colon = '\0';
    for (at = line; *at != '\0'; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    value = colon + 1 + strspn(colon + 1, " \t");
    length = strlen(value);
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        value[--length] = '\0';
    head->fields[head->field_count++] = (struct io_http_field){line, value};
    return heed_field(line, value, head, marks, why);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

/* Fields that mean something only together. */
static int check_together(struct http_head *head, const struct marks *marks, const char **why)
{
    if (head->minor == 1 && marks->hosts == 0)
        return refuse(400, "Host is missing", why);
    if (marks->codings > 0 && marks->lengths > 0)
        return refuse(400, "Content-Length and Transfer-Encoding must not both be there", why);
    if (marks->codings > 0 && head->minor == 0)
        return refuse(400, "HTTP/1.0 has no Transfer-Encoding", why);
    head->keep = !marks->close && (head->minor == 1 || marks->keep_alive);
    head->expects = head->expects && head->minor == 1 && (head->chunked || head->length > 0);
    return 0;
}

int http_head_parse(char *text, size_t length, struct http_head *head, const char **why)
{
    struct marks marks = {0};
    char *line = text, *end;
    int status = 0;

    head->method = head->path = head->query = head->host = "";
    head->field_count = 0;
    head->minor = 1;
    head->keep = head->chunked = head->expects = false;
    head->length = 0;
    /* Of lines that all end in CR LF, as http_head_find() saw to; a CR elsewhere, as a NUL, is a control character. */
    for (line = text; status == 0 && line < text + length - 2; line = end + 2) {
        end = (char *)memchr(line, '\n', (size_t)(text + length - line)) - 1;
        *end = '\0';
        if (!http_is_field_text(line, (size_t)(end - line)))
            return refuse(400, "a header must have no control characters", why);
        status = line == text ? read_request_line(line, head, why) : read_field(line, head, &marks, why);
    }
    return status != 0 ? status : check_together(head, &marks, why);
}
