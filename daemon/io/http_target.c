#include "io/http_parse.h"

#include <string.h>
#include <strings.h>

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* RFC 3986 3.3 and 3.4. Queries are taken with what clients of FHIR send unencoded, too ("|"); no '#', for a fragment never leaves its client. */
static bool is_path_character(char c)
{
    return is_alphanumeric(c) || strchr("-._~!$&'()*+,;=:@/%", c) != NULL;
}

static bool is_query_character(char c)
{
    return c > ' ' && c < 0x7f && c != '#';
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The character at *at, decoded, and *at behind it; -1: no such encoding, or an encoded NUL, which would end the text for whoever decodes it. */
static int decode(const char **at)
{
    int high, low;

    if (**at != '%')
        return (unsigned char)*(*at)++;
    high = digit_of((*at)[1]);
    low = high < 0 ? -1 : digit_of((*at)[2]);
    *at += 3;
    return low < 0 || high * 16 + low == 0 ? -1 : high * 16 + low;
}

static bool is_encoded_well(const char *text, bool (*allowed)(char c))
{
    const char *at = text;

    while (*at != '\0') {
        if (!allowed(*at) || decode(&at) < 0)
            return false;
    }
    return true;
}

/* "." and ".." name another place than they seem to, also when encoded; and so do they between slashes that are encoded. */
static bool has_dot_segment(const char *path)
{
    const char *at = path;
    size_t dots = 0, others = 0;

    for (;;) {
        const bool end = *at == '\0';
        const int c = end ? '/' : decode(&at);

        if (c == '/' || c == '\\') {
            if (others == 0 && (dots == 1 || dots == 2))
                return true;
            if (end)
                return false;
            dots = others = 0;
        } else if (c == '.') {
            dots++;
        } else {
            others++;
        }
    }
}

bool http_is_host(const char *text)
{
    const char *at;

    for (at = text; *at != '\0'; at++) {
        if (!is_alphanumeric(*at) && strchr("-._~!$&'()*+,;=:[]%", *at) == NULL)
            return false;
    }
    return at > text;
}

/* "http://host/path": the host is moved one place to the left, so that there is room for its end. */
static bool read_authority(char **target, struct http_head *head)
{
    char *host = strstr(*target, "://") + 2;
    const size_t length = strcspn(host + 1, "/?");

    memmove(host, host + 1, length);
    host[length] = '\0';
    head->host = host;
    *target = host + 1 + length;
    return http_is_host(head->host);
}

bool http_target_parse(char *target, struct http_head *head, const char **why)
{
    char *query;

    if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0) {
        *why = "the target must name its host";
        if (!read_authority(&target, head))
            return false;
    }
    query = strchr(target, '?');
    if (query != NULL)
        *query++ = '\0';
    head->query = query == NULL ? "" : query;
    /* "http://host" and "http://host?query" */
    head->path = *target == '\0' && head->host[0] != '\0' ? "/" : target;
    *why = "the target must be a path, and percent-encoding two hexadecimal digits that are not 00";
    if (head->path[0] != '/' || !is_encoded_well(head->path, is_path_character) ||
        !is_encoded_well(head->query, is_query_character))
        return false;
    *why = "the path must have no segment of dots";
    return !has_dot_segment(head->path);
}
