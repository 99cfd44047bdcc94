#include "config/value.h"

#include "core/notation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool config_parse_duration(const char *text, int64_t *milliseconds)
{
    return notation_duration(text, milliseconds);
}

bool config_parse_size(const char *text, int64_t *bytes)
{
    return notation_size(text, bytes);
}

bool config_is_scalar(const struct config_node *node, const char *path, const char *expected,
                      struct config_errors *errors)
{
    if (node->kind != CONFIG_SCALAR)
        config_errors_add(errors, &node->place, "%s is %s; write %s", path, config_kind_name(node->kind), expected);
    else if (config_tree_is_null(node))
        config_errors_add(errors, &node->place, "%s has no value; write %s, or remove the key", path, expected);
    else
        return true;
    return false;
}

static bool in_range(const struct fascia_option *option, int64_t number)
{
    return number >= option->minimum && (option->maximum == 0 || number <= option->maximum);
}

/* The place of the word in choices, or -1. */
static int64_t choice_index(const char *text, const char *choices)
{
    int64_t index = 0;
    size_t size = strlen(text);

    if (!notation_is_choice(text, choices))
        return -1;
    for (const char *word = choices; strcspn(word, "|") != size || memcmp(word, text, size) != 0; index++)
        word += strcspn(word, "|") + 1;
    return index;
}

static bool read_scalar(const struct fascia_option *option, const char *text, struct config_scalar *scalar)
{
    switch (option->type) {
    case FASCIA_OPTION_TEXT:
        return in_range(option, (int64_t)strlen(text));
    case FASCIA_OPTION_INTEGER:
        return notation_integer(text, &scalar->number) && in_range(option, scalar->number);
    case FASCIA_OPTION_BOOLEAN:
        return notation_boolean(text, &scalar->flag);
    case FASCIA_OPTION_DURATION:
        return notation_duration(text, &scalar->number) && in_range(option, scalar->number);
    case FASCIA_OPTION_SIZE:
        return notation_size(text, &scalar->number) && in_range(option, scalar->number);
    case FASCIA_OPTION_CHOICE:
        scalar->number = choice_index(text, option->choices);
        return scalar->number >= 0;
    case FASCIA_OPTION_ADDRESS:
        return notation_is_address(text);
    case FASCIA_OPTION_PATH:
        return notation_is_path(text);
    default:
        return false;
    }
}

bool config_scalar_read(const struct fascia_option *option, const struct config_node *node, const char *path,
                        struct config_scalar *scalar, struct config_errors *errors)
{
    struct config_expected expected = config_expect(option);
    bool secret = (option->flags & FASCIA_OPTION_SECRET) != 0;

    *scalar = (struct config_scalar){0};
    if (!config_is_scalar(node, path, expected.text, errors))
        return false;
    if (read_scalar(option, node->text, scalar))
        return true;
    config_errors_add(errors, &node->place, "%s%s is not %s", path, secret ? "" : config_show(node->text).text,
                      expected.text);
    return false;
}

/* How many letters must be changed, added or left out; only whether it is at most 2 matters, names are short. */
static size_t edit_distance(const char *left, const char *right)
{
    size_t row[65], left_size = strlen(left), right_size = strlen(right);

    if (left_size > 64 || right_size > 64)
        return 64;
    for (size_t j = 0; j <= right_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= left_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= right_size; j++) {
            size_t change = diagonal + (left[i - 1] != right[j - 1]);
            diagonal = row[j];
            row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < row[j] ? change : row[j];
        }
    }
    return row[right_size];
}

static bool one_begins_the_other(const char *left, const char *right)
{
    size_t shorter = strlen(left) < strlen(right) ? strlen(left) : strlen(right);

    return shorter >= 4 && strncmp(left, right, shorter) == 0;
}

static const char *nearest_name(const char *wrong, const char *const *names)
{
    const char *nearest = NULL;
    size_t least = 3; /* further away is a guess */

    for (size_t i = 0; names[i] != NULL; i++) {
        size_t distance = one_begins_the_other(wrong, names[i]) ? 2 : edit_distance(wrong, names[i]);
        if (distance < least && distance < strlen(names[i])) {
            least = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

void config_unknown_key(const struct config_node *key, const char *path, const char *const *names,
                        struct config_errors *errors)
{
    const char *nearest = nearest_name(key->text, names);
    char known[512] = "";
    size_t used = 0;

    if (nearest != NULL) {
        config_errors_add(errors, &key->place, "%s:%s is no key here; did you mean '%s'?", path,
                          config_show(key->text).text, nearest);
        return;
    }
    for (size_t i = 0; names[i] != NULL && used < sizeof known - 64; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", names[i]);
    config_errors_add(errors, &key->place, "%s:%s is no key here; the keys are %s", path, config_show(key->text).text,
                      names[0] == NULL ? "none at all" : known);
}
