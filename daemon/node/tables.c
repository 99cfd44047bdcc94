#include "node/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLE_BYTES (256u << 20)
#define ZONE_BYTES  (256u << 10)
#define ZONES       2048

/* The whole of a regular file of at most `limit` bytes; heap. NULL and errno. */
static uint8_t *read_whole(const char *path, size_t limit, size_t *size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    uint8_t *bytes = NULL;
    size_t have = 0;

    if (descriptor < 0)
        return NULL;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size <= limit) {
        bytes = malloc((size_t)status.st_size + 1);
        INVARIANT(bytes != NULL);
        while (have < (size_t)status.st_size) {
            const ssize_t got = read(descriptor, bytes + have, (size_t)status.st_size - have);
            if (got <= 0)
                break;
            have += (size_t)got;
        }
    } else {
        errno = EFBIG;
    }
    close(descriptor);
    *size = have;
    return bytes;
}

/* ---- code tables --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool needed;
} tables[] = {{"techniques.csv", true},  {"categories.csv", true},     {"conditions.csv", true},
              {"professions.csv", true}, {"words.csv", false},         {"flags.csv", false},
              {"cautions.csv", false},   {"jurisdictions.csv", false}, {"places.csv", false}};

static bool load_table(struct codes *codes, const char *directory, const char *name, bool needed, struct fault *fault)
{
    char path[4096];
    size_t size = 0;
    uint8_t *bytes;
    bool loaded;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    bytes = read_whole(path, TABLE_BYTES, &size);
    if (bytes == NULL && errno == ENOENT && !needed)
        return true;
    if (bytes == NULL) {
        fault_set(fault, "code table %s can't be read: %s", path, strerror(errno));
        return false;
    }
    loaded = codes_load(codes, name, path, bytes, size, fault);
    free(bytes);
    return loaded;
}

struct codes *tables_load(const char *directory, const char *home_country, struct fault *fault)
{
    struct codes *codes = codes_create();

    codes_set_home(codes, home_country);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (load_table(codes, directory, tables[i].name, tables[i].needed, fault))
            continue;
        codes_destroy(codes);
        return NULL;
    }
    if (!codes_finish(codes, fault)) {
        codes_destroy(codes);
        return NULL;
    }
    return codes;
}

/* ---- zones ---------------------------------------------------------------------------------------------------------- */

struct zones {
    char *directory;
    pthread_mutex_t lock;
    struct zone *found[ZONES];
    size_t count;
};

struct zones *zones_create(const char *directory)
{
    struct zones *zones = calloc(1, sizeof *zones);

    INVARIANT(zones != NULL);
    zones->directory = strdup(directory);
    INVARIANT(zones->directory != NULL);
    pthread_mutex_init(&zones->lock, NULL);
    zones->found[zones->count++] = zone_utc();
    return zones;
}

void zones_destroy(struct zones *zones)
{
    if (zones == NULL)
        return;
    for (size_t i = 0; i < zones->count; i++)
        zone_destroy(zones->found[i]);
    pthread_mutex_destroy(&zones->lock);
    free(zones->directory);
    free(zones);
}

/* A name as IANA writes them, so that it can't leave the directory: letters, digits, '_', '-', '+', and single '/' between. */
static bool name_is_plain(const char *name)
{
    const size_t length = strlen(name);

    if (length == 0 || length > 60 || name[0] == '/' || strstr(name, "//") != NULL)
        return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/") == length;
}

static const struct zone *read_zone(struct zones *zones, const char *name)
{
    char path[4096];
    struct fault fault;
    size_t size = 0;
    uint8_t *bytes;
    struct zone *zone;

    if (zones->count == ZONES)
        return NULL;
    snprintf(path, sizeof path, "%s/%s", zones->directory, name);
    bytes = read_whole(path, ZONE_BYTES, &size);
    if (bytes == NULL)
        return NULL;
    zone = zone_parse(name, bytes, size, &fault);
    free(bytes);
    if (zone != NULL)
        zones->found[zones->count++] = zone;
    return zone;
}

static const struct zone *find_zone(void *context, const char *name)
{
    struct zones *zones = context;
    const struct zone *zone = NULL;

    pthread_mutex_lock(&zones->lock);
    for (size_t i = 0; i < zones->count && zone == NULL; i++)
        if (strcmp(zone_name(zones->found[i]), name) == 0)
            zone = zones->found[i];
    if (zone == NULL && name_is_plain(name))
        zone = read_zone(zones, name);
    pthread_mutex_unlock(&zones->lock);
    return zone;
}

struct zone_source zones_source(struct zones *zones)
{
    return (struct zone_source){.context = zones, .find = find_zone};
}
