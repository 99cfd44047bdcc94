#include "check/samples.h"

#include "config/files.h"
#include "config/value.h"
#include "core/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDECAR "check.yaml"

static const char *const expectations[] = {"taken", "refused", "any", "skip"};

const char *check_expectation_name(enum check_expectation expectation)
{
    return expectations[expectation];
}

/* The whole file with a NUL behind it; NULL with a fault. */
static uint8_t *read_file(const char *path, size_t most, size_t *size, struct fault *fault)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *bytes = NULL;

    if (file == NULL) {
        fault_set(fault, "%.300s can't be read: %s", path, strerror(errno));
        return NULL;
    }
    bytes = memory_resize(NULL, most + 2, 1);
    *size = fread(bytes, 1, most + 1, file);
    if (ferror(file) != 0 || *size > most) {
        fault_set(fault, "%.300s %s", path,
                  ferror(file) != 0 ? "can't be read" : "is larger than a sample should be; make it smaller");
        free(bytes);
        bytes = NULL;
    } else {
        bytes[*size] = '\0';
        bytes = memory_resize(bytes, *size + 1, 1);
    }
    (void)fclose(file);
    return bytes;
}

static enum check_expectation from_name(const char *name)
{
    static const char *const refused[] = {"wrong", "bad", "refused"};

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strncmp(name, refused[i], strlen(refused[i])) == 0)
            return EXPECT_REFUSED;
    return EXPECT_TAKEN;
}

static enum check_expectation expectation_of(const struct check_samples *samples, const char *name)
{
    const struct config_node *expect = config_tree_find(samples->root, "expect");

    for (size_t i = 0; expect != NULL && i < expect->count; i++)
        if (fnmatch(expect->items[i].key->text, name, 0) == 0)
            for (enum check_expectation kind = EXPECT_TAKEN; kind <= EXPECT_SKIP; kind++)
                if (strcmp(expect->items[i].value->text, expectations[kind]) == 0)
                    return kind;
    return from_name(name);
}

/* Every word of the sidecar is one that is known here: a misspelt one would be passed over, and nothing checked. */
static void check_words(const struct config_node *root, struct config_errors *errors)
{
    static const char *const keys[] = {"options", "before", "after", "expect", NULL};
    static const struct fascia_option kinds = {
        .type = FASCIA_OPTION_CHOICE, .name = "expect", .choices = "taken|refused|any|skip"};
    const struct config_node *expect = config_tree_find(root, "expect");
    struct config_scalar unused;

    for (size_t i = 0; i < root->count; i++) {
        const struct config_node *key = root->items[i].key, *value = root->items[i].value;
        size_t at = 0;
        while (keys[at] != NULL && strcmp(keys[at], key->text) != 0)
            at++;
        if (keys[at] == NULL)
            config_unknown_key(key, "the file", keys, errors);
        else if (at == 1 || at == 2)
            (void)!config_is_scalar(value, keys[at], "the bytes, in double quotes", errors);
    }
    if (expect != NULL && expect->kind != CONFIG_MAP)
        config_errors_add(errors, &expect->place, "expect is %s; write a map from names to taken, refused, any or skip",
                          config_kind_name(expect->kind));
    for (size_t i = 0; expect != NULL && expect->kind == CONFIG_MAP && i < expect->count; i++)
        (void)!config_scalar_read(&kinds, expect->items[i].value, "expect", &unused, errors);
}

static char *text_at(const struct config_node *root, const char *key)
{
    static char nothing[1];
    const struct config_node *node = config_tree_find(root, key);

    return node == NULL ? nothing : node->text;
}

static bool read_sidecar(struct check_samples *samples, struct fault *fault)
{
    struct config_errors errors = {0};
    size_t size = 0;
    char *text = (char *)read_file(samples->file, CONFIG_FILE_SIZE_MOST, &size, fault);
    bool good = false;

    if (text == NULL)
        return false;
    samples->root = config_tree_parse(samples->file, text, size, &errors);
    free(text);
    if (samples->root != NULL && samples->root->kind != CONFIG_MAP)
        config_errors_add(&errors, &samples->root->place, "this is %s; write a map with options, before, after, expect",
                          config_kind_name(samples->root->kind));
    else if (samples->root != NULL)
        check_words(samples->root, &errors);
    good = errors.count == 0;
    if (!good)
        fault_set(fault, "%.480s", errors.items[0].text);
    config_errors_finish(&errors);
    return good;
}

static bool is_sample(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strncmp(entry->d_name, "README", 6) != 0 &&
           fnmatch("check*.yaml", entry->d_name, 0) != 0;
}

static bool add(struct check_samples *samples, const char *folder, const char *name, struct fault *fault)
{
    struct check_sample sample = {.expected = expectation_of(samples, name)};
    struct stat status;
    char path[4096];

    if (sample.expected == EXPECT_SKIP)
        return true;
    snprintf(path, sizeof path, "%.3000s/%.255s", folder, name);
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return true;
    if (samples->count == SAMPLES_MOST) {
        fault_set(fault, "%.300s holds more than %d samples; take fewer", folder, SAMPLES_MOST);
        return false;
    }
    sample.bytes = read_file(path, SAMPLE_BYTES_MOST, &sample.size, fault);
    if (sample.bytes == NULL)
        return false;
    sample.name = memory_text(name);
    samples->samples = memory_resize(samples->samples, samples->count + 1, sizeof *samples->samples);
    samples->samples[samples->count++] = sample;
    return true;
}

static bool read_folder(struct check_samples *samples, const char *folder, struct fault *fault)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    bool good = count >= 0;

    if (!good)
        fault_set(fault, "%.300s can't be read: %s; name a folder with a file for each message", folder,
                  strerror(errno));
    for (int i = 0; i < count; i++) {
        if (good && is_sample(entries[i]))
            good = add(samples, folder, entries[i]->d_name, fault);
        free(entries[i]);
    }
    free(entries);
    if (good && samples->count == 0) {
        fault_set(fault, "%.300s holds no sample; put a file there for each message that the source should take",
                  folder);
        good = false;
    }
    return good;
}

bool check_samples_read(struct check_samples *samples, const char *folder, const char *options, struct fault *fault)
{
    char path[4096];

    *samples = (struct check_samples){0};
    snprintf(path, sizeof path, "%.3000s/" SIDECAR, folder);
    if (options != NULL || access(path, F_OK) == 0) {
        samples->file = memory_text(options != NULL ? options : path);
        if (!read_sidecar(samples, fault))
            return false;
    }
    samples->before = text_at(samples->root, "before");
    samples->after = text_at(samples->root, "after");
    return read_folder(samples, folder, fault);
}

void check_samples_finish(struct check_samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        free(samples->samples[i].name);
        free(samples->samples[i].bytes);
    }
    free(samples->samples);
    config_tree_free(samples->root);
    free(samples->file);
    *samples = (struct check_samples){0};
}
