/*
 * What the code tables are in memory. Rows are arrays; maps lead from a normalised key to a row.
 */
#ifndef FASCIA_CORE_CODES_TABLES_H
#define FASCIA_CORE_CODES_TABLES_H

#include "core/codes.h"
#include "core/codes_map.h"
#include "core/csv.h"

#define CODES_MAXIMUM_CODE  48  /* bytes of a code without its dots */
#define CODES_MAXIMUM_NAME  64  /* bytes of a technique, category, flag, certification, zone */
#define CODES_MAXIMUM_TEXT  500 /* bytes of a label, note or text */
#define CODES_MAXIMUM_FLAGS 256
#define CODES_SEVERAL       (CODES_NONE - 1)

enum codes_table {
    TABLE_CONDITIONS,
    TABLE_CATEGORIES,
    TABLE_TECHNIQUES,
    TABLE_WORDS,
    TABLE_CAUTIONS,
    TABLE_FLAGS,
    TABLE_PROFESSIONS,
    TABLE_JURISDICTIONS,
    TABLE_PLACES,
    TABLE_COUNT
};

enum codes_system { SYSTEM_UNNAMED, SYSTEM_OTHER, SYSTEM_ICD_10, SYSTEM_ICD_9, SYSTEM_SNOMED };
enum codes_kind { KIND_TECHNIQUE, KIND_PROCEDURE, KIND_CONDITION, KIND_FLAG, KIND_COUNT };

/* Where a row stood, to name it when tables are checked against each other. */
struct codes_place_in_file {
    uint32_t line;
    uint32_t column; /* of the field that refers elsewhere */
};

struct codes_condition_row {
    const char *category, *note;
    struct codes_place_in_file at;
};
struct codes_name_row { /* a category, technique or flag */
    const char *name, *label;
    const char **techniques, **certifications; /* end with NULL */
    struct codes_place_in_file at;             /* of techniques */
};
struct codes_word_row {
    const char *target;
    struct codes_place_in_file at;
};
struct codes_caution_row {
    const char *flag, *technique, *category, *text; /* technique and category NULL: any */
    enum codes_action action;
    int not_before_age;
    struct codes_place_in_file at;
};
struct codes_profession_row {
    Fascia__Role role;
    bool treats;
};
struct codes_jurisdiction_row {
    const char *jurisdiction;
    bool licence_required;
};

/* Words of one kind, normalised: lower case, single spaces. */
struct codes_phrases {
    struct codes_map rows;   /* phrase -> row of words */
    struct codes_map firsts; /* first word -> how many words the longest phrase has that begins with it */
};

struct codes_names {
    struct codes_name_row *rows;
    size_t count, room;
    struct codes_map by_name;
};

struct codes {
    struct codes_texts texts;
    const char *origins[TABLE_COUNT]; /* NULL: not given */
    char home[3];
    uint64_t fingerprint;

    struct codes_condition_row *conditions;
    size_t condition_count, condition_room;
    struct codes_map conditions_by_code;

    struct codes_names categories, techniques, flags;
    struct codes_map techniques_by_cpt; /* CODES_SEVERAL for one that several have */
    struct codes_map flags_by_code;

    struct codes_word_row *words;
    size_t word_count, word_room;
    struct codes_phrases phrases[KIND_COUNT];

    struct codes_caution_row *cautions;
    size_t caution_count, caution_room;

    struct codes_profession_row *professions;
    size_t profession_count, profession_room;
    struct codes_map professions_by_taxonomy;

    struct codes_jurisdiction_row *jurisdictions;
    size_t jurisdiction_count, jurisdiction_room;
    struct codes_map jurisdictions_by_state, jurisdictions_by_name;

    struct codes_place *places;
    size_t place_count, place_room;
    struct codes_map places_by_code;
    uint32_t *places_by_band; /* from south to north in bands, in each from west to east */
    struct codes_map zones;   /* names of zones, so that each is kept once; row is unused */
};

/* A row on its way into a table. */
struct codes_entry {
    struct codes *codes;
    enum codes_table table;
    const struct csv_row *row;
    struct fault *fault;
};
/* Names the row's file, line and column. Always false. */
void codes_blame(const struct codes_entry *entry, size_t field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same as a value, plain to see for static analysis. */
#define codes_refuse(...) (codes_blame(__VA_ARGS__), false)

/* codes_rows.c: takes one row of a table. codes_area.c has those about places on the map. */
bool codes_add_condition(const struct codes_entry *entry);
bool codes_add_category(const struct codes_entry *entry);
bool codes_add_technique(const struct codes_entry *entry);
bool codes_add_word(const struct codes_entry *entry);
bool codes_add_caution(const struct codes_entry *entry);
bool codes_add_flag(const struct codes_entry *entry);
bool codes_add_profession(const struct codes_entry *entry);
bool codes_add_jurisdiction(const struct codes_entry *entry);
bool codes_add_place(const struct codes_entry *entry);
/* codes_near.c: when all places are there. */
void codes_sort_places(struct codes *codes);

/* Checks of one field; each names what is wrong. codes_field_text takes "" too. */
bool codes_field_name(const struct codes_entry *entry, size_t field, const char **name);
bool codes_field_text(const struct codes_entry *entry, size_t field, const char **text);
bool codes_field_choice(const struct codes_entry *entry, size_t field, const char *const *choices, int *choice);

/* Key of a code: its system's letter, then letters and digits in upper case. false when it is no code. size gets its length. */
bool codes_key(enum codes_system system, const char *code, char key[CODES_MAXIMUM_CODE + 2], size_t *size);
enum codes_system codes_system(const char *name);
/* By longest prefix for ICD, whole for the others. */
uint32_t codes_find_coded(const struct codes_map *map, enum codes_system system, const char *code);
/* The same, guessing the system from the code's shape when the sender named none. */
uint32_t codes_find_diagnosis(const struct codes_map *map, const Fascia__Code *code);

#endif
