/* RFC 6238 with RFC 4226: SHA-1, which every authenticator speaks, six digits, steps of 30 seconds. */
#include "access/sign_in.h"

#include "core/fault.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

void access_totp_code(const uint8_t *secret, size_t size, int64_t step, char code[7])
{
    uint8_t counter[8], digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    uint32_t number;

    for (size_t i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    INVARIANT(HMAC(EVP_sha1(), secret, (int)size, counter, sizeof counter, digest, &length) != NULL && length == 20);
    digest[19] &= 0x0f; /* RFC 4226 5.3: where the number stands */
    number = (uint32_t)(digest[digest[19]] & 0x7f) << 24;
    for (size_t i = 1; i < 4; i++)
        number |= (uint32_t)digest[digest[19] + i] << (24 - 8 * i);
    snprintf(code, 7, "%06u", number % 1000000);
}
