#include "country.h"

#include "core/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INHABITANTS 308745538

static const char *const states[COUNTRY_STATES] = {
    "US-AK", "US-AL", "US-AR", "US-AZ", "US-CA", "US-CO", "US-CT", "US-DC", "US-DE", "US-FL", "US-GA", "US-HI", "US-IA",
    "US-ID", "US-IL", "US-IN", "US-KS", "US-KY", "US-LA", "US-MA", "US-MD", "US-ME", "US-MI", "US-MN", "US-MO", "US-MS",
    "US-MT", "US-NC", "US-ND", "US-NE", "US-NH", "US-NJ", "US-NM", "US-NV", "US-NY", "US-OH", "US-OK", "US-OR", "US-PA",
    "US-RI", "US-SC", "US-SD", "US-TN", "US-TX", "US-UT", "US-VA", "US-VT", "US-WA", "US-WI", "US-WV", "US-WY"};

/* First three digits of postal codes; later rows win, "" is none of the 51. */
static const struct {
    short first, last;
    char state[3];
} prefixes[] = {
    {5, 5, "NY"},     {10, 27, "MA"},   {28, 29, "RI"},   {30, 38, "NH"},   {39, 49, "ME"},   {50, 59, "VT"},
    {55, 55, "MA"},   {60, 69, "CT"},   {70, 89, "NJ"},   {100, 149, "NY"}, {150, 196, "PA"}, {197, 199, "DE"},
    {200, 205, "DC"}, {201, 201, "VA"}, {206, 219, "MD"}, {220, 246, "VA"}, {247, 269, "WV"}, {270, 289, "NC"},
    {290, 299, "SC"}, {300, 319, "GA"}, {320, 349, "FL"}, {340, 340, ""},   {350, 369, "AL"}, {370, 385, "TN"},
    {386, 397, "MS"}, {398, 399, "GA"}, {400, 427, "KY"}, {430, 459, "OH"}, {460, 479, "IN"}, {480, 499, "MI"},
    {500, 528, "IA"}, {530, 549, "WI"}, {550, 567, "MN"}, {570, 577, "SD"}, {580, 588, "ND"}, {590, 599, "MT"},
    {600, 629, "IL"}, {630, 658, "MO"}, {660, 679, "KS"}, {680, 693, "NE"}, {700, 715, "LA"}, {716, 729, "AR"},
    {730, 749, "OK"}, {733, 733, "TX"}, {750, 799, "TX"}, {800, 816, "CO"}, {820, 831, "WY"}, {832, 838, "ID"},
    {840, 847, "UT"}, {850, 865, "AZ"}, {870, 884, "NM"}, {885, 885, "TX"}, {889, 898, "NV"}, {900, 961, "CA"},
    {967, 968, "HI"}, {970, 979, "OR"}, {980, 994, "WA"}, {995, 999, "AK"},
};

void bench_stop(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("match_bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

const char *country_jurisdiction(unsigned state)
{
    return states[state];
}

/* COUNTRY_STATES for none. */
static unsigned state_of(const char *postal_code)
{
    int prefix = (int)(strtol(postal_code, NULL, 10) / 100);
    const char *found = "";

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (prefixes[i].first <= prefix && prefix <= prefixes[i].last)
            found = prefixes[i].state;
    }
    for (unsigned state = 0; state < COUNTRY_STATES && found[0] != '\0'; state++) {
        if (strcmp(states[state] + 3, found) == 0)
            return state;
    }
    return COUNTRY_STATES;
}

static struct zone *read_zone(const char *name)
{
    uint8_t bytes[16384];
    struct fault fault = {{0}};
    struct zone *zone;
    char path[256];
    size_t size;
    FILE *file;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    file = fopen(path, "rb");
    if (file == NULL)
        bench_stop("%s cannot be read", path);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    zone = zone_parse(name, bytes, size, &fault);
    if (zone == NULL)
        bench_stop("%s: %s", path, fault.text);
    return zone;
}

static unsigned zone_number(struct country *country, const char *name)
{
    for (unsigned i = 0; i < country->zone_count; i++) {
        if (strcmp(country->zone_names[i], name) == 0)
            return i;
    }
    if (country->zone_count == sizeof country->zones / sizeof country->zones[0])
        bench_stop("more zones than expected");
    snprintf(country->zone_names[country->zone_count], sizeof country->zone_names[0], "%s", name);
    country->zones[country->zone_count] = read_zone(name);
    return (unsigned)country->zone_count++;
}

static void read_places(struct country *country, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256], code[16], zone[40];
    size_t room = 0;
    unsigned last_zone = zone_number(country, "America/New_York");
    double latitude, longitude;

    if (file == NULL)
        bench_stop("%s cannot be read", path);
    while (fgets(line, sizeof line, file) != NULL) {
        int fields = sscanf(line, "US,%15[0-9],%lf,%lf,%39[^\n]", code, &latitude, &longitude, zone);
        unsigned state = fields >= 3 ? state_of(code) : COUNTRY_STATES;
        struct country_place *place;

        if (state == COUNTRY_STATES || (strtol(code, NULL, 10) == 96799)) /* American Samoa */
            continue;
        if (fields == 4)
            last_zone = zone_number(country, zone);
        if (country->count == room)
            country->places = memory_grow(country->places, &room, country->count + 1, sizeof *country->places);
        place = &country->places[country->count++];
        *place = (struct country_place){.latitude = (int32_t)lrint(latitude * 1e6),
                                        .longitude = (int32_t)lrint(longitude * 1e6),
                                        .state = (uint8_t)state,
                                        .zone = (uint8_t)last_zone};
        place->point = match_point_of(place->latitude, place->longitude);
    }
    fclose(file);
}

/* ---- weights ---- */

static void add_city(struct country *country, double *weights, double latitude, double longitude, double inhabitants)
{
    struct match_point centre = match_point_of((int32_t)lrint(latitude * 1e6), (int32_t)lrint(longitude * 1e6));
    uint64_t limit = match_chord_limit((uint32_t)(5000 + 6 * sqrt(inhabitants))), nearest = UINT64_MAX;
    size_t within = 0, who = 0;

    for (size_t i = 0; i < country->count; i++) {
        uint64_t chord = match_chord(centre, country->places[i].point);

        within += chord < limit;
        if (chord < nearest) {
            nearest = chord;
            who = i;
        }
    }
    if (within == 0)
        weights[who] += inhabitants;
    for (size_t i = 0; i < country->count && within > 0; i++) {
        if (match_chord(centre, country->places[i].point) < limit)
            weights[i] += inhabitants / (double)within;
    }
}

/* Columns of GeoNames: 2 name, 5 latitude, 6 longitude, 8 feature, 9 country, 15 inhabitants. */
static double read_cities(struct country *country, double *weights, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    double all = 0;

    if (file == NULL)
        bench_stop("%s cannot be read", path);
    while (getline(&line, &room, file) > 0) {
        char *field[16] = {0}, *rest = line;

        for (int i = 1; i < 16 && rest != NULL; i++)
            field[i] = strsep(&rest, "\t");
        if (field[15] == NULL || strcmp(field[9], "US") != 0 || strcmp(field[8], "PPLX") == 0 ||
            strcmp(field[2], "New York City") == 0)
            continue;
        add_city(country, weights, strtod(field[5], NULL), strtod(field[6], NULL), strtod(field[15], NULL));
        all += strtod(field[15], NULL);
    }
    free(line);
    fclose(file);
    return all;
}

static void weigh(struct country *country, const char *cities)
{
    double *weights = memory_allocate(country->count, sizeof *weights), in_cities = 0, elsewhere;
    uint64_t until = 0;

    country->weighted = cities != NULL && cities[0] != '\0';
    if (country->weighted)
        in_cities = read_cities(country, weights, cities);
    elsewhere = (INHABITANTS - in_cities) / (double)country->count;
    for (size_t i = 0; i < country->count; i++) {
        until += (uint64_t)llround(weights[i] + elsewhere);
        country->places[i].until = until;
    }
    free(weights);
}

uint32_t country_place_of(const struct country *country, uint64_t inhabitant)
{
    uint64_t wanted = inhabitant % country->places[country->count - 1].until;
    size_t low = 0, high = country->count - 1;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (country->places[middle].until <= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

/* ---- tables ---- */

static void load(struct codes *codes, const char *table, const char *text)
{
    struct fault fault = {{0}};

    if (!codes_load(codes, table, table, (const uint8_t *)text, strlen(text), &fault))
        bench_stop("%s", fault.text);
}

static struct codes *make_codes(void)
{
    struct codes *codes = codes_create();
    struct fault fault = {{0}};
    char text[4096];
    size_t at;

    codes_set_home(codes, "US");
    load(codes, "professions.csv",
         "taxonomy,label,refers,treats\n225700000X,Massage therapist,,yes\n225100000X,Physiotherapist,,yes\n"
         "111N00000X,Chiropractor,,yes\n171100000X,Acupuncturist,,yes\n");
    at = (size_t)snprintf(text, sizeof text, "country,state,jurisdiction,licence\n");
    for (unsigned state = 0; state < COUNTRY_STATES; state++)
        at += (size_t)snprintf(text + at, sizeof text - at, "US,%s,%s,required\n", states[state] + 3, states[state]);
    load(codes, "jurisdictions.csv", text);
    if (!codes_finish(codes, &fault))
        bench_stop("%s", fault.text);
    return codes;
}

void country_init(struct country *country, const char *places_csv, const char *cities)
{
    memset(country, 0, sizeof *country);
    read_places(country, places_csv);
    if (country->count == 0)
        bench_stop("%s has no places", places_csv);
    weigh(country, cities);
    country->codes = make_codes();
}

void country_finish(struct country *country)
{
    for (size_t i = 0; i < country->zone_count; i++)
        zone_destroy(country->zones[i]);
    codes_destroy(country->codes);
    free(country->places);
}
