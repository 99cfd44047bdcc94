/*
 * The accounts of those who ask over HTTP, as the node keeps them. Loop's thread only.
 */
#ifndef FASCIA_NODE_ACCOUNTS_H
#define FASCIA_NODE_ACCOUNTS_H

#include "access/access.h"
#include "config/config.h"

/* Tokens are good for the first source that takes HTTP, and so for all that share its server. */
struct access *accounts_create(const struct config *config);

#endif
