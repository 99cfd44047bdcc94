/*
 * The configuration's files: the first, and those that it includes, each read once, in order.
 */
#ifndef FASCIA_CONFIG_FILES_H
#define FASCIA_CONFIG_FILES_H

#include "config/tree.h"

#define CONFIG_FILE_SIZE_MOST ((size_t)1 << 20)
#define CONFIG_FILES_MOST     256
#define CONFIG_INCLUDE_DEPTH  4

struct config_files {
    struct config_file {
        char *name; /* as it was asked for, or found by a pattern */
        char *real; /* without links: the same file is read once */
        struct config_node *root;
        struct config_place included_at;
    } files[CONFIG_FILES_MOST];
    size_t count;
};

/* Into *files, which is all zero. Errors go to errors; what could be read is there anyway, so that more errors can be found. */
void config_files_read(struct config_files *files, const char *path, struct config_errors *errors);
/* And the memory of *files itself. */
void config_files_free(struct config_files *files);

#endif
