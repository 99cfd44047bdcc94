/*
 * What the engine asks of policies, to their plugins, and what they answer back. Loop's thread only.
 *
 * The time that a policy has is the engine's to keep: what comes too late, or never, has abstained there.
 */
#ifndef FASCIA_NODE_POLICIES_H
#define FASCIA_NODE_POLICIES_H

#include "node/source.h"

/* Asks each policy among the sources; question is lent. */
void policies_ask(struct source *const *sources, size_t count, uint64_t ask, const Fascia__Question *question);

#endif
