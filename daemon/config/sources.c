#include "config/sources.h"

#include "config/keys.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct config_section *nested_section(size_t index)
{
    return &config_source_section.nested[index];
}

/* What one key does not say of TLS. */
static void complete_http(const struct config_source *source, const struct config_node *entry, const char *prefix,
                          struct config_errors *errors)
{
    const struct config_http *http = &source->http;

    if (http->listen == NULL || http->certificate == NULL || http->key == NULL || http->client_authorities == NULL)
        return;
    if ((http->certificate[0] == '\0') != (http->key[0] == '\0'))
        config_errors_add(errors, &entry->place,
                          "%s.http has a certificate without its key, or a key alone; write both", prefix);
    if (http->client_certificates == CONFIG_CERTIFICATES_NONE)
        return;
    if (http->certificate[0] == '\0')
        config_errors_add(errors, &entry->place,
                          "%s.http asks clients for certificates but has no TLS; write certificate "
                          "and key",
                          prefix);
    else if (http->client_authorities[0] == '\0')
        config_errors_add(errors, &entry->place,
                          "%s.http asks clients for certificates; write client_authorities, whose "
                          "they are",
                          prefix);
}

/* stream, folder or http: one of them, completed with its defaults. */
static void complete_transport(struct config_source *source, const struct config_node *entry, const char *prefix,
                               const struct config_filling *filling, struct config_errors *errors)
{
    size_t written = 0;

    for (size_t i = 0; i < config_source_section.nested_count; i++) {
        const struct config_node *node = config_tree_find(entry, nested_section(i)->name);
        char path[128];
        if (node == NULL)
            continue;
        written++;
        snprintf(path, sizeof path, "%s.%s", prefix, nested_section(i)->name);
        if (node->kind == CONFIG_MAP)
            config_section_complete(nested_section(i), path, source, filling, true, &node->place, errors);
    }
    if (written == 0)
        config_errors_add(errors, &entry->place,
                          "%s has no way in; write stream: {listen: ...}, folder: {path: ...} or http: {listen: ...}",
                          prefix);
    else if (written > 1)
        config_errors_add(errors, &entry->place, "%s has %s of stream, folder and http; make as many sources of it",
                          prefix, written == 2 ? "two" : "all");
    complete_http(source, entry, prefix, errors);
}

const struct config_entries config_source_entries = {.name = "sources",
                                                     .each = "each source",
                                                     .all = "sources",
                                                     .section = &config_source_section,
                                                     .complete = complete_transport};

/* "sources.clinic-a" once the name is known, "sources[2]" before. */
static void name_entry(char *prefix, size_t room, const struct config_entries *entries, const struct config_node *entry,
                       size_t number)
{
    const struct config_node *name = config_tree_find(entry, "name");

    if (name != NULL && name->kind == CONFIG_SCALAR && name->text[0] != '\0')
        snprintf(prefix, room, "%s.%.63s", entries->name, name->text);
    else
        snprintf(prefix, room, "%s[%zu]", entries->name, number);
}

static void read_entry(struct config *config, const struct config_entries *entries, const struct config_node *entry,
                       struct config_errors *errors)
{
    struct config_source *source = &config->sources[config->source_count++];
    struct config_filling filling = {.count = 0};
    const struct config_node *options = config_tree_find(entry, "options");
    char prefix[96];

    name_entry(prefix, sizeof prefix, entries, entry, config->source_count);
    *source =
        (struct config_source){.is_plugin = entries->are_plugins, .options = (void *)(uintptr_t)entry}; /* only read */
    config_section_read(entries->section, entry, prefix, source, &filling, errors);
    if (entry->kind != CONFIG_MAP)
        return;
    config_section_complete(entries->section, prefix, source, &filling, false, &entry->place, errors);
    entries->complete(source, entry, prefix, &filling, errors);
    if (options != NULL && options->kind != CONFIG_MAP)
        config_errors_add(errors, &options->place, "%s.options is %s; write a map of the plugin's options", prefix,
                          config_tree_is_null(options) ? "empty" : config_kind_name(options->kind));
}

void config_entries_read(struct config *config, const struct config_entries *entries, const struct config_node *list,
                         struct config_errors *errors)
{
    if (list->kind != CONFIG_LIST) {
        config_errors_add(errors, &list->place, "%s is %s; write a list: %s begins with '- name:'", entries->name,
                          config_tree_is_null(list) ? "empty" : config_kind_name(list->kind), entries->each);
        return;
    }
    if (config->source_count + list->count > CONFIG_SOURCES_MOST) {
        config_errors_add(errors, &list->place, "there are more than %d %s", CONFIG_SOURCES_MOST, entries->all);
        return;
    }
    if (list->count == 0)
        return;
    config->sources = memory_resize(config->sources, config->source_count + list->count, sizeof *config->sources);
    for (size_t i = 0; i < list->count; i++)
        read_entry(config, entries, list->items[i].value, errors);
}

static const struct config_place *place_of(const struct config_source *source)
{
    return &((const struct config_node *)source->options)->place;
}

static void refuse_shared(const struct config_source *first, const struct config_source *second, const char *what,
                          const char *value, struct config_errors *errors)
{
    config_errors_add(errors, place_of(second), "%s: the %s%s is also that of the %s at %s:%d; give each its own",
                      second->is_plugin ? "plugins" : "sources", what, config_show(value).text,
                      first->is_plugin ? "plugin" : "source", place_of(first)->file, place_of(first)->line);
}

static bool same(const char *left, const char *right)
{
    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

/* Port 0 takes any that is free. */
bool config_is_any_port(const char *address)
{
    size_t size = strlen(address);

    return size >= 2 && strcmp(address + size - 2, ":0") == 0;
}

static bool same_server(const struct config_http *left, const struct config_http *right)
{
    return same(left->certificate, right->certificate) && same(left->key, right->key) &&
           same(left->client_authorities, right->client_authorities) &&
           left->client_certificates == right->client_certificates && left->connections == right->connections &&
           left->per_peer == right->per_peer && left->rate == right->rate && left->head_ms == right->head_ms &&
           left->body_ms == right->body_ms && left->idle_ms == right->idle_ms;
}

/* One server for all that name its address: told apart by their prefixes, and of one mind about the rest. */
static void check_servers(const struct config_source *first, const struct config_source *second,
                          struct config_errors *errors)
{
    if (!same(first->http.listen, second->http.listen) || config_is_any_port(second->http.listen))
        return;
    if (same(first->http.prefix, second->http.prefix))
        refuse_shared(first, second, "address and prefix", second->http.prefix, errors);
    if (!same_server(&first->http, &second->http))
        config_errors_add(errors, place_of(second),
                          "sources:%s is served by the source at %s:%d too; say the same of certificates, limits and "
                          "times there and here",
                          config_show(second->http.listen).text, place_of(first)->file, place_of(first)->line);
}

/* An address that carries frames, or the node's own pages, carries nothing else. */
static void check_address(const struct config *config, const struct config_source *source, struct config_errors *errors)
{
    const char *listen = source->http.listen != NULL ? source->http.listen : source->stream.listen;

    if (same(listen, config->http) && !config_is_any_port(config->http))
        config_errors_add(errors, place_of(source),
                          "sources: the address%s is also that of node.http; give each its own",
                          config_show(config->http).text);
}

void config_sources_check(const struct config *config, struct config_errors *errors)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *second = &config->sources[i];
        for (size_t j = 0; j < i; j++) {
            const struct config_source *first = &config->sources[j];
            if (same(first->name, second->name))
                refuse_shared(first, second, "name", second->name, errors);
            if (same(first->stream.listen, second->stream.listen) && !config_is_any_port(second->stream.listen))
                refuse_shared(first, second, "address", second->stream.listen, errors);
            if (same(first->folder.path, second->folder.path))
                refuse_shared(first, second, "folder", second->folder.path, errors);
            if (same(first->stream.listen, second->http.listen) && !config_is_any_port(second->http.listen))
                refuse_shared(first, second, "address", second->http.listen, errors);
            if (same(first->http.listen, second->stream.listen) && !config_is_any_port(second->stream.listen))
                refuse_shared(first, second, "address", second->stream.listen, errors);
            check_servers(first, second, errors);
        }
        check_address(config, second, errors);
    }
}

void config_sources_clear(struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++)
        config_section_clear(config->sources[i].is_plugin ? &config_plugin_section : &config_source_section,
                             &config->sources[i]);
    free(config->sources);
}

bool config_sources_equal(const struct config *left, const struct config *right)
{
    if (left->source_count != right->source_count)
        return false;
    for (size_t i = 0; i < left->source_count; i++)
        if (left->sources[i].is_plugin != right->sources[i].is_plugin ||
            !config_tree_equal(left->sources[i].options, right->sources[i].options))
            return false;
    return true;
}
