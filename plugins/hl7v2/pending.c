#include "hl7v2/pending.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct hl7_pendings {
    size_t count;
    struct hl7_pending *buckets[BUCKETS];
};

struct hl7_pendings *hl7_pendings_create(void)
{
    return hl7_allocate(sizeof(struct hl7_pendings));
}

void hl7_pendings_destroy(struct hl7_pendings *pendings)
{
    for (size_t i = 0; pendings != NULL && i < BUCKETS; i++)
        while (pendings->buckets[i] != NULL) {
            struct hl7_pending *next = pendings->buckets[i]->next;
            hl7_pending_free(pendings->buckets[i]);
            pendings->buckets[i] = next;
        }
    free(pendings);
}

static struct hl7_pending **find(struct hl7_pendings *pendings, uint64_t delivery)
{
    /* Tokens may carry counters in any of their bits. */
    struct hl7_pending **slot = &pendings->buckets[(delivery * UINT64_C(0x9E3779B97F4A7C15)) >> 52];

    while (*slot != NULL && (*slot)->delivery != delivery)
        slot = &(*slot)->next;
    return slot;
}

static char *copy(const char *text, size_t size)
{
    char *own = hl7_allocate(size + 1);

    memcpy(own, text, size);
    return own;
}

bool hl7_pendings_add(struct hl7_pendings *pendings, uint64_t delivery, const struct hl7_incoming *incoming,
                      struct hl7_span echo, const char *referral_id)
{
    struct hl7_pending **slot = find(pendings, delivery), *pending;
    const struct hl7_findings *findings = &incoming->findings;

    if (*slot != NULL || pendings->count == HL7_MAX_PENDING)
        return false;
    pending = hl7_allocate(sizeof *pending);
    pending->delivery = delivery;
    pending->charset = incoming->charset;
    memcpy(pending->referrer, incoming->referrer, sizeof pending->referrer);
    pending->echo = copy(echo.at, echo.size);
    pending->echo_size = echo.size;
    pending->referral_id = copy(referral_id, strlen(referral_id));
    if (findings->count > 0) { /* their texts are literals */
        pending->warnings = hl7_allocate(findings->count * sizeof *findings->list);
        memcpy(pending->warnings, findings->list, findings->count * sizeof *findings->list);
        pending->warning_count = findings->count;
    }
    *slot = pending;
    pendings->count++;
    return true;
}

struct hl7_pending *hl7_pendings_take(struct hl7_pendings *pendings, uint64_t delivery)
{
    struct hl7_pending **slot = find(pendings, delivery), *pending = *slot;

    if (pending != NULL) {
        *slot = pending->next;
        pendings->count--;
    }
    return pending;
}

void hl7_pending_free(struct hl7_pending *pending)
{
    if (pending == NULL)
        return;
    free(pending->echo);
    free(pending->referral_id);
    free(pending->warnings);
    free(pending);
}

size_t hl7_pendings_count(const struct hl7_pendings *pendings)
{
    return pendings->count;
}
