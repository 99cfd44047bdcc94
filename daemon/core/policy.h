/*
 * What policies' answers do to a match: they remove candidates and reorder those who stay, and never bring in anybody.
 *
 * Pure. An explanation holds the answers that it was made with, so that the same can be done again without the policies.
 */
#ifndef FASCIA_CORE_POLICY_H
#define FASCIA_CORE_POLICY_H

#include "core/fault.h"
#include "fascia/v1/event.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

#define POLICY_REASON_LONGEST 32
#define POLICY_SCORE_MOST     1000
#define POLICY_PREFIX         "policy:" /* of the names of parts and gates */

/* Whether a policy may have said this, when it was asked about those. */
MUST_CHECK bool policy_rulings_good(Fascia__Ruling *const *rulings, size_t count, char *const *asked,
                                    size_t asked_count);
/* Does to the candidates of a match what explanation->policies say; at most `most` are left, best first. Once for an explanation. */
void policy_apply(Fascia__Explanation *explanation, size_t most);
/* The same with the answers of another: nothing when it has none. */
void policy_apply_again(Fascia__Explanation *explanation, const Fascia__Explanation *stored);

#endif
