/* Taking the tables in, and checking that they fit each other. */
#include "core/codes_words.h"
#include "core/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAXIMUM_FILE (128 * 1024 * 1024)
#define MAXIMUM_ROWS 4000000
#define MAXIMUM_ROW  8192
#define FIELDS       6

static const struct {
    const char *name;
    const char *header[FIELDS + 1];
    bool (*add)(const struct codes_entry *entry);
} tables[TABLE_COUNT] = {
    [TABLE_CONDITIONS] = {"conditions.csv", {"system", "prefix", "category", "note"}, codes_add_condition},
    [TABLE_CATEGORIES] = {"categories.csv", {"category", "label", "techniques", "certifications"}, codes_add_category},
    [TABLE_TECHNIQUES] = {"techniques.csv", {"technique", "label", "certifications", "cpt"}, codes_add_technique},
    [TABLE_WORDS] = {"words.csv", {"kind", "word", "code"}, codes_add_word},
    [TABLE_CAUTIONS] = {"cautions.csv",
                        {"flag", "technique", "category", "action", "text", "not_before_age"},
                        codes_add_caution},
    [TABLE_FLAGS] = {"flags.csv", {"flag", "label", "system", "prefix"}, codes_add_flag},
    [TABLE_PROFESSIONS] = {"professions.csv", {"taxonomy", "label", "refers", "treats"}, codes_add_profession},
    [TABLE_JURISDICTIONS] = {"jurisdictions.csv",
                             {"country", "state", "jurisdiction", "licence"},
                             codes_add_jurisdiction},
    [TABLE_PLACES] = {"places.csv", {"country", "postal_code", "latitude", "longitude", "zone"}, codes_add_place}};

struct codes *codes_create(void)
{
    return memory_allocate(1, sizeof(struct codes));
}

static void finish_names(struct codes_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->rows[i].techniques);
        free(names->rows[i].certifications);
    }
    free(names->rows);
    codes_map_finish(&names->by_name);
}

void codes_destroy(struct codes *codes)
{
    if (codes == NULL)
        return;
    struct codes_map *const maps[] = {&codes->conditions_by_code,     &codes->techniques_by_cpt,
                                      &codes->flags_by_code,          &codes->professions_by_taxonomy,
                                      &codes->jurisdictions_by_state, &codes->jurisdictions_by_name,
                                      &codes->places_by_code,         &codes->zones};

    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        codes_map_finish(maps[i]);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        codes_map_finish(&codes->phrases[kind].rows);
        codes_map_finish(&codes->phrases[kind].firsts);
    }
    finish_names(&codes->categories);
    finish_names(&codes->techniques);
    finish_names(&codes->flags);
    free(codes->conditions);
    free(codes->words);
    free(codes->cautions);
    free(codes->professions);
    free(codes->jurisdictions);
    free(codes->places);
    free(codes->places_by_band);
    codes_texts_finish(&codes->texts);
    free(codes);
}

static bool refuse_at(const struct codes *codes, enum codes_table table, uint32_t line, uint32_t column,
                      struct fault *fault, const char *what)
{
    fault_set(fault, "%s: line %" PRIu32 " column %" PRIu32 ": %s", codes->origins[table], line, column, what);
    return false;
}

void codes_blame(const struct codes_entry *entry, size_t field, const char *format, ...)
{
    char what[384];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    (void)refuse_at(entry->codes, entry->table, (uint32_t)entry->row->line, (uint32_t)entry->row->columns[field],
                    entry->fault, what);
}

static size_t columns_of(enum codes_table table)
{
    size_t count = 0;

    while (tables[table].header[count] != NULL)
        count++;
    return count;
}

static bool check_header(const struct codes_entry *entry)
{
    const struct csv_row *row = entry->row;
    size_t columns = columns_of(entry->table);

    for (size_t i = 0; i < columns; i++) {
        if (i >= row->count)
            return codes_refuse(entry, row->count - 1, "the header ends before its column '%s'",
                                tables[entry->table].header[i]);
        if (strcmp(row->fields[i], tables[entry->table].header[i]) != 0)
            return codes_refuse(entry, i, "this column of the header must be '%s'", tables[entry->table].header[i]);
    }
    return row->count == columns || codes_refuse(entry, columns, "the header has more columns than %zu", columns);
}

static bool take_row(const struct codes_entry *entry, size_t number)
{
    size_t columns = columns_of(entry->table);

    if (number == 0)
        return check_header(entry);
    if (number > MAXIMUM_ROWS)
        return codes_refuse(entry, 0, "a table has at most %d rows", MAXIMUM_ROWS);
    if (entry->row->count != columns)
        return codes_refuse(entry, entry->row->count > columns ? columns : entry->row->count - 1,
                            "the row has %zu fields, and the header %zu", entry->row->count, columns);
    return tables[entry->table].add(entry);
}

static bool read_rows(struct codes *codes, enum codes_table table, const uint8_t *bytes, size_t size,
                      struct fault *fault)
{
    struct csv *reader = csv_create(&(struct csv_options){.comment = '#', .maximum_row = MAXIMUM_ROW});
    struct csv_row row;
    struct codes_entry entry = {codes, table, &row, fault};
    enum csv_status status = CSV_ROW;
    bool good = true;
    size_t number;

    for (number = 0; good && status == CSV_ROW; number++) {
        size_t taken;
        status = csv_next(reader, bytes, size, true, &taken, &row, fault);
        bytes += taken;
        size -= taken;
        if (status == CSV_ROW)
            good = take_row(&entry, number);
    }
    csv_destroy(reader);
    if (good && status == CSV_END && number == 1) {
        fault_set(fault, "%s: the file has no header line", codes->origins[table]);
        return false;
    }
    if (good && status != CSV_END)
        fault_prefix(fault, "%s", codes->origins[table]);
    return good && status == CSV_END;
}

/* FNV-1a of each table, added up, so that the order in which tables came does not matter. */
static uint64_t fingerprint_of(enum codes_table table, const uint8_t *bytes, size_t size)
{
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ (uint64_t)table) * UINT64_C(0x100000001b3);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t codes_fingerprint(const struct codes *codes)
{
    uint64_t all = codes->fingerprint + fingerprint_of(TABLE_COUNT, (const uint8_t *)codes->home, sizeof codes->home);

    return all == 0 ? 1 : all;
}

bool codes_load(struct codes *codes, const char *table, const char *origin, const uint8_t *bytes, size_t size,
                struct fault *fault)
{
    for (int i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(table, tables[i].name) != 0)
            continue;
        if (codes->origins[i] != NULL) {
            fault_set(fault, "%s: this table was read already, from %s", origin, codes->origins[i]);
            return false;
        }
        codes->origins[i] = codes_texts_keep(&codes->texts, origin, strlen(origin));
        if (size > MAXIMUM_FILE) {
            fault_set(fault, "%s: a code table has at most %d bytes", origin, MAXIMUM_FILE);
            return false;
        }
        codes->fingerprint += fingerprint_of((enum codes_table)i, bytes, size);
        return read_rows(codes, (enum codes_table)i, bytes, size, fault);
    }
    fault_set(fault,
              "%s: no code table has this name; they are conditions.csv, categories.csv, techniques.csv, words.csv, "
              "cautions.csv, flags.csv, professions.csv, jurisdictions.csv and places.csv",
              origin);
    return false;
}

static bool has_name(const struct codes_names *names, const char *name)
{
    return codes_map_find(&names->by_name, name, strlen(name)) != CODES_NONE;
}

static bool check_conditions(const struct codes *codes, struct fault *fault)
{
    for (size_t i = 0; i < codes->condition_count; i++) {
        const struct codes_condition_row *row = &codes->conditions[i];
        if (!has_name(&codes->categories, row->category))
            return refuse_at(codes, TABLE_CONDITIONS, row->at.line, row->at.column, fault,
                             "the category is not in categories.csv");
    }
    return true;
}

static bool check_categories(const struct codes *codes, struct fault *fault)
{
    for (size_t i = 0; i < codes->categories.count; i++) {
        const struct codes_name_row *row = &codes->categories.rows[i];
        for (const char **technique = row->techniques; *technique != NULL; technique++)
            if (!has_name(&codes->techniques, *technique))
                return refuse_at(codes, TABLE_CATEGORIES, row->at.line, row->at.column, fault,
                                 "a technique of the list is not in techniques.csv");
    }
    return true;
}

static bool check_cautions(const struct codes *codes, struct fault *fault)
{
    for (size_t i = 0; i < codes->caution_count; i++) {
        const struct codes_caution_row *row = &codes->cautions[i];
        const char *what = NULL;
        if (!has_name(&codes->flags, row->flag))
            what = "the flag is not in flags.csv";
        else if (row->technique != NULL && !has_name(&codes->techniques, row->technique))
            what = "the rule's technique is not in techniques.csv";
        else if (row->category != NULL && !has_name(&codes->categories, row->category))
            what = "the rule's category is not in categories.csv";
        if (what != NULL)
            return refuse_at(codes, TABLE_CAUTIONS, row->at.line, row->at.column, fault, what);
    }
    return true;
}

static bool check_word(const struct codes *codes, enum codes_kind kind, const struct codes_word_row *row,
                       struct fault *fault)
{
    const char *what = NULL;

    if (kind == KIND_CONDITION && !has_name(&codes->categories, row->target))
        what = "the code is not in categories.csv";
    else if (kind == KIND_FLAG && !has_name(&codes->flags, row->target))
        what = "the code is not in flags.csv";
    else if (kind == KIND_TECHNIQUE && !has_name(&codes->techniques, row->target))
        what = "the code is not in techniques.csv";
    else if (kind == KIND_PROCEDURE && strcmp(row->target, "general") != 0 &&
             !has_name(&codes->techniques, row->target))
        what = "the code is neither 'general' nor in techniques.csv";
    return what == NULL || refuse_at(codes, TABLE_WORDS, row->at.line, row->at.column, fault, what);
}

static bool check_words(const struct codes *codes, struct fault *fault)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const struct codes_map *rows = &codes->phrases[kind].rows;
        for (size_t i = 0; i < rows->room; i++)
            if (rows->places[i].key != NULL &&
                !check_word(codes, (enum codes_kind)kind, &codes->words[rows->places[i].row], fault))
                return false;
    }
    return true;
}

/* Labels are words too, where words.csv does not use the same words for something else. */
static void add_labels(struct codes *codes, enum codes_kind kind, const struct codes_names *names)
{
    struct codes_phrases *phrases = &codes->phrases[kind];
    char key[PHRASE_BYTES + 1];

    for (size_t i = 0; i < names->count; i++) {
        if (!codes_phrase_key(names->rows[i].label, key) ||
            codes_map_find(&phrases->rows, key, strlen(key)) != CODES_NONE)
            continue;
        codes->words = memory_grow(codes->words, &codes->word_room, codes->word_count + 1, sizeof *codes->words);
        codes->words[codes->word_count] = (struct codes_word_row){.target = names->rows[i].name};
        codes_phrase_put(codes, phrases, codes_texts_keep(&codes->texts, key, strlen(key)),
                         (uint32_t)codes->word_count++);
    }
}

bool codes_finish(struct codes *codes, struct fault *fault)
{
    if (!check_conditions(codes, fault) || !check_categories(codes, fault) || !check_words(codes, fault) ||
        !check_cautions(codes, fault))
        return false;
    add_labels(codes, KIND_TECHNIQUE, &codes->techniques);
    add_labels(codes, KIND_CONDITION, &codes->categories);
    add_labels(codes, KIND_FLAG, &codes->flags);
    codes_sort_places(codes);
    return true;
}
