#include "io/http_rate.h"

#include "core/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 1024, WAYS = 4, SECONDS = 2 };

struct bucket {
    uint8_t address[16];
    bool used;
    int64_t tokens; /* thousandths */
    int64_t at;     /* of that many tokens */
};

struct http_rate {
    uint64_t seed;
    int64_t each_s;
    struct bucket buckets[SETS][WAYS];
};

struct http_rate *http_rate_create(uint32_t each_s, uint64_t seed)
{
    struct http_rate *rate = memory_allocate(1, sizeof *rate);

    rate->each_s = each_s;
    rate->seed = seed;
    return rate;
}

void http_rate_destroy(struct http_rate *rate)
{
    free(rate);
}

static int64_t tokens_now(const struct http_rate *rate, const struct bucket *bucket, int64_t now)
{
    const int64_t full = rate->each_s * SECONDS * 1000;
    const int64_t elapsed = now - bucket->at;

    if (!bucket->used || elapsed >= (int64_t)SECONDS * 1000)
        return full;
    return bucket->tokens + elapsed * rate->each_s < full ? bucket->tokens + elapsed * rate->each_s : full;
}

static size_t set_of(const struct http_rate *rate, const uint8_t address[16])
{
    uint64_t hash = rate->seed, half;
    size_t i;

    for (i = 0; i < 2; i++) {
        memcpy(&half, address + i * sizeof half, sizeof half);
        hash = (hash ^ half) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash % SETS;
}

static struct bucket *find(struct http_rate *rate, const uint8_t address[16], int64_t now)
{
    struct bucket *set = rate->buckets[set_of(rate, address)], *fullest = set;
    size_t i;

    for (i = 0; i < WAYS; i++) {
        if (set[i].used && memcmp(set[i].address, address, sizeof set[i].address) == 0)
            return &set[i];
        if (tokens_now(rate, &set[i], now) > tokens_now(rate, fullest, now))
            fullest = &set[i];
    }
    fullest->tokens = rate->each_s * SECONDS * 1000;
    fullest->at = now;
    fullest->used = true;
    memcpy(fullest->address, address, sizeof fullest->address);
    return fullest;
}

int64_t http_rate_take(struct http_rate *rate, const uint8_t address[16], int64_t now_ms)
{
    static const uint8_t four[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t who[16];
    struct bucket *bucket;

    memcpy(who, address, sizeof who);
    if (memcmp(who, four, sizeof four) != 0)
        memset(who + 8, 0, 8);
    bucket = find(rate, who, now_ms);
    bucket->tokens = tokens_now(rate, bucket, now_ms);
    bucket->at = now_ms;
    if (bucket->tokens < 1000)
        return (1000 - bucket->tokens + rate->each_s - 1) / rate->each_s;
    bucket->tokens -= 1000;
    return 0;
}
