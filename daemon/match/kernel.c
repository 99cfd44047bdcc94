#include "match/kernel.h"

#include <string.h>

static bool select_plain(const uint64_t (*columns)[MATCH_WORDS], const uint32_t *program,
                         const uint64_t from[MATCH_WORDS], uint64_t mask[MATCH_WORDS])
{
    if (from != mask)
        memcpy(mask, from, MATCH_WORDS * sizeof *mask);
    while (*program != 0) {
        uint32_t slots = *program++;
        uint64_t any[MATCH_WORDS] = {0}, left = 0;

        for (; slots > 0; slots--) {
            const uint64_t *column = columns[*program++];

            for (unsigned word = 0; word < MATCH_WORDS; word++)
                any[word] |= column[word];
        }
        for (unsigned word = 0; word < MATCH_WORDS; word++) {
            mask[word] &= any[word];
            left |= mask[word];
        }
        if (left == 0)
            return false;
    }
    return true;
}

static uint32_t count_plain(const uint64_t mask[MATCH_WORDS])
{
    uint32_t count = 0;

    for (unsigned word = 0; word < MATCH_WORDS; word++)
        count += (uint32_t)__builtin_popcountll(mask[word]);
    return count;
}

static uint32_t rank_plain(const uint64_t column[MATCH_WORDS], uint32_t row)
{
    uint32_t rank = (uint32_t)__builtin_popcountll(column[row / 64] & ((UINT64_C(1) << row % 64) - 1));

    for (uint32_t word = 0; word < row / 64; word++)
        rank += (uint32_t)__builtin_popcountll(column[word]);
    return rank;
}

static uint64_t meet_plain(int32_t *const low[3], int32_t *const high[3], size_t first, size_t count,
                           const struct match_cube *cube)
{
    uint64_t met = 0;

    for (size_t i = 0; i < count; i++) {
        bool meets = true;

        for (unsigned axis = 0; axis < 3; axis++)
            meets = meets && low[axis][first + i] <= cube->high[axis] && high[axis][first + i] >= cube->low[axis] &&
                    low[axis][first + i] <= high[axis][first + i];
        met |= (uint64_t)meets << i;
    }
    return met;
}

const struct match_kernel match_kernel_plain = {"plain", select_plain, count_plain, rank_plain, meet_plain};

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define WITH_AVX2 __attribute__((target("avx2,popcnt")))

WITH_AVX2 static bool select_avx2(const uint64_t (*columns)[MATCH_WORDS], const uint32_t *program,
                                  const uint64_t from[MATCH_WORDS], uint64_t mask[MATCH_WORDS])
{
    __m256i left = _mm256_loadu_si256((const void *)from), right = _mm256_loadu_si256((const void *)(from + 4));
    bool some = true;

    while (*program != 0) {
        uint32_t slots = *program++;
        const __m256i *column = (const void *)columns[*program++];
        __m256i any_left = _mm256_load_si256(column), any_right = _mm256_load_si256(column + 1), both;

        for (; slots > 1; slots--) {
            column = (const void *)columns[*program++];
            any_left = _mm256_or_si256(any_left, _mm256_load_si256(column));
            any_right = _mm256_or_si256(any_right, _mm256_load_si256(column + 1));
        }
        left = _mm256_and_si256(left, any_left);
        right = _mm256_and_si256(right, any_right);
        both = _mm256_or_si256(left, right);
        if (_mm256_testz_si256(both, both)) {
            some = false;
            break;
        }
    }
    _mm256_storeu_si256((void *)mask, left);
    _mm256_storeu_si256((void *)(mask + 4), right);
    return some;
}

WITH_AVX2 static uint32_t count_avx2(const uint64_t mask[MATCH_WORDS])
{
    uint64_t count = 0;

    for (unsigned word = 0; word < MATCH_WORDS; word++)
        count += (uint64_t)_mm_popcnt_u64(mask[word]);
    return (uint32_t)count;
}

WITH_AVX2 static uint32_t rank_avx2(const uint64_t column[MATCH_WORDS], uint32_t row)
{
    uint64_t rank = (uint64_t)_mm_popcnt_u64(column[row / 64] & ((UINT64_C(1) << row % 64) - 1));

    for (uint32_t word = 0; word < row / 64; word++)
        rank += (uint64_t)_mm_popcnt_u64(column[word]);
    return (uint32_t)rank;
}

WITH_AVX2 static uint32_t meet_eight(int32_t *const low[3], int32_t *const high[3], size_t first,
                                     const struct match_cube *cube)
{
    __m256i apart = _mm256_setzero_si256();

    for (unsigned axis = 0; axis < 3; axis++) {
        __m256i lower = _mm256_loadu_si256((const void *)(low[axis] + first));
        __m256i upper = _mm256_loadu_si256((const void *)(high[axis] + first));

        apart = _mm256_or_si256(apart, _mm256_cmpgt_epi32(lower, _mm256_set1_epi32(cube->high[axis])));
        apart = _mm256_or_si256(apart, _mm256_cmpgt_epi32(_mm256_set1_epi32(cube->low[axis]), upper));
        apart = _mm256_or_si256(apart, _mm256_cmpgt_epi32(lower, upper));
    }
    return ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(apart)) & 0xff;
}

WITH_AVX2 static uint64_t meet_avx2(int32_t *const low[3], int32_t *const high[3], size_t first, size_t count,
                                    const struct match_cube *cube)
{
    uint64_t met = 0;
    size_t at = 0;

    for (; at + 8 <= count; at += 8)
        met |= (uint64_t)meet_eight(low, high, first + at, cube) << at;
    if (at < count)
        met |= meet_plain(low, high, first + at, count - at, cube) << at;
    return met;
}

static const struct match_kernel match_kernel_avx2 = {"avx2", select_avx2, count_avx2, rank_avx2, meet_avx2};

const struct match_kernel *match_kernel_best(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &match_kernel_avx2
                                                                              : &match_kernel_plain;
}

#else

const struct match_kernel *match_kernel_best(void)
{
    return &match_kernel_plain;
}

#endif
