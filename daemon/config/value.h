/*
 * One value of the configuration against one row of an options table: the daemon's own keys and a plugin's options are described in the same rows and read by the
 * same code.
 */
#ifndef FASCIA_CONFIG_VALUE_H
#define FASCIA_CONFIG_VALUE_H

#include "config/tree.h"

/* What a scalar says: number for INTEGER, DURATION, SIZE, and the index of a CHOICE; flag for BOOLEAN. */
struct config_scalar {
    int64_t number;
    bool flag;
};
/* False with an error that names path. */
MUST_CHECK bool config_scalar_read(const struct fascia_option *option, const struct config_node *node, const char *path,
                                   struct config_scalar *scalar, struct config_errors *errors);
/* A scalar of another kind than wanted: a list, a map, nothing. True when it is one that can be read on. */
MUST_CHECK bool config_is_scalar(const struct config_node *node, const char *path, const char *expected,
                                 struct config_errors *errors);

/* "a whole number from 1 to 65535": what would be right. */
struct config_expected {
    char text[256];
};
struct config_expected config_expect(const struct fascia_option *option);

/* Says that there is no such key, and which one may have been meant. names end in NULL. */
void config_unknown_key(const struct config_node *key, const char *path, const char *const *names,
                        struct config_errors *errors);

#endif
