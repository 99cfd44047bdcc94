/* What --check-config tries of one source: where in the configuration what is wrong with it stands. */
#include "node/check_source.h"

#include "node/source.h"

#include <stdio.h>
#include <string.h>

/* Whether the word stands by itself in the text; where, or NULL. */
static const char *find_word(const char *text, const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    const size_t size = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += size)
        if ((at == text || strchr(letters, at[-1]) == NULL) && (at[size] == '\0' || strchr(letters, at[size]) == NULL))
            return at;
    return NULL;
}

/* A plugin says in words what is wrong with its options: the first one that it names is where to look. */
static struct config_where where_of_refusal(const struct config_source *source, const struct fascia_plugin *plugin,
                                            const char *text)
{
    const char *first = NULL;
    char path[128] = "options";

    for (uint32_t i = 0; i < plugin->option_count; i++) {
        const struct fascia_option *option = plugin_option(plugin->options, i);
        const char *at = find_word(text, option->name);
        if (at == NULL || (first != NULL && at >= first))
            continue;
        first = at;
        snprintf(path, sizeof path, "options.%.100s", option->name);
    }
    return config_where_of_source(source, path);
}

static bool complain(struct config_where where, const struct config_source *source, const struct fault *fault)
{
    fprintf(stderr, "%s: %s %s: %s\n", where.text, source->is_plugin ? "plugin" : "source", source->name, fault->text);
    return false;
}

/* NULL, and everything that is wrong with them was printed. */
static Fascia__Options *options_or_print(const struct config *config, const struct config_source *source,
                                         const struct fascia_plugin *plugin)
{
    struct config_errors errors = {0};
    Fascia__Options *options = config_options(config, source, plugin->options, plugin->option_count, &errors);

    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "%s\n", errors.items[i].text);
    config_errors_finish(&errors);
    return options;
}

static bool check_way_in(const struct config_source *source, const struct fascia_plugin *plugin)
{
    struct fault fault = {{0}};

    return source_check_transport(plugin, source, &fault) ||
           complain(config_where_of_source(source, source->is_plugin             ? "grants"
                                                   : source->folder.path != NULL ? "folder"
                                                   : source->http.listen != NULL ? "http"
                                                                                 : "stream"),
                    source, &fault);
}

static bool check_in_process(const struct config *config, const struct config_source *source,
                             struct plugin_registry *registry)
{
    struct fault fault = {{0}};
    const struct plugin *plugin = source_plugin(registry, config, source, &fault);
    Fascia__Options *options = NULL;
    bool good = false;

    if (plugin == NULL)
        return complain(config_where_of_source(source, "plugin"), source, &fault);
    options = options_or_print(config, source, plugin_describe(plugin));
    good = check_way_in(source, plugin_describe(plugin)) && options != NULL;
    if (good && !source_check(plugin, source, options, &fault))
        good = complain(where_of_refusal(source, plugin_describe(plugin), fault.text), source, &fault);
    fascia__options__free_unpacked(options, NULL);
    return good;
}

static bool check_isolated(const struct config *config, const struct config_source *source, struct inspector *inspector)
{
    struct fault fault = {{0}};
    struct plugin_described *described = source_inspect(inspector, config, source, &fault);
    const struct fascia_plugin *plugin = NULL;
    Fascia__Options *options = NULL;
    bool good = false;

    if (described == NULL)
        return complain(config_where_of_source(source, "plugin"), source, &fault);
    plugin = plugin_described_plugin(described);
    options = options_or_print(config, source, plugin);
    good = check_way_in(source, plugin) && options != NULL;
    if (good && !inspector_open(inspector, options, &fault))
        good = complain(where_of_refusal(source, plugin, fault.text), source, &fault);
    fascia__options__free_unpacked(options, NULL);
    plugin_described_destroy(described);
    return good;
}

bool check_source(const struct config *config, const struct config_source *source, struct plugin_registry *registry,
                  struct inspector *inspector)
{
    return source_is_isolated(config, source) ? check_isolated(config, source, inspector)
                                              : check_in_process(config, source, registry);
}
