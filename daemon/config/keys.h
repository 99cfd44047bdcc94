/*
 * The daemon's own keys, as tables: one row says a key's name, type, default, bounds, help, where its value goes and whether a reload can change it.
 */
#ifndef FASCIA_CONFIG_KEYS_H
#define FASCIA_CONFIG_KEYS_H

#include "config/value.h"

/* A text with a notation of its own. read gives the number that is stored, where one is. */
struct config_notation {
    bool (*read)(const char *text, int64_t *number);
    const char *expected;
};

enum config_target { TARGET_TEXT, TARGET_U32, TARGET_I32, TARGET_I64, TARGET_SIZE, TARGET_BOOL, TARGET_INT };

struct config_key {
    const char *path; /* "node.name" */
    struct fascia_option option;
    const struct config_notation *notation; /* NULL: the option's type says it all */
    enum config_target target;
    size_t offset;   /* in struct config, or in struct config_source */
    bool reloadable; /* a running daemon can take another value */
};

struct config_section {
    const char *name; /* "node"; "" for a whole source */
    const char *help;
    const struct config_key *keys;
    size_t count;
    const struct config_section *nested;
    size_t nested_count;
    const char *others[3]; /* keys that somebody else reads; NULL: none */
};

/* node, matching, delivery */
extern const struct config_section config_sections[3];
/* one entry of sources; its nested sections are stream and folder */
extern const struct config_section config_source_section;
/* one entry of plugins */
extern const struct config_section config_plugin_section;

/* Which keys have been written, and where: a key of the node may stand once in all files. */
struct config_filling {
    struct {
        const struct config_key *key;
        const struct config_node *node;
    } filled[64];
    size_t count;
};

/* Reads what stands in node into *base. prefix names it in errors ("node", "sources.clinic-a.stream"). */
void config_section_read(const struct config_section *section, const struct config_node *node, const char *prefix,
                         void *base, struct config_filling *filling, struct config_errors *errors);
/* Gives every key that was not written its default; a required one is an error at place. Nested sections too when nested is true. */
void config_section_complete(const struct config_section *section, const char *prefix, void *base,
                             const struct config_filling *filling, bool nested, const struct config_place *place,
                             struct config_errors *errors);
/* Frees texts. */
void config_section_clear(const struct config_section *section, void *base);
bool config_key_equal(const struct config_key *key, const void *left, const void *right);

#endif
