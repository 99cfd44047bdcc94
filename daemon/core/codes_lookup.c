/* What a sender's code means, by the tables. */
#include "core/codes_words.h"

#include <ctype.h>
#include <string.h>

static const char *const no_names[] = {NULL};

bool codes_key(enum codes_system system, const char *code, char key[CODES_MAXIMUM_CODE + 2], size_t *size)
{
    *size = 0;
    key[(*size)++] = (char)('a' + system); /* no code begins in lower case */
    for (; *code != 0; code++) {
        if (*code == '.' || *code == ' ' || *code == '-')
            continue;
        if (!isalnum((unsigned char)*code) || *size > CODES_MAXIMUM_CODE)
            return false;
        key[(*size)++] = (char)toupper((unsigned char)*code);
    }
    key[*size] = 0;
    return *size > 1;
}

/* The names that senders give to systems: FHIR's URIs, OIDs, HL7 table 0396, and what people write. Letters and digits only. */
enum codes_system codes_system(const char *name)
{
    static const struct {
        const char *name;
        enum codes_system system;
    } names[] = {{"ICD10CM", SYSTEM_ICD_10},
                 {"ICD10", SYSTEM_ICD_10},
                 {"I10", SYSTEM_ICD_10},
                 {"I10C", SYSTEM_ICD_10},
                 {"ICD10CA", SYSTEM_ICD_10},
                 {"ICD10AM", SYSTEM_ICD_10},
                 {"HTTPHL7ORGFHIRSIDICD10CM", SYSTEM_ICD_10},
                 {"HTTPHL7ORGFHIRSIDICD10", SYSTEM_ICD_10},
                 {"URNOID2168401113883690", SYSTEM_ICD_10},
                 {"2168401113883690", SYSTEM_ICD_10},
                 {"ICD9CM", SYSTEM_ICD_9},
                 {"ICD9", SYSTEM_ICD_9},
                 {"I9", SYSTEM_ICD_9},
                 {"I9C", SYSTEM_ICD_9},
                 {"I9CDX", SYSTEM_ICD_9},
                 {"HTTPHL7ORGFHIRSIDICD9CM", SYSTEM_ICD_9},
                 {"SNOMED", SYSTEM_SNOMED},
                 {"SNOMEDCT", SYSTEM_SNOMED},
                 {"SCT", SYSTEM_SNOMED},
                 {"SNM3", SYSTEM_OTHER},
                 {"HTTPSNOMEDINFOSCT", SYSTEM_SNOMED},
                 {"2168401113883696", SYSTEM_SNOMED}};
    char squashed[64];
    size_t size = 0;

    for (; *name != 0; name++) {
        if (!isalnum((unsigned char)*name))
            continue;
        if (size == sizeof squashed - 1)
            return SYSTEM_OTHER;
        squashed[size++] = (char)toupper((unsigned char)*name);
    }
    squashed[size] = 0;
    if (size == 0)
        return SYSTEM_UNNAMED;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(squashed, names[i].name) == 0)
            return names[i].system;
    return SYSTEM_OTHER;
}

uint32_t codes_find_coded(const struct codes_map *map, enum codes_system system, const char *code)
{
    char key[CODES_MAXIMUM_CODE + 2];
    size_t size;
    uint32_t row;

    if (!codes_key(system, code, key, &size))
        return CODES_NONE;
    if (system == SYSTEM_SNOMED)
        return codes_map_find(map, key, size);
    for (; size > 1; size--)
        if ((row = codes_map_find(map, key, size)) != CODES_NONE)
            return row;
    return CODES_NONE;
}

static bool has_icd_10_shape(const char *code)
{
    return isalpha((unsigned char)code[0]) && isdigit((unsigned char)code[1]) && isalnum((unsigned char)code[2]);
}

static bool has_icd_9_shape(const char *code)
{
    return strspn(code, "0123456789") == 3 && code[3] == '.';
}

uint32_t codes_find_diagnosis(const struct codes_map *map, const Fascia__Code *code)
{
    enum codes_system system = codes_system(code->system);

    if (system == SYSTEM_UNNAMED && has_icd_10_shape(code->code))
        system = SYSTEM_ICD_10;
    if (system == SYSTEM_UNNAMED && has_icd_9_shape(code->code))
        system = SYSTEM_ICD_9;
    if (system == SYSTEM_UNNAMED || system == SYSTEM_OTHER)
        return CODES_NONE;
    return codes_find_coded(map, system, code->code);
}

static bool is_diagnosis_system(const Fascia__Code *code)
{
    enum codes_system system = codes_system(code->system);

    return system != SYSTEM_UNNAMED && system != SYSTEM_OTHER;
}

static const struct codes_name_row *find_name(const struct codes_names *names, const char *name)
{
    uint32_t row = codes_map_find(&names->by_name, name, strlen(name));

    return row == CODES_NONE ? NULL : &names->rows[row];
}

/* A name counts only when it is all there is: "sports" in a sentence asks for no technique. */
static const char *whole_name(const struct codes_names *names, const char *text)
{
    const struct codes_name_row *row;
    char key[PHRASE_BYTES + 1];

    if (!codes_phrase_key(text, key))
        return NULL;
    for (char *blank = key; (blank = strchr(blank, ' ')) != NULL;)
        *blank = '-';
    row = find_name(names, key);
    return row == NULL ? NULL : row->name;
}

static const char *condition_in(const struct codes *codes, const char *text)
{
    const char *category = whole_name(&codes->categories, text);
    uint32_t row;

    if (category != NULL)
        return category;
    row = codes_phrases_longest(&codes->phrases[KIND_CONDITION], text);
    return row == CODES_NONE ? NULL : codes->words[row].target;
}

struct codes_condition codes_condition(const struct codes *codes, const Fascia__Code *code)
{
    uint32_t row = codes_find_diagnosis(&codes->conditions_by_code, code);
    const char *category;

    if (row != CODES_NONE)
        return (struct codes_condition){codes->conditions[row].category, codes->conditions[row].note};
    category = is_diagnosis_system(code) ? NULL : condition_in(codes, code->code);
    if (category == NULL)
        category = condition_in(codes, code->text);
    if (category != NULL && is_diagnosis_system(code) && code->code[0] != 0)
        return (struct codes_condition){category, "the code is not in the condition table; its text was used"};
    return (struct codes_condition){category, NULL};
}

#define GENERAL "general"

static const char *technique_of_word(const struct codes *codes, uint32_t row)
{
    if (row == CODES_NONE || strcmp(codes->words[row].target, GENERAL) == 0)
        return NULL;
    return codes->words[row].target;
}

static const char *technique_in(const struct codes *codes, const char *text)
{
    const char *technique = whole_name(&codes->techniques, text);

    if (technique == NULL)
        technique = technique_of_word(codes, codes_phrases_longest(&codes->phrases[KIND_TECHNIQUE], text));
    if (technique != NULL)
        return technique;
    return technique_of_word(codes, codes_phrases_longest(&codes->phrases[KIND_PROCEDURE], text));
}

const char *codes_technique(const struct codes *codes, const Fascia__Code *code)
{
    const char *technique = is_diagnosis_system(code) ? NULL : technique_in(codes, code->code);
    uint32_t row;

    if (technique != NULL)
        return technique;
    row = is_diagnosis_system(code) ? CODES_NONE
                                    : codes_map_find(&codes->techniques_by_cpt, code->code, strlen(code->code));
    if (row != CODES_NONE && row != CODES_SEVERAL)
        return codes->techniques.rows[row].name;
    return technique_in(codes, code->text);
}

static bool says_general(const struct codes *codes, const char *text)
{
    uint32_t row = codes_phrases_longest(&codes->phrases[KIND_PROCEDURE], text);

    return row != CODES_NONE && strcmp(codes->words[row].target, GENERAL) == 0;
}

bool codes_is_general(const struct codes *codes, const Fascia__Code *code)
{
    if (codes_technique(codes, code) != NULL)
        return false;
    return (!is_diagnosis_system(code) && says_general(codes, code->code)) || says_general(codes, code->text);
}

struct mentions {
    const struct codes *codes;
    const char **flags;
    size_t room, count;
    bool seen[CODES_MAXIMUM_FLAGS];
};

static void note_flag(void *context, uint32_t row, size_t size)
{
    struct mentions *mentions = context;
    const char *name = mentions->codes->words[row].target;
    uint32_t flag = codes_map_find(&mentions->codes->flags.by_name, name, strlen(name));

    (void)size;
    INVARIANT(flag < CODES_MAXIMUM_FLAGS); /* codes_finish checked the words */
    if (mentions->seen[flag])
        return;
    mentions->seen[flag] = true;
    if (mentions->count < mentions->room)
        mentions->flags[mentions->count] = mentions->codes->flags.rows[flag].name;
    mentions->count++;
}

size_t codes_flags_in_text(const struct codes *codes, const char *text, const char **flags, size_t room)
{
    struct mentions mentions = {.codes = codes, .flags = flags, .room = room};

    codes_phrases_scan(&codes->phrases[KIND_FLAG], text, note_flag, &mentions);
    return mentions.count;
}

const char *codes_flag(const struct codes *codes, const Fascia__Code *code)
{
    uint32_t row = codes_find_diagnosis(&codes->flags_by_code, code);
    const char *flag = NULL;

    if (row != CODES_NONE)
        return codes->flags.rows[row].name;
    if ((flag = whole_name(&codes->flags, code->code)) != NULL)
        return flag;
    if (!is_diagnosis_system(code) && codes_flags_in_text(codes, code->code, &flag, 1) > 0)
        return flag;
    return codes_flags_in_text(codes, code->text, &flag, 1) > 0 ? flag : NULL;
}

bool codes_known_technique(const struct codes *codes, const char *technique)
{
    return find_name(&codes->techniques, technique) != NULL;
}

bool codes_known_category(const struct codes *codes, const char *category)
{
    return find_name(&codes->categories, category) != NULL;
}

const char *codes_label(const struct codes *codes, const char *code)
{
    const struct codes_names *const tables[] = {&codes->techniques, &codes->categories, &codes->flags};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const struct codes_name_row *row = find_name(tables[i], code);
        if (row != NULL)
            return row->label;
    }
    return code;
}

const char *const *codes_category_techniques(const struct codes *codes, const char *category)
{
    const struct codes_name_row *row = find_name(&codes->categories, category);

    return row == NULL ? no_names : row->techniques;
}

const char *const *codes_category_certifications(const struct codes *codes, const char *category)
{
    const struct codes_name_row *row = find_name(&codes->categories, category);

    return row == NULL ? no_names : row->certifications;
}

const char *const *codes_technique_certifications(const struct codes *codes, const char *technique)
{
    const struct codes_name_row *row = find_name(&codes->techniques, technique);

    return row == NULL ? no_names : row->certifications;
}

static bool caution_applies(const struct codes_caution_row *row, const char *flag, const char *technique,
                            const char *category, int age)
{
    if (strcmp(row->flag, flag) != 0 || (age >= 0 && age < row->not_before_age))
        return false;
    if (technique != NULL && row->technique != NULL && strcmp(row->technique, technique) != 0)
        return false;
    return category == NULL || row->category == NULL || strcmp(row->category, category) == 0;
}

struct codes_caution codes_caution(const struct codes *codes, const char *flag, const char *technique,
                                   const char *category, int age)
{
    struct codes_caution severest = {.action = CODES_NOTHING, .flag = NULL, .text = NULL};

    for (size_t i = 0; i < codes->caution_count; i++) {
        const struct codes_caution_row *row = &codes->cautions[i];
        if (row->action > severest.action && caution_applies(row, flag, technique, category, age))
            severest = (struct codes_caution){row->action, row->flag, row->text};
    }
    return severest;
}

bool codes_avoids(const struct codes *codes, const char *flag, const char *technique, const char *category, int age)
{
    for (size_t i = 0; i < codes->caution_count; i++)
        if (codes->cautions[i].action == CODES_AVOID &&
            caution_applies(&codes->cautions[i], flag, technique, category, age))
            return true;
    return false;
}

static const struct codes_profession_row *find_profession(const struct codes *codes, const char *taxonomy)
{
    uint32_t row = codes_find_coded(&codes->professions_by_taxonomy, SYSTEM_OTHER, taxonomy);

    return row == CODES_NONE ? NULL : &codes->professions[row];
}

Fascia__Role codes_role(const struct codes *codes, const char *taxonomy)
{
    const struct codes_profession_row *row = find_profession(codes, taxonomy);

    return row == NULL ? FASCIA__ROLE__ROLE_UNSPECIFIED : row->role;
}

bool codes_treats(const struct codes *codes, const char *taxonomy)
{
    const struct codes_profession_row *row = find_profession(codes, taxonomy);

    return row != NULL && row->treats;
}

bool codes_npi_valid(const char *number)
{
    /* the prefix 80840 adds 24 to the Luhn sum (CMS, "Requirements for NPI and NPI check digit") */
    int sum = 24;

    for (int i = 0; i < 10; i++) {
        int digit = number[i] - '0';
        if (number[i] < '0' || number[i] > '9')
            return false;
        if (i % 2 == 0)
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return number[10] == 0 && sum % 10 == 0;
}
