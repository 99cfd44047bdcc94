#include "io/http_chunks.h"

#include "io/http_parse.h"

static int refuse(int status, const char *text, const char **why)
{
    *why = text;
    return status;
}

static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static int read_size(struct http_chunks *chunks, uint8_t byte, const char **why)
{
    const int digit = digit_of(byte);

    if (digit >= 0) {
        if (++chunks->digits > 15)
            return refuse(400, "the size of a chunk must have at most 15 digits", why);
        chunks->left = chunks->left * 16 + (unsigned)digit;
        return -1;
    }
    if (chunks->digits == 0 || (byte != ';' && byte != '\r'))
        return refuse(400, "the size of a chunk must be hexadecimal digits", why);
    chunks->state = byte == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_END;
    return -1;
}

static int read_aside(struct http_chunks *chunks, uint8_t byte, int end, const char **why)
{
    const char c = (char)byte;

    if (byte == '\r') {
        chunks->state = end;
        return -1;
    }
    if (++chunks->aside > HTTP_CHUNKS_ASIDE)
        return refuse(431, "extensions of chunks and trailers are too large", why);
    return http_is_field_text(&c, 1) ? -1 : refuse(400, "extensions and trailers must have no control characters", why);
}

static int read_trailer_name(struct http_chunks *chunks, uint8_t byte, const char **why)
{
    const char c = (char)byte;

    if (byte == ':' && chunks->state == CHUNK_TRAILER_NAME) {
        chunks->state = CHUNK_TRAILER_VALUE;
        return -1;
    }
    if (++chunks->aside > HTTP_CHUNKS_ASIDE)
        return refuse(431, "extensions of chunks and trailers are too large", why);
    chunks->state = CHUNK_TRAILER_NAME;
    return http_is_token(&c, 1) ? -1 : refuse(400, "a trailer must be NAME: VALUE", why);
}

static int read_exactly(struct http_chunks *chunks, uint8_t byte, uint8_t wanted, int next, const char **why)
{
    if (byte != wanted)
        return refuse(400, "lines and chunks must end in CR LF", why);
    chunks->state = next;
    return -1;
}

static int end_size(struct http_chunks *chunks, uint8_t byte, uint64_t most, const char **why)
{
    const int status = read_exactly(chunks, byte, '\n', chunks->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START, why);

    if (status > 0)
        return status;
    chunks->digits = 0;
    if (chunks->left > most - chunks->total)
        return refuse(413, "the body is too large", why);
    chunks->total += chunks->left;
    return -1;
}

static int read_byte(struct http_chunks *chunks, uint8_t byte, uint64_t most, const char **why)
{
    switch (chunks->state) {
    case CHUNK_SIZE:
        return read_size(chunks, byte, why);
    case CHUNK_EXTENSION:
        return read_aside(chunks, byte, CHUNK_SIZE_END, why);
    case CHUNK_SIZE_END:
        return end_size(chunks, byte, most, why);
    case CHUNK_DATA_RETURN:
        return read_exactly(chunks, byte, '\r', CHUNK_DATA_END, why);
    case CHUNK_DATA_END:
        return read_exactly(chunks, byte, '\n', CHUNK_SIZE, why);
    case CHUNK_TRAILER_START:
        if (byte == '\r') {
            chunks->state = CHUNK_LAST_END;
            return -1;
        }
        return read_trailer_name(chunks, byte, why);
    case CHUNK_TRAILER_NAME:
        return read_trailer_name(chunks, byte, why);
    case CHUNK_TRAILER_VALUE:
        return read_aside(chunks, byte, CHUNK_TRAILER_END, why);
    case CHUNK_TRAILER_END:
        return read_exactly(chunks, byte, '\n', CHUNK_TRAILER_START, why);
    case CHUNK_LAST_END:
        return read_exactly(chunks, byte, '\n', CHUNK_OVER, why);
    case CHUNK_DATA:
    case CHUNK_OVER:
        break;
    }
    return -1;
}

int http_chunks_read(struct http_chunks *chunks, uint64_t most, const uint8_t *bytes, size_t size, size_t *used,
                     const uint8_t **data, size_t *data_size, const char **why)
{
    int status = -1;

    *data_size = 0;
    for (*used = 0; *used < size && status < 0 && chunks->state != CHUNK_DATA && chunks->state != CHUNK_OVER; ++*used)
        status = read_byte(chunks, bytes[*used], most, why);
    if (status > 0)
        return status;
    if (chunks->state == CHUNK_DATA && *used < size) {
        *data = bytes + *used;
        *data_size = chunks->left < size - *used ? (size_t)chunks->left : size - *used;
        *used += *data_size;
        chunks->left -= *data_size;
        if (chunks->left == 0)
            chunks->state = CHUNK_DATA_RETURN;
    }
    return chunks->state == CHUNK_OVER ? 0 : -1;
}
