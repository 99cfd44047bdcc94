#include "core/policy.h"

#include "core/memory.h"
#include "core/message.h"
#include "match/match.h"

#include <stdio.h>
#include <string.h>

/* ---- what may be said ---- */

static bool is_reason(const char *reason)
{
    const size_t size = strnlen(reason, POLICY_REASON_LONGEST + 1);

    return size <= POLICY_REASON_LONGEST && strspn(reason, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

bool policy_rulings_good(Fascia__Ruling *const *rulings, size_t count, char *const *asked, size_t asked_count)
{
    if (count > asked_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const Fascia__Ruling *ruling = rulings[i];

        if (!message_has_text(asked, asked_count, ruling->therapist) || !is_reason(ruling->reason) ||
            ruling->score < -POLICY_SCORE_MOST || ruling->score > POLICY_SCORE_MOST)
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(rulings[j]->therapist, ruling->therapist) == 0)
                return false;
    }
    return true;
}

/* ---- what it does ---- */

static const Fascia__Ruling *ruling_of(const Fascia__PolicyOpinion *opinion, const char *therapist)
{
    for (size_t i = 0; i < opinion->n_rulings; i++)
        if (strcmp(opinion->rulings[i]->therapist, therapist) == 0)
            return opinion->rulings[i];
    return NULL;
}

static char *name_of(const Fascia__PolicyOpinion *opinion)
{
    const size_t size = sizeof POLICY_PREFIX + strlen(opinion->name);
    char *name = memory_allocate(size, 1);

    snprintf(name, size, POLICY_PREFIX "%s", opinion->name);
    return name;
}

/* The matcher's lists are as long as what is in them: message_push() would count on room that is not there. */
static void append(void *list, size_t *count, void *item)
{
    void **items;

    memcpy(&items, list, sizeof items);
    items = memory_resize(items, *count + 1, sizeof *items);
    items[(*count)++] = item;
    memcpy(list, &items, sizeof items);
}

static void remove_failed(Fascia__Explanation *explanation, const Fascia__PolicyOpinion *opinion)
{
    Fascia__GateCount *gate = memory_allocate(1, sizeof *gate);
    size_t kept = 0;

    fascia__gate_count__init(gate);
    gate->gate = name_of(opinion);
    for (size_t i = 0; i < explanation->n_candidates; i++) {
        Fascia__Candidate *candidate = explanation->candidates[i];
        const Fascia__Ruling *ruling = ruling_of(opinion, candidate->therapist);

        if (ruling == NULL || !ruling->fails) {
            explanation->candidates[kept++] = candidate;
            continue;
        }
        gate->removed++;
        fascia__candidate__free_unpacked(candidate, NULL);
    }
    explanation->n_candidates = kept;
    explanation->passed -= gate->removed < explanation->passed ? gate->removed : explanation->passed;
    append(&explanation->gates, &explanation->n_gates, gate);
}

/* Everybody has the part, so that the parts of all are the same: who was not spoken of has no points of it. */
static void add_part(Fascia__Candidate *candidate, const Fascia__PolicyOpinion *opinion)
{
    const Fascia__Ruling *ruling = ruling_of(opinion, candidate->therapist);
    Fascia__ScorePart *part = memory_allocate(1, sizeof *part);

    fascia__score_part__init(part);
    part->name = name_of(opinion);
    if (ruling != NULL) {
        part->points = (int32_t)((int64_t)opinion->weight * ruling->score / POLICY_SCORE_MOST);
        message_set(&part->because, ruling->reason);
    }
    candidate->score += part->points;
    append(&candidate->parts, &candidate->n_parts, part);
}

/* More points first. Who have the same stay in the matcher's order. A shortlist is short. */
static void order(Fascia__Candidate **candidates, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        Fascia__Candidate *candidate = candidates[i];
        size_t place = i;

        for (; place > 0 && candidates[place - 1]->score < candidate->score; place--)
            candidates[place] = candidates[place - 1];
        candidates[place] = candidate;
    }
}

void policy_apply(Fascia__Explanation *explanation, size_t most)
{
    for (size_t i = 0; i < explanation->n_policies; i++) {
        const Fascia__PolicyOpinion *opinion = explanation->policies[i];

        if (opinion->abstained[0] != '\0')
            continue;
        if (opinion->may_gate)
            remove_failed(explanation, opinion);
        for (size_t c = 0; opinion->may_score && c < explanation->n_candidates; c++)
            add_part(explanation->candidates[c], opinion);
    }
    order(explanation->candidates, explanation->n_candidates);
    while (explanation->n_candidates > most)
        fascia__candidate__free_unpacked(explanation->candidates[--explanation->n_candidates], NULL);
}

void policy_apply_again(Fascia__Explanation *explanation, const Fascia__Explanation *stored)
{
    if (stored->n_policies == 0)
        return;
    for (size_t i = 0; i < stored->n_policies; i++)
        message_push(&explanation->policies, &explanation->n_policies, message_copy(&stored->policies[i]->base));
    policy_apply(explanation, MATCH_CANDIDATES);
}
