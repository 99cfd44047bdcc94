/* One row of each code table but those about places on the map. */
#include "core/codes_words.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define LIST_ITEMS 32

static struct codes_place_in_file place_of(const struct codes_entry *entry, size_t field)
{
    return (struct codes_place_in_file){(uint32_t)entry->row->line, (uint32_t)entry->row->columns[field]};
}

bool codes_field_text(const struct codes_entry *entry, size_t field, const char **text)
{
    size_t size = strlen(entry->row->fields[field]);

    if (size > CODES_MAXIMUM_TEXT)
        return codes_refuse(entry, field, "a text has at most %d bytes", CODES_MAXIMUM_TEXT);
    *text = codes_texts_keep(&entry->codes->texts, entry->row->fields[field], size);
    return true;
}

bool codes_field_name(const struct codes_entry *entry, size_t field, const char **name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *text = entry->row->fields[field];
    size_t size = strlen(text);

    if (size == 0 || size > CODES_MAXIMUM_NAME || strspn(text, letters) != size)
        return codes_refuse(entry, field, "a name is 1 to %d lower-case letters, digits and hyphens",
                            CODES_MAXIMUM_NAME);
    *name = codes_texts_keep(&entry->codes->texts, text, size);
    return true;
}

bool codes_field_choice(const struct codes_entry *entry, size_t field, const char *const *choices, int *choice)
{
    char list[256] = "";

    for (*choice = 0; choices[*choice] != NULL; (*choice)++)
        if (strcmp(entry->row->fields[field], choices[*choice]) == 0)
            return true;
    for (int i = 0; choices[i] != NULL; i++) {
        strncat(list, i == 0 ? "" : ", ", sizeof list - strlen(list) - 1);
        strncat(list, choices[i][0] == 0 ? "(empty)" : choices[i], sizeof list - strlen(list) - 1);
    }
    return codes_refuse(entry, field, "must be one of: %s", list);
}

/* A list of items parted by ';', blanks around them ignored. */
static bool read_list(const struct codes_entry *entry, size_t field, const char ***list)
{
    const char **items = memory_allocate(LIST_ITEMS + 1, sizeof *items);
    const char *at = entry->row->fields[field];
    size_t count = 0;

    *list = items;
    for (;;) {
        size_t size = strcspn(at, ";");
        size_t lead = strspn(at, " ");
        bool last = at[size] == 0;
        const char *next = at + size + !last;
        lead = lead > size ? size : lead;
        at += lead;
        for (size -= lead; size > 0 && at[size - 1] == ' ';)
            size--;
        if (size == 0 && last && count == 0)
            return true;
        if (size == 0 || size > CODES_MAXIMUM_NAME || count == LIST_ITEMS)
            break;
        items[count++] = codes_texts_keep(&entry->codes->texts, at, size);
        if (last)
            return true;
        at = next;
    }
    free(items);
    *list = NULL;
    return codes_refuse(entry, field, "a list has at most %d items, parted by ';', of 1 to %d bytes each", LIST_ITEMS,
                        CODES_MAXIMUM_NAME);
}

/* The key of a system and a prefix in two fields. */
static bool read_key(const struct codes_entry *entry, size_t field, const char **key)
{
    char text[CODES_MAXIMUM_CODE + 2];
    size_t size;
    enum codes_system system = codes_system(entry->row->fields[field]);

    if (system == SYSTEM_UNNAMED || system == SYSTEM_OTHER)
        return codes_refuse(entry, field, "must be one of: ICD-10-CM, ICD-9-CM, SNOMED");
    if (!codes_key(system, entry->row->fields[field + 1], text, &size))
        return codes_refuse(entry, field + 1, "a code is 1 to %d letters and digits, with or without dots",
                            CODES_MAXIMUM_CODE);
    *key = codes_texts_keep(&entry->codes->texts, text, size);
    return true;
}

bool codes_add_condition(const struct codes_entry *entry)
{
    struct codes *codes = entry->codes;
    struct codes_condition_row row = {.at = place_of(entry, 2)};
    const char *key = NULL;

    if (!read_key(entry, 0, &key) || !codes_field_name(entry, 2, &row.category) ||
        !codes_field_text(entry, 3, &row.note))
        return false;
    if (codes_map_find(&codes->conditions_by_code, key, strlen(key)) != CODES_NONE)
        return codes_refuse(entry, 1, "the code has a row already");
    if (row.note[0] == 0)
        row.note = NULL;
    codes->conditions = memory_grow(codes->conditions, &codes->condition_room, codes->condition_count + 1, sizeof row);
    codes->conditions[codes->condition_count] = row;
    codes_map_put(&codes->conditions_by_code, key, (uint32_t)codes->condition_count++);
    return true;
}

static struct codes_name_row *add_name(struct codes_names *names, const char *name, const char *label)
{
    names->rows = memory_grow(names->rows, &names->room, names->count + 1, sizeof *names->rows);
    names->rows[names->count] = (struct codes_name_row){.name = name, .label = label};
    codes_map_put(&names->by_name, name, (uint32_t)names->count);
    return &names->rows[names->count++];
}

/* A name that is new to the table, and its label. */
static bool read_name(const struct codes_entry *entry, const struct codes_names *names, const char **name,
                      const char **label)
{
    if (!codes_field_name(entry, 0, name) || !codes_field_text(entry, 1, label))
        return false;
    if (**label == 0)
        return codes_refuse(entry, 1, "a label is missing");
    if (codes_map_find(&names->by_name, *name, strlen(*name)) != CODES_NONE)
        return codes_refuse(entry, 0, "the name has a row already");
    return true;
}

bool codes_add_category(const struct codes_entry *entry)
{
    const char *name = NULL, *label = NULL, **techniques = NULL, **certifications = NULL;
    struct codes_name_row *row;

    if (!read_name(entry, &entry->codes->categories, &name, &label) || !read_list(entry, 2, &techniques))
        return false;
    if (!read_list(entry, 3, &certifications)) {
        free(techniques);
        return false;
    }
    row = add_name(&entry->codes->categories, name, label);
    row->techniques = techniques;
    row->certifications = certifications;
    row->at = place_of(entry, 2);
    return true;
}

static void add_cpt(struct codes *codes, const char *cpt, uint32_t technique)
{
    if (codes_map_find(&codes->techniques_by_cpt, cpt, strlen(cpt)) == CODES_NONE)
        codes_map_put(&codes->techniques_by_cpt, cpt, technique);
    else
        codes_map_replace(&codes->techniques_by_cpt, cpt, CODES_SEVERAL);
}

bool codes_add_technique(const struct codes_entry *entry)
{
    struct codes *codes = entry->codes;
    const char *name = NULL, *label = NULL, **certifications = NULL, **cpts = NULL;
    struct codes_name_row *row;

    if (!read_name(entry, &codes->techniques, &name, &label) || !read_list(entry, 2, &certifications))
        return false;
    if (!read_list(entry, 3, &cpts)) {
        free(certifications);
        return false;
    }
    row = add_name(&codes->techniques, name, label);
    row->certifications = certifications;
    for (const char **cpt = cpts; *cpt != NULL; cpt++)
        add_cpt(codes, *cpt, (uint32_t)(codes->techniques.count - 1));
    free(cpts);
    return true;
}

bool codes_add_word(const struct codes_entry *entry)
{
    static const char *const kinds[] = {"technique", "procedure", "condition", "flag", NULL};
    struct codes *codes = entry->codes;
    struct codes_word_row row = {.at = place_of(entry, 2)};
    char key[PHRASE_BYTES + 1];
    uint32_t before;
    int kind;

    if (!codes_field_choice(entry, 0, kinds, &kind))
        return false;
    if (!codes_phrase_key(entry->row->fields[1], key))
        return codes_refuse(entry, 1, "must be 1 to %d words", WORDS_IN_PHRASE);
    if (!codes_field_name(entry, 2, &row.target))
        return false;
    before = codes_map_find(&codes->phrases[kind].rows, key, strlen(key));
    if (before != CODES_NONE) /* another spelling of the same words is no fault */
        return strcmp(codes->words[before].target, row.target) == 0 ||
               codes_refuse(entry, 1, "the same words have a row already, with another code");
    codes->words = memory_grow(codes->words, &codes->word_room, codes->word_count + 1, sizeof row);
    codes->words[codes->word_count] = row;
    codes_phrase_put(codes, &codes->phrases[kind], codes_texts_keep(&codes->texts, key, strlen(key)),
                     (uint32_t)codes->word_count++);
    return true;
}

/* "" has no age; false when it is none. */
static bool read_age(const char *text, int *age)
{
    size_t size = strlen(text);

    *age = 0;
    if (size > 3 || strspn(text, "0123456789") != size)
        return false;
    for (; *text != 0; text++)
        *age = *age * 10 + (*text - '0');
    return true;
}

bool codes_add_caution(const struct codes_entry *entry)
{
    static const char *const actions[] = {"avoid", "clearance", "stop", NULL};
    struct codes *codes = entry->codes;
    struct codes_caution_row row = {.at = place_of(entry, 0)};
    int action;

    if (!codes_field_name(entry, 0, &row.flag) || !codes_field_choice(entry, 3, actions, &action) ||
        !codes_field_text(entry, 4, &row.text))
        return false;
    if (strcmp(entry->row->fields[1], "*") != 0 && !codes_field_name(entry, 1, &row.technique))
        return false;
    if (strcmp(entry->row->fields[2], "*") != 0 && !codes_field_name(entry, 2, &row.category))
        return false;
    if (row.text[0] == 0)
        return codes_refuse(entry, 4, "the text for the referrer is missing");
    if (!read_age(entry->row->fields[5], &row.not_before_age))
        return codes_refuse(entry, 5, "must be empty or an age in years");
    row.action = (enum codes_action)(CODES_AVOID + action);
    codes->cautions = memory_grow(codes->cautions, &codes->caution_room, codes->caution_count + 1, sizeof row);
    codes->cautions[codes->caution_count++] = row;
    return true;
}

/* A flag has a row for each code that raises it, and at least one. */
bool codes_add_flag(const struct codes_entry *entry)
{
    struct codes *codes = entry->codes;
    const char *name = NULL, *label = NULL, *key = NULL;
    uint32_t flag;

    if (!codes_field_name(entry, 0, &name) || !codes_field_text(entry, 1, &label))
        return false;
    flag = codes_map_find(&codes->flags.by_name, name, strlen(name));
    if (*label == 0)
        return codes_refuse(entry, 1, "a label is missing");
    if (flag != CODES_NONE && strcmp(codes->flags.rows[flag].label, label) != 0)
        return codes_refuse(entry, 1, "the flag has another label in a row before");
    if (flag == CODES_NONE && codes->flags.count == CODES_MAXIMUM_FLAGS)
        return codes_refuse(entry, 0, "there are at most %d flags", CODES_MAXIMUM_FLAGS);
    if (flag == CODES_NONE) {
        flag = (uint32_t)codes->flags.count;
        add_name(&codes->flags, name, label);
    }
    if (entry->row->fields[2][0] == 0 && entry->row->fields[3][0] == 0)
        return true;
    if (!read_key(entry, 2, &key))
        return false;
    if (codes_map_find(&codes->flags_by_code, key, strlen(key)) != CODES_NONE)
        return codes_refuse(entry, 3, "the code has a row already");
    codes_map_put(&codes->flags_by_code, key, flag);
    return true;
}

bool codes_add_profession(const struct codes_entry *entry)
{
    static const char *const roles[] = {"", "physician", "chiropractor", "physiotherapist", NULL};
    static const char *const answers[] = {"no", "yes", NULL};
    struct codes *codes = entry->codes;
    char key[CODES_MAXIMUM_CODE + 2];
    int role, treats;
    size_t size;

    if (!codes_key(SYSTEM_OTHER, entry->row->fields[0], key, &size))
        return codes_refuse(entry, 0, "a taxonomy code is letters and digits");
    if (codes_map_find(&codes->professions_by_taxonomy, key, size) != CODES_NONE)
        return codes_refuse(entry, 0, "the code has a row already");
    if (!codes_field_choice(entry, 2, roles, &role) || !codes_field_choice(entry, 3, answers, &treats))
        return false;
    codes->professions = memory_grow(codes->professions, &codes->profession_room, codes->profession_count + 1,
                                     sizeof *codes->professions);
    codes->professions[codes->profession_count] =
        (struct codes_profession_row){.role = (Fascia__Role)role, .treats = treats == 1};
    codes_map_put(&codes->professions_by_taxonomy, codes_texts_keep(&codes->texts, key, size),
                  (uint32_t)codes->profession_count++);
    return true;
}
