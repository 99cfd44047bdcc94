#include "config/tree.h"
#include "core/memory.h"

#include <libfyaml.h>

struct building {
    struct config_errors *errors;
    const char *file;
    struct config_place place; /* of the last event that had one */
    struct config_node *root;
    struct config_node *open[CONFIG_DEPTH_MOST]; /* lists and maps that have begun */
    struct config_node *key[CONFIG_DEPTH_MOST];  /* of a map, waiting for its value */
    size_t depth, nodes;
    bool failed; /* nothing after this can be trusted */
    bool ended;  /* one document was read */
};

static void fail(struct building *building, const char *problem)
{
    config_errors_add(building->errors, &building->place, "%s", problem);
    building->failed = true;
}

static struct config_node *make(struct building *building, enum config_node_kind kind)
{
    struct config_node *node = memory_allocate(1, sizeof *node);

    node->kind = kind;
    node->place = building->place;
    if (++building->nodes > CONFIG_NODES_MOST)
        fail(building, "there are more than 65536 values in this file; split it");
    return node;
}

static void append(struct config_node *to, struct config_node *key, struct config_node *value)
{
    if (to->count == to->room) {
        to->room = to->room == 0 ? 4 : to->room * 2;
        to->items = memory_resize(to->items, to->room, sizeof *to->items);
    }
    to->items[to->count++] = (struct config_item){.key = key, .value = value};
}

static const struct config_node *key_that_stands(const struct config_node *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i].key->text, key) == 0)
            return map->items[i].key;
    return NULL;
}

static void take_key(struct building *building, struct config_node *key)
{
    if (key->kind != CONFIG_SCALAR || config_tree_is_null(key)) {
        fail(building, "a key must be a word");
        config_tree_free(key);
        return;
    }
    building->key[building->depth - 1] = key;
}

static void take_value(struct building *building, struct config_node *map, struct config_node *value)
{
    struct config_node *key = building->key[building->depth - 1];
    const struct config_node *first = key_that_stands(map, key->text);

    building->key[building->depth - 1] = NULL;
    append(map, key, value);
    if (first != NULL)
        config_errors_add(building->errors, &key->place, "the key%s stands twice; it first stands at line %d",
                          config_show(key->text).text, first->place.line);
    if (map->count > CONFIG_KEYS_MOST)
        fail(building, "there are more than 4096 keys in this map");
}

/* Puts a node where it belongs; from here on the tree owns it. */
static void attach(struct building *building, struct config_node *node)
{
    struct config_node *parent = building->depth == 0 ? NULL : building->open[building->depth - 1];

    if (parent == NULL)
        building->root = node;
    else if (parent->kind == CONFIG_LIST)
        append(parent, NULL, node);
    else if (building->key[building->depth - 1] == NULL)
        take_key(building, node);
    else
        take_value(building, parent, node);
}

static void begin(struct building *building, enum config_node_kind kind)
{
    const struct config_node *parent = building->depth == 0 ? NULL : building->open[building->depth - 1];
    bool is_key = parent != NULL && parent->kind == CONFIG_MAP && building->key[building->depth - 1] == NULL;

    if (is_key) {
        fail(building, "a key must be a word");
    } else if (building->depth == CONFIG_DEPTH_MOST) {
        fail(building, "this is nested deeper than 16 levels");
    } else {
        struct config_node *node = make(building, kind);
        attach(building, node);
        building->key[building->depth] = NULL;
        building->open[building->depth++] = node;
    }
}

static void take_scalar(struct building *building, struct fy_token *token)
{
    struct config_node *node = make(building, CONFIG_SCALAR);
    size_t size = 0;
    const char *text = token == NULL ? "" : fy_token_get_text(token, &size);

    node->plain = token == NULL || fy_token_scalar_style(token) == FYSS_PLAIN;
    node->text = memory_allocate(size + 1, 1);
    if (text != NULL && size > 0)
        memcpy(node->text, text, size);
    if (strlen(node->text) != size)
        fail(building, "this text contains a zero byte");
    attach(building, node);
}

static bool has_anchor_or_tag(const struct fy_event *event)
{
    switch (event->type) {
    case FYET_SCALAR:
        return event->scalar.anchor != NULL || event->scalar.tag != NULL;
    case FYET_MAPPING_START:
        return event->mapping_start.anchor != NULL || event->mapping_start.tag != NULL;
    case FYET_SEQUENCE_START:
        return event->sequence_start.anchor != NULL || event->sequence_start.tag != NULL;
    default:
        return event->type == FYET_ALIAS;
    }
}

/* The library's mark of a quoted text stands behind its first quote. */
static bool is_quoted(struct fy_event *event)
{
    enum fy_scalar_style style = FYSS_PLAIN;

    if (event->type == FYET_SCALAR && event->scalar.value != NULL)
        style = fy_token_scalar_style(event->scalar.value);
    return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static void take(struct building *building, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (mark != NULL)
        building->place = (struct config_place){building->file, mark->line + 1, mark->column + 1 - is_quoted(event)};
    if (has_anchor_or_tag(event)) {
        fail(building, "anchors (&), aliases (*) and tags (!) are not taken; write the value itself");
        return;
    }
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (building->ended)
            fail(building, "a second document begins here ('---'); write one document a file");
        break;
    case FYET_DOCUMENT_END:
        building->ended = true;
        break;
    case FYET_MAPPING_START:
        begin(building, CONFIG_MAP);
        break;
    case FYET_SEQUENCE_START:
        begin(building, CONFIG_LIST);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        building->depth--;
        break;
    case FYET_SCALAR:
        take_scalar(building, event->scalar.value);
        break;
    default:
        break;
    }
}

/* The library's own words, which name what is wrong and quote nothing. */
static void report_syntax(struct building *building, struct fy_diag *diag)
{
    void *at = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);

    if (error == NULL) {
        fail(building, "this can't be read as YAML");
        return;
    }
    building->place = (struct config_place){building->file, error->line, error->column};
    fail(building, error->msg != NULL ? error->msg : "this can't be read as YAML");
}

static void read_events(struct building *building, const char *text, size_t size)
{
    struct fy_diag_cfg diag_settings;
    struct fy_diag *diag = NULL;
    struct fy_parser *parser = NULL;
    struct fy_event *event = NULL;

    fy_diag_cfg_default(&diag_settings);
    diag_settings.fp = NULL;
    diag = fy_diag_create(&diag_settings);
    INVARIANT(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    parser = fy_parser_create(&(struct fy_parse_cfg){.flags = FYPCF_QUIET, .diag = diag});
    INVARIANT(parser != NULL);
    if (fy_parser_set_string(parser, text, size) != 0)
        fail(building, "this can't be read as YAML");
    while (!building->failed && (event = fy_parser_parse(parser)) != NULL) {
        take(building, event);
        fy_parser_event_free(parser, event);
    }
    if (!building->failed && fy_parser_get_stream_error(parser))
        report_syntax(building, diag);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
}

/* The length of the character of UTF-8 that begins here (RFC 3629), or 0 when none does, or none that a text file may hold. */
static size_t character_length(const uint8_t *at, size_t left)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;

    if (length == 1)
        return at[0] >= ' ' || at[0] == '\n' || at[0] == '\r' || at[0] == '\t' ? 1 : 0;
    if (length > left || at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
        (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

/* The library gives an empty text for bytes that are no UTF-8, so they are found before it sees them. */
static void check_text(struct building *building, const char *text, size_t size)
{
    building->place = (struct config_place){building->file, 1, 1};
    for (size_t i = 0, length = 0; i < size; i += length) {
        length = character_length((const uint8_t *)text + i, size - i);
        if (length == 0) {
            fail(building, "here is a byte that no UTF-8 text has; save the file as UTF-8");
            return;
        }
        building->place.column++;
        if (text[i] == '\n')
            building->place = (struct config_place){building->file, building->place.line + 1, 1};
    }
}

struct config_node *config_tree_parse(const char *file, const char *text, size_t size, struct config_errors *errors)
{
    struct building building = {.errors = errors, .file = file};

    check_text(&building, text, size);
    if (!building.failed)
        read_events(&building, text, size);
    if (!building.failed)
        return building.root;
    for (size_t i = 0; i < building.depth; i++)
        config_tree_free(building.key[i]);
    config_tree_free(building.root);
    return NULL;
}
