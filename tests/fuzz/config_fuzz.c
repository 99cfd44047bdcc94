/*
 * The configuration against anything that could stand in a file: either it is good, or there are errors that say where, and never both.
 *
 * What is good is also read as a plugin's options, against a table of every type, and must survive the way into the plugin.
 */
#include "config/config.h"
#include "config/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define MUST(condition) ((condition) ? (void)0 : must_hold(#condition))
static _Noreturn void must_hold(const char *condition)
{
    fprintf(stderr, "config_fuzz: %s\n", condition);
    abort();
}

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option children[] = {
    {ROW, .type = FASCIA_OPTION_ADDRESS, .name = "address", .flags = FASCIA_OPTION_REQUIRED},
    {ROW, .type = FASCIA_OPTION_TEXT, .name = "secret", .flags = FASCIA_OPTION_SECRET, .maximum = 8},
};
static const struct fascia_option table[] = {
    {ROW, .type = FASCIA_OPTION_TEXT, .name = "text", .default_value = ""},
    {ROW, .type = FASCIA_OPTION_INTEGER, .name = "integer", .default_value = "-3", .minimum = -5, .maximum = 5},
    {ROW, .type = FASCIA_OPTION_BOOLEAN, .name = "boolean", .default_value = "true"},
    {ROW, .type = FASCIA_OPTION_DURATION, .name = "duration", .maximum = 60000},
    {ROW, .type = FASCIA_OPTION_SIZE, .name = "bytes"},
    {ROW, .type = FASCIA_OPTION_CHOICE, .name = "choice", .choices = "red|green"},
    {ROW, .type = FASCIA_OPTION_PATH, .name = "path"},
    {ROW, .type = FASCIA_OPTION_MAP, .name = "map", .default_value = "{a: b}"},
    {ROW, .type = FASCIA_OPTION_TEXTS, .name = "texts", .default_value = "[a]"},
    {ROW, .type = FASCIA_OPTION_GROUP, .name = "group", .children = children, .child_count = 2},
};

static void check_errors(const struct config_errors *errors)
{
    MUST(errors->count <= 101);
    for (size_t i = 0; i < errors->count; i++) {
        MUST(strnlen(errors->items[i].text, sizeof errors->items[i].text) < sizeof errors->items[i].text);
        MUST(strpbrk(errors->items[i].text, "\n\r\x1b") == NULL);
    }
}

static void check_options(const struct config *config, const struct config_source *source)
{
    struct config_errors errors = {0};
    Fascia__Options *options = config_options(config, source, table, sizeof table / sizeof table[0], &errors);

    MUST((options == NULL) == (errors.count > 0));
    check_errors(&errors);
    config_errors_finish(&errors);
    if (options != NULL) {
        size_t size = fascia__options__get_packed_size(options);
        uint8_t *packed = malloc(size + 1);
        Fascia__Options *read = NULL;
        fascia__options__pack(options, packed);
        read = fascia__options__unpack(NULL, size, packed);
        MUST(read != NULL && read->n_values == options->n_values);
        fascia__options__free_unpacked(read, NULL);
        fascia__options__free_unpacked(options, NULL);
        free(packed);
    }
}

static void check_tree(const char *text, size_t size)
{
    struct config_errors errors = {0};
    struct config_node *tree = config_tree_parse("fuzz", text, size, &errors);

    check_errors(&errors);
    MUST(errors.count > 0 || config_tree_equal(tree, tree));
    config_tree_free(tree);
    config_errors_finish(&errors);
}

static void check_whole(const char *text, size_t size)
{
    static char path[64];
    struct config_errors errors;
    struct config *config = NULL;
    FILE *file = NULL;

    if (path[0] == '\0')
        snprintf(path, sizeof path, "/tmp/fascia-config-fuzz-%d", (int)getpid());
    file = fopen(path, "wb");
    MUST(file != NULL && fwrite(text, 1, size, file) == size && fclose(file) == 0);
    config = config_load(path, &errors);
    unlink(path);
    MUST((config == NULL) == (errors.count > 0));
    check_errors(&errors);
    config_errors_finish(&errors);
    for (size_t i = 0; config != NULL && i < config->source_count; i++)
        check_options(config, &config->sources[i]);
    if (config != NULL)
        MUST(config_fixed_differences(config, config, NULL, 0) == 0);
    config_destroy(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);

    MUST(text != NULL);
    if (size > 0)
        memcpy(text, bytes, size);
    text[size] = '\0';
    check_tree(text, size);
    /* An include would read whatever the machine holds: not what is searched here. */
    if (memmem(text, size, "clude", 5) == NULL && memchr(text, '\\', size) == NULL)
        check_whole(text, size);
    free(text);
    return 0;
}
