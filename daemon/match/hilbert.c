/* The Hilbert curve through the cube around the sphere, after J. Skilling, "Programming the Hilbert curve", AIP Conf. Proc. 707 (2004). */
#include "match/index.h"

#define BITS 20
#define HALF (INT64_C(1) << 30) /* more than the radius in units of struct match_point */

static void to_transposed(uint32_t axes[3])
{
    uint32_t swap;

    for (uint32_t bit = UINT32_C(1) << (BITS - 1); bit > 1; bit >>= 1) {
        uint32_t below = bit - 1;

        for (unsigned axis = 0; axis < 3; axis++) {
            if ((axes[axis] & bit) != 0) {
                axes[0] ^= below;
            } else {
                swap = (axes[0] ^ axes[axis]) & below;
                axes[0] ^= swap;
                axes[axis] ^= swap;
            }
        }
    }
    axes[1] ^= axes[0];
    axes[2] ^= axes[1];
    swap = 0;
    for (uint32_t bit = UINT32_C(1) << (BITS - 1); bit > 1; bit >>= 1)
        swap ^= (axes[2] & bit) != 0 ? bit - 1 : 0;
    for (unsigned axis = 0; axis < 3; axis++)
        axes[axis] ^= swap;
}

uint64_t match_hilbert(struct match_point point)
{
    uint32_t axes[3] = {(uint32_t)((point.x + HALF) >> (31 - BITS)), (uint32_t)((point.y + HALF) >> (31 - BITS)),
                        (uint32_t)((point.z + HALF) >> (31 - BITS))};
    uint64_t key = 0;

    to_transposed(axes);
    for (int bit = BITS - 1; bit >= 0; bit--)
        for (unsigned axis = 0; axis < 3; axis++)
            key = key << 1 | (axes[axis] >> bit & 1);
    return key;
}
