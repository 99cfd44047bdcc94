/* Jurisdictions and postal codes: what the tables say about places on the map. */
#include "core/codes_tables.h"
#include "core/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAXIMUM_KEY 80

/* ISO 3166-1 alpha-3 codes and names that senders write for the countries that the tables are likely to have. */
static const struct {
    const char *written, *code;
} countries[] = {{"USA", "US"},           {"UNITEDSTATES", "US"}, {"UNITEDSTATESOFAMERICA", "US"},
                 {"CAN", "CA"},           {"CANADA", "CA"},       {"AUS", "AU"},
                 {"AUSTRALIA", "AU"},     {"GBR", "GB"},          {"UK", "GB"},
                 {"UNITEDKINGDOM", "GB"}, {"NZL", "NZ"},          {"NEWZEALAND", "NZ"},
                 {"IRL", "IE"},           {"IRELAND", "IE"}};

/* Appends text in upper case without blanks and points. false when there is no room. */
static bool append(char key[MAXIMUM_KEY], size_t *size, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == ' ' || *text == '.' || *text == '\t')
            continue;
        if (*size + 1 >= MAXIMUM_KEY)
            return false;
        key[(*size)++] = (char)toupper((unsigned char)*text);
    }
    key[*size] = 0;
    return true;
}

/* The country's two letters and a blank; home for "". */
static bool append_country(const struct codes *codes, char key[MAXIMUM_KEY], size_t *size, const char *country)
{
    *size = 0;
    if (!append(key, size, country))
        return false;
    if (*size == 0 && !append(key, size, codes->home))
        return false;
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
        if (strcmp(key, countries[i].written) == 0)
            memcpy(key, countries[i].code, *size = 2);
    if (*size != 2)
        return false;
    key[(*size)++] = ' ';
    key[*size] = 0;
    return true;
}

static bool key_of(const struct codes *codes, const char *country, const char *text, char key[MAXIMUM_KEY],
                   size_t *size)
{
    size_t before;

    if (!append_country(codes, key, size, country))
        return false;
    before = *size;
    return append(key, size, text) && *size > before;
}

bool codes_add_jurisdiction(const struct codes_entry *entry)
{
    static const char *const answers[] = {"none", "required", NULL};
    struct codes *codes = entry->codes;
    struct codes_jurisdiction_row row;
    char key[MAXIMUM_KEY];
    size_t size;
    uint32_t number;
    int required;

    if (!key_of(codes, entry->row->fields[0], entry->row->fields[1], key, &size) || entry->row->fields[0][0] == 0)
        return codes_refuse(entry, 0, "a country of two letters and a state are needed");
    if (!codes_field_text(entry, 2, &row.jurisdiction) || !codes_field_choice(entry, 3, answers, &required))
        return false;
    if (row.jurisdiction[0] == 0 || strlen(row.jurisdiction) > CODES_MAXIMUM_NAME)
        return codes_refuse(entry, 2, "a jurisdiction has 1 to %d bytes", CODES_MAXIMUM_NAME);
    if (codes_map_find(&codes->jurisdictions_by_state, key, size) != CODES_NONE)
        return codes_refuse(entry, 1, "the state has a row already");
    row.licence_required = required == 1;
    number = codes_map_find(&codes->jurisdictions_by_name, row.jurisdiction, strlen(row.jurisdiction));
    if (number != CODES_NONE && codes->jurisdictions[number].licence_required != row.licence_required)
        return codes_refuse(entry, 3, "a row before says otherwise for the same jurisdiction");
    if (number == CODES_NONE) {
        number = (uint32_t)codes->jurisdiction_count;
        codes->jurisdictions =
            memory_grow(codes->jurisdictions, &codes->jurisdiction_room, codes->jurisdiction_count + 1, sizeof row);
        codes->jurisdictions[codes->jurisdiction_count++] = row;
        codes_map_put(&codes->jurisdictions_by_name, row.jurisdiction, number);
    }
    codes_map_put(&codes->jurisdictions_by_state, codes_texts_keep(&codes->texts, key, size), number);
    return true;
}

/* Degrees as written to millionths, without going through a float; further digits are cut. */
static bool read_degrees(const char *text, int32_t most, int32_t *millionths)
{
    bool negative = *text == '-';
    int64_t value = 0, scale = 1000000;
    size_t digits;

    text += negative;
    digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3)
        return false;
    for (; digits > 0; digits--)
        value = value * 10 + (*text++ - '0');
    value *= 1000000;
    if (*text == '.') {
        for (text++; isdigit((unsigned char)*text); text++)
            value += (*text - '0') * (scale /= 10);
    }
    if (*text != 0 || value > (int64_t)most * 1000000)
        return false;
    *millionths = (int32_t)(negative ? -value : value);
    return true;
}

static const char *keep_zone(struct codes *codes, const char *name)
{
    const char *kept;

    for (size_t i = 0; i < codes->zones.room; i++) /* few zones: at most some dozens of places are in use */
        if (codes->zones.places[i].key != NULL && strcmp(codes->zones.places[i].key, name) == 0)
            return codes->zones.places[i].key;
    kept = codes_texts_keep(&codes->texts, name, strlen(name));
    codes_map_put(&codes->zones, kept, 0);
    return kept;
}

bool codes_add_place(const struct codes_entry *entry)
{
    struct codes *codes = entry->codes;
    struct codes_place place;
    char key[MAXIMUM_KEY];
    size_t size;

    if (!key_of(codes, entry->row->fields[0], entry->row->fields[1], key, &size) || entry->row->fields[0][0] == 0)
        return codes_refuse(entry, 0, "a country of two letters and a postal code are needed");
    if (!read_degrees(entry->row->fields[2], 90, &place.latitude))
        return codes_refuse(entry, 2, "a latitude is -90 to 90 degrees, as in 38.2527");
    if (!read_degrees(entry->row->fields[3], 180, &place.longitude))
        return codes_refuse(entry, 3, "a longitude is -180 to 180 degrees, as in -85.7585");
    if (strlen(entry->row->fields[4]) > CODES_MAXIMUM_NAME)
        return codes_refuse(entry, 4, "a zone's name has at most %d bytes", CODES_MAXIMUM_NAME);
    if (codes_map_find(&codes->places_by_code, key, size) != CODES_NONE)
        return codes_refuse(entry, 1, "the postal code has a row already");
    place.zone = keep_zone(codes, entry->row->fields[4]);
    place.name = codes_texts_keep(&codes->texts, key, size);
    codes->places = memory_grow(codes->places, &codes->place_room, codes->place_count + 1, sizeof place);
    codes->places[codes->place_count] = place;
    codes_map_put(&codes->places_by_code, place.name, (uint32_t)codes->place_count++);
    return true;
}

void codes_set_home(struct codes *codes, const char *country)
{
    char key[MAXIMUM_KEY];
    size_t size;

    codes->home[0] = 0;
    if (append_country(codes, key, &size, country))
        memcpy(codes->home, key, 2);
    codes->home[2] = 0;
}

const char *codes_jurisdiction(const struct codes *codes, const char *country, const char *state)
{
    char key[MAXIMUM_KEY];
    size_t size;
    uint32_t row;

    if (!key_of(codes, country, state, key, &size))
        return NULL;
    row = codes_map_find(&codes->jurisdictions_by_state, key, size);
    return row == CODES_NONE ? NULL : codes->jurisdictions[row].jurisdiction;
}

bool codes_licence_required(const struct codes *codes, const char *jurisdiction)
{
    uint32_t row = codes_map_find(&codes->jurisdictions_by_name, jurisdiction, strlen(jurisdiction));

    return row == CODES_NONE || codes->jurisdictions[row].licence_required;
}

/* "40202-1234" and "402021234" are ZIP+4; the key begins with "US ". */
static size_t without_zip_4(const char *key, size_t size)
{
    enum { PREFIX = 3, ZIP = 5, FOUR = 4 };
    const char *code = key + PREFIX;
    size_t digits = strspn(code, "0123456789");

    if (strncmp(key, "US ", PREFIX) != 0)
        return size;
    if (digits == ZIP && code[ZIP] == '-' && strspn(code + ZIP + 1, "0123456789") == FOUR &&
        size == PREFIX + ZIP + 1 + FOUR)
        return PREFIX + ZIP;
    return digits == ZIP + FOUR && size == PREFIX + ZIP + FOUR ? PREFIX + ZIP : size;
}

bool codes_place(const struct codes *codes, const char *country, const char *postal_code, struct codes_place *place)
{
    char key[MAXIMUM_KEY];
    size_t size;
    uint32_t row;

    if (!key_of(codes, country, postal_code, key, &size))
        return false;
    row = codes_map_find(&codes->places_by_code, key, without_zip_4(key, size));
    if (row == CODES_NONE)
        return false;
    *place = codes->places[row];
    return true;
}

size_t codes_place_count(const struct codes *codes)
{
    return codes->place_count;
}
