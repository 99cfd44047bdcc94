/*
 * The accounts of those who ask over HTTP, as the node keeps them: what the store has is what counts, and nothing else. Loop's thread only.
 */
#ifndef FASCIA_NODE_ACCOUNTS_H
#define FASCIA_NODE_ACCOUNTS_H

#include "access/access.h"
#include "config/config.h"
#include "core/record.h"
#include "store/store.h"

/* Tokens are good for the first source that takes HTTP, and so for all that share its server. store: seals and opens secrets; lent for as long as it is used. */
struct access *accounts_create(const struct config *config, const struct store *store);
/* These rows are durable. whole: they are all that there are. */
void accounts_take(struct access *access, const struct account_row *rows, size_t count, bool whole);

#endif
