/* Any bytes as a code table, or as the words of a sender: the first byte chooses which. */
#include "core/codes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const tables[] = {"conditions.csv",  "categories.csv",    "techniques.csv",
                                     "words.csv",       "cautions.csv",      "flags.csv",
                                     "professions.csv", "jurisdictions.csv", "places.csv"};
#define TABLES (sizeof tables / sizeof *tables)

static void check(bool held)
{
    if (!held)
        abort();
}

static void ask(const struct codes *codes, const char *text)
{
    static char systems[][12] = {"", "ICD-10-CM", "SNOMED", "CPT"};
    const char *flags[2];
    struct codes_place place;

    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        Fascia__Code code = FASCIA__CODE__INIT;
        code.system = systems[i];
        code.code = code.text = (char *)(uintptr_t)text;
        (void)codes_condition(codes, &code);
        (void)codes_technique(codes, &code);
        (void)codes_is_general(codes, &code);
        (void)codes_flag(codes, &code);
    }
    check(codes_flags_in_text(codes, text, flags, 2) <= 256);
    (void)codes_role(codes, text);
    (void)codes_jurisdiction(codes, text, text);
    (void)codes_jurisdiction(codes, "US", text);
    if (codes_place(codes, "US", text, &place))
        check(place.latitude >= -90000000 && place.latitude <= 90000000 && place.zone != NULL);
    (void)codes_npi_valid(text);
    check(strcmp(codes_label(codes, "no-such-name"), "no-such-name") == 0);
}

static void read_table(const char *table, const uint8_t *bytes, size_t size, const char *text)
{
    struct codes *codes = codes_create();
    struct fault fault = {{0}};

    if (codes_load(codes, table, "fuzz", bytes, size, &fault))
        check(codes_finish(codes, &fault) || strstr(fault.text, "line") != NULL);
    else
        check(strncmp(fault.text, "fuzz: ", 6) == 0);
    ask(codes, text);
    codes_destroy(codes);
}

static struct codes *small_tables(void)
{
    static const char flags[] = "flag,label,system,prefix\nfever,Fever,ICD-10-CM,R50\nclot,Clot,,\n";
    static const char words[] = "kind,word,code\nflag,saddle numbness,clot\nflag,DVT,clot\nflag,hot,fever\n"
                                "procedure,97124,general\nprocedure,massage,general\n";
    struct codes *codes = codes_create();
    struct fault fault;

    check(codes_load(codes, "flags.csv", "f", (const uint8_t *)flags, sizeof flags - 1, &fault));
    check(codes_load(codes, "words.csv", "w", (const uint8_t *)words, sizeof words - 1, &fault));
    check(codes_finish(codes, &fault));
    return codes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct codes *small;
    size_t table = size == 0 ? 0 : (size_t)(bytes[0] - 'a') % (TABLES + 1);
    char *text;

    if (size == 0)
        return 0;
    text = malloc(size);
    check(text != NULL);
    memcpy(text, bytes + 1, size - 1);
    text[size - 1] = 0;
    if (small == NULL)
        small = small_tables();
    if (table == TABLES)
        ask(small, text);
    else
        read_table(tables[table], bytes + 1, size - 1, text);
    free(text);
    return 0;
}
