/*
 * PostgreSQL, twice: what one writes first (PostGIS, a GiST index over places and a GIN index over arrays), and the best found (offers.h in a
 * covering btree read by index alone; calendars joined in the order of points, so that LIMIT stops after ten). Statements are prepared, values and
 * results binary. The server's process is pinned to the same core as this one: one of them waits while the other works.
 */
#include "answers.h"
#include "core/memory.h"
#include "offers.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MOST   16
#define VALUE_BYTES   49152
#define LONGEST_VALUE 24576       /* all rows of cells */
#define CENTRE_UNITS  "815489152" /* radius of daemon/match/sphere.h, in its units of 1/128 m */

struct values {
    int count;
    const char *at[VALUES_MOST];
    int lengths[VALUES_MOST], formats[VALUES_MOST];
    char bytes[VALUE_BYTES];
    size_t used;
};
struct engine {
    const struct bench *bench;
    PGconn *server;
    struct values *values[ASK_SETS];
};

static void run(PGconn *server, const char *sql)
{
    PGresult *result = PQexec(server, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        bench_stop("PostgreSQL: %s in: %s", PQerrorMessage(server), sql);
    PQclear(result);
}

/* ---- numbers as PostgreSQL's binary formats have them: the highest byte first ---- */

static size_t add_number(char *bytes, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (char)(number >> 8 * (size - 1 - i));
    return size;
}

static size_t add_bits(char *bytes, const uint64_t halves[TIME_WORDS])
{
    add_number(bytes, HALF_HOURS, 4);
    memset(bytes + 4, 0, HALF_HOURS / 8);
    for (unsigned half = 0; half < HALF_HOURS; half++)
        bytes[4 + half / 8] |= (char)((halves[half / 64] >> half % 64 & 1) << (7 - half % 8));
    return 4 + HALF_HOURS / 8;
}

static char *begin_value(struct values *values)
{
    if (values->count == VALUES_MOST || values->used + LONGEST_VALUE > VALUE_BYTES)
        bench_stop("more values than expected");
    values->formats[values->count] = 1;
    return values->bytes + values->used;
}

static void end_value(struct values *values, size_t size)
{
    values->at[values->count] = values->bytes + values->used;
    values->lengths[values->count++] = (int)size;
    values->used += size;
}

static void value_number(struct values *values, int64_t number, unsigned size)
{
    end_value(values, add_number(begin_value(values), (uint64_t)number, size));
}

static void value_real(struct values *values, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    end_value(values, add_number(begin_value(values), bits, 8));
}

/* int2[] */
static void value_numbers(struct values *values, const int *numbers, unsigned count)
{
    char *bytes = begin_value(values);
    size_t size = add_number(bytes, count > 0, 4);

    size += add_number(bytes + size, 0, 4);
    size += add_number(bytes + size, 21, 4);
    if (count > 0) {
        size += add_number(bytes + size, count, 4);
        size += add_number(bytes + size, 1, 4);
    }
    for (unsigned i = 0; i < count; i++) {
        size += add_number(bytes + size, 2, 4);
        size += add_number(bytes + size, (uint64_t)numbers[i], 2);
    }
    end_value(values, size);
}

/* Half hours at which an hour inside the windows can begin: the shift in SQL looks one ahead. */
static void value_starts(struct values *values, const struct country *country, const struct ask *ask)
{
    uint64_t inside[TIME_WORDS], starts[TIME_WORDS];

    ask_half_hours(country, ask, inside);
    for (unsigned word = 0; word < TIME_WORDS; word++)
        starts[word] = inside[word] & (inside[word] >> 1 | (word + 1 < TIME_WORDS ? inside[word + 1] << 63 : 0));
    end_value(values, add_bits(begin_value(values), starts));
}

/* ---- COPY ---- */

struct copy {
    PGconn *server;
    char bytes[65536];
    size_t used;
};

static void copy_flush(struct copy *copy)
{
    if (PQputCopyData(copy->server, copy->bytes, (int)copy->used) != 1)
        bench_stop("PostgreSQL: %s", PQerrorMessage(copy->server));
    copy->used = 0;
}

static void copy_begin(struct copy *copy, PGconn *server, const char *table)
{
    static const char signature[19] = "PGCOPY\n\377\r\n";
    char sql[128];
    PGresult *result;

    snprintf(sql, sizeof sql, "COPY %s FROM STDIN (FORMAT binary)", table);
    result = PQexec(server, sql);
    if (PQresultStatus(result) != PGRES_COPY_IN)
        bench_stop("PostgreSQL: %s", PQerrorMessage(server));
    PQclear(result);
    copy->server = server;
    memcpy(copy->bytes, signature, sizeof signature);
    copy->used = sizeof signature;
}

static void copy_row(struct copy *copy, unsigned columns)
{
    if (copy->used + 4096 > sizeof copy->bytes)
        copy_flush(copy);
    copy->used += add_number(copy->bytes + copy->used, columns, 2);
}

static void copy_number(struct copy *copy, int64_t number, unsigned size)
{
    copy->used += add_number(copy->bytes + copy->used, size, 4);
    copy->used += add_number(copy->bytes + copy->used, (uint64_t)number, size);
}

static void copy_values(struct copy *copy, const struct values *values)
{
    copy_row(copy, (unsigned)values->count);
    for (int i = 0; i < values->count; i++) {
        copy->used += add_number(copy->bytes + copy->used, (uint64_t)values->lengths[i], 4);
        memcpy(copy->bytes + copy->used, values->at[i], (size_t)values->lengths[i]);
        copy->used += (size_t)values->lengths[i];
    }
}

static void copy_end(struct copy *copy)
{
    PGresult *result;

    copy->used += add_number(copy->bytes + copy->used, UINT64_MAX, 2);
    copy_flush(copy);
    if (PQputCopyEnd(copy->server, NULL) != 1)
        bench_stop("PostgreSQL: %s", PQerrorMessage(copy->server));
    result = PQgetResult(copy->server);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        bench_stop("PostgreSQL: %s", PQerrorMessage(copy->server));
    PQclear(result);
    while ((result = PQgetResult(copy->server)) != NULL)
        PQclear(result);
}

/* ---- what one writes first ---- */

static const char first_tables[] = "CREATE EXTENSION postgis;"
                                   "CREATE UNLOGGED TABLE therapist(id int4, latitude float8, longitude float8, x "
                                   "int4, y int4, z int4, licences int2[], techniques int2[],"
                                   " certifications int2[], conditions int2[], cases int2[], payers int2[], languages "
                                   "int2[], modes int2[], numbers int2[], free varbit)";
/* numbers: gender, open cases, capacity, recent cases, reviews, and their sum in two halves: as columns of their own below */
static const char first_finish[] =
    "CREATE UNLOGGED TABLE practice AS SELECT id, ST_MakePoint(longitude, latitude)::geography AS place, x, y, z, "
    "licences, techniques, certifications,"
    " conditions, cases, payers, languages, modes, numbers[1] AS gender, numbers[2] AS open_cases, numbers[3] AS "
    "capacity, numbers[4] AS recent_cases,"
    " numbers[5]::int4 AS reviews, numbers[6]::int4 * 16384 + numbers[7] AS review_sum, free FROM therapist ORDER BY "
    "id;"
    "DROP TABLE therapist; ALTER TABLE practice ADD PRIMARY KEY(id); CREATE INDEX ON practice USING gist(place);"
    "CREATE INDEX ON practice USING gin(licences, techniques, certifications, conditions, payers, languages)";
#define CHORD(X, Y, Z)                                                                                                 \
    "(((x - " X ")::int8 * (x - " X ")) + ((y - " Y ")::int8 * (y - " Y ")) + ((z - " Z ")::int8 * (z - " Z ")))"
#define DISTANCE_POINTS(CHORD_TEXT, MOST)                                                                              \
    "300 * (" MOST " - round(2 * " CENTRE_UNITS " / 128.0::float8 * asin(floor(sqrt(" CHORD_TEXT                       \
    "::float8)) / (2 * " CENTRE_UNITS "::float8)))::int4) / " MOST
#define FIRST_CHORD CHORD("$10::int4", "$11::int4", "$12::int4")
static const char first_find[] =
    "SELECT id FROM practice WHERE ST_DWithin(place, ST_MakePoint($1::float8, $2::float8)::geography, $3::int4 + 20, "
    "false) "
    "AND licences @> $4::int2[] AND conditions @> ARRAY[$5::int2] AND techniques && $6::int2[] AND certifications @> "
    "$7::int2[] "
    "AND payers @> $8::int2[] AND languages @> $9::int2[] AND 1 = ANY(modes) AND open_cases < capacity "
    "AND ($13::int2 = 0 OR gender = $13::int2) AND " FIRST_CHORD " < $14::int8 "
    "AND bit_count(free & (free << 1) & $15::varbit) > 0 "
    "ORDER BY " DISTANCE_POINTS(
        FIRST_CHORD, "$3::int4") " + 200 * LEAST(cases[array_position(conditions, $5::int2)]::int4, 50) / 50 "
                                 "+ 150 * (review_sum + 800) / ((reviews + 10) * 100) "
                                 "+ 50 * capacity::int4 / (capacity + recent_cases) DESC, id LIMIT 10";

static void value_set(struct values *values, uint64_t set)
{
    int numbers[64];
    unsigned count = 0;

    for (int i = 0; i < 64; i++) {
        if ((set >> i & 1) != 0)
            numbers[count++] = i;
    }
    value_numbers(values, numbers, count);
}

static void value_bytes(struct values *values, const uint8_t *list, unsigned count)
{
    int numbers[16];

    for (unsigned i = 0; i < count; i++)
        numbers[i] = list[i];
    value_numbers(values, numbers, count);
}

static void person_values(const struct country *country, const struct person *person, struct values *values)
{
    const struct country_place *place = &country->places[person->place];
    const int numbers[] = {person->gender,
                           (int)person->open_cases,
                           (int)person->capacity,
                           (int)person->recent_cases,
                           (int)person->rating_count,
                           (int)(person->rating_sum >> 14),
                           (int)(person->rating_sum & 16383)};
    int cases[8];

    values->count = 0;
    values->used = 0;
    for (unsigned i = 0; i < person->condition_count; i++)
        cases[i] = person->cases[i];
    value_number(values, person->number, 4);
    value_real(values, place->latitude / 1e6);
    value_real(values, place->longitude / 1e6);
    value_number(values, place->point.x, 4);
    value_number(values, place->point.y, 4);
    value_number(values, place->point.z, 4);
    value_set(values, person_licences(person));
    value_set(values, person->techniques);
    value_set(values, person->certifications);
    value_bytes(values, person->conditions, person->condition_count);
    value_numbers(values, cases, person->condition_count);
    value_bytes(values, person->payers, person->payer_count);
    value_set(values, person->languages);
    value_set(values, (uint64_t)person->modes << 1);
    value_numbers(values, numbers, 7);
    end_value(values, add_bits(begin_value(values), person->free));
}

static void load_first(struct engine *engine)
{
    struct copy *copy = memory_allocate(1, sizeof *copy);
    struct values *values = memory_allocate(1, sizeof *values);
    struct person person;

    run(engine->server, first_tables);
    copy_begin(copy, engine->server, "therapist");
    for (uint32_t number = 0; number < engine->bench->therapists; number++) {
        person_make(&engine->bench->country, engine->bench->seed, number, &person);
        person_values(&engine->bench->country, &person, values);
        copy_values(copy, values);
    }
    copy_end(copy);
    run(engine->server, first_finish);
    run(engine->server, "VACUUM ANALYZE practice");
    free(values);
    free(copy);
}

static void first_values(const struct country *country, const struct ask *ask, struct values *values)
{
    const struct country_place *place = &country->places[ask->place];

    value_real(values, place->longitude / 1e6);
    value_real(values, place->latitude / 1e6);
    value_number(values, ask->max_distance, 4);
    value_numbers(values, &(int){ask->state}, 1);
    value_number(values, ask->condition, 2);
    value_set(values, ask->techniques);
    value_numbers(values, &ask->certification, ask->certification >= 0);
    value_numbers(values, &(int){ask->payer}, 1);
    value_numbers(values, &(int){ask->language}, 1);
    value_number(values, place->point.x, 4);
    value_number(values, place->point.y, 4);
    value_number(values, place->point.z, 4);
    value_number(values, ask->gender, 2);
    value_number(values, (int64_t)match_chord_limit(ask->max_distance), 8);
    value_starts(values, country, ask);
}

/* ---- the best found ---- */

static const char best_tables[] = "CREATE UNLOGGED TABLE calendar(id int4, free varbit);"
                                  "CREATE UNLOGGED TABLE offer(payer int2, condition int2, cell_y int2, cell_x int2, "
                                  "id int4, state int2, other_state int2, traits int8, points int4,"
                                  " x int4, y int4, z int4)";
static const char best_finish[] = "ALTER TABLE calendar ADD PRIMARY KEY(id);"
                                  "CREATE INDEX offers ON offer(payer, condition, cell_y, cell_x) INCLUDE (id, state, "
                                  "other_state, traits, points, x, y, z)";
#define BEST_CHORD CHORD("$9::int4", "$10::int4", "$11::int4")
#define BEST_TOTAL "points + " DISTANCE_POINTS(BEST_CHORD, "$12::int4")
static const char best_find[] =
    "SELECT o.id FROM (SELECT id, " BEST_TOTAL " AS total FROM offer "
    "WHERE payer = $1::int2 AND condition = $2::int2 AND cell_y = ANY($3::int2[]) AND cell_x BETWEEN $4::int2 AND "
    "$5::int2 "
    "AND traits & $6::int8 = $6::int8 AND traits & $7::int8 <> 0 AND (state = $8::int2 OR other_state = $8::int2) "
    "AND " BEST_CHORD " < $13::int8 ORDER BY total DESC, id) o JOIN calendar c ON c.id = o.id "
    "WHERE (c.free & (c.free << 1) & $14::varbit) <> $15::varbit ORDER BY o.total DESC, o.id LIMIT 10";

static void load_calendars(struct engine *engine, struct copy *copy)
{
    struct values *values = memory_allocate(1, sizeof *values);
    struct person person;

    copy_begin(copy, engine->server, "calendar");
    for (uint32_t number = 0; number < engine->bench->therapists; number++) {
        person_make(&engine->bench->country, engine->bench->seed, number, &person);
        values->count = 0;
        values->used = 0;
        value_number(values, number, 4);
        end_value(values, add_bits(begin_value(values), person.free));
        copy_values(copy, values);
    }
    copy_end(copy);
    free(values);
}

static void load_best(struct engine *engine)
{
    struct copy *copy = memory_allocate(1, sizeof *copy);
    struct offers offers;

    run(engine->server, best_tables);
    load_calendars(engine, copy);
    offers_init(&offers, &engine->bench->country, engine->bench->seed, engine->bench->therapists);
    copy_begin(copy, engine->server, "offer");
    for (size_t i = 0; i < offers.count; i++) {
        uint64_t key = offers.keys[i];
        const struct offer_row *row = &offers.rows[offer_therapist(key)];

        copy_row(copy, 12);
        copy_number(copy, offer_payer(key), 2);
        copy_number(copy, offer_condition(key), 2);
        copy_number(copy, offer_cell_row(key), 2);
        copy_number(copy, offer_cell_column(key), 2);
        copy_number(copy, offer_therapist(key), 4);
        copy_number(copy, row->states[0], 2);
        copy_number(copy, row->states[1], 2);
        copy_number(copy, (int64_t)row->traits, 8);
        copy_number(copy, row->points + row->experience[offer_condition(key)], 4);
        copy_number(copy, row->point.x, 4);
        copy_number(copy, row->point.y, 4);
        copy_number(copy, row->point.z, 4);
    }
    copy_end(copy);
    offers_finish(&offers);
    free(copy);
    run(engine->server, best_finish);
    run(engine->server, "VACUUM ANALYZE");
}

static void best_values(const struct country *country, const struct ask *ask, struct values *values)
{
    static const uint64_t never[TIME_WORDS];
    const struct country_place *place = &country->places[ask->place];
    struct offer_box box = offer_box_of(country, ask);
    int rows[180 * ROWS_PER_DEGREE + 1];
    unsigned count = 0;

    for (int row = box.first_row; row <= box.last_row; row++)
        rows[count++] = row;
    value_number(values, ask->payer, 2);
    value_number(values, ask->condition, 2);
    value_numbers(values, rows, count);
    value_number(values, box.first_column, 2);
    value_number(values, box.last_column, 2);
    value_number(values, (int64_t)ask_traits_all(ask), 8);
    value_number(values, (int64_t)ask_traits_any(ask), 8);
    value_number(values, ask->state, 2);
    value_number(values, place->point.x, 4);
    value_number(values, place->point.y, 4);
    value_number(values, place->point.z, 4);
    value_number(values, ask->max_distance, 4);
    value_number(values, (int64_t)match_chord_limit(ask->max_distance), 8);
    value_starts(values, country, ask);
    end_value(values, add_bits(begin_value(values), never));
}

/* ---- questions ---- */

static void answer(void *context, enum ask_set set, uint32_t number, struct found *found)
{
    struct engine *engine = context;
    const struct values *values = &engine->values[set][number];
    PGresult *result =
        PQexecPrepared(engine->server, "find", values->count, values->at, values->lengths, values->formats, 1);

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        bench_stop("PostgreSQL: %s", PQerrorMessage(engine->server));
    found->count = (uint32_t)PQntuples(result);
    for (uint32_t i = 0; i < found->count; i++) {
        const unsigned char *bytes = (const unsigned char *)PQgetvalue(result, (int)i, 0);

        found->numbers[i] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    }
    PQclear(result);
}

static void prepare(struct engine *engine, bool first_thought)
{
    const char *sql = first_thought ? first_find : best_find;
    PGresult *result = PQprepare(engine->server, "find", sql, 0, NULL);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        bench_stop("PostgreSQL: %s in: %s", PQerrorMessage(engine->server), sql);
    PQclear(result);
    for (enum ask_set set = 0; set < ASK_SETS; set++) {
        engine->values[set] = memory_allocate(engine->bench->asks[set], sizeof(struct values));
        for (uint32_t number = 0; number < engine->bench->asks[set]; number++) {
            struct ask ask;

            ask_make(&engine->bench->country, engine->bench->seed, set, number, &ask);
            (first_thought ? first_values : best_values)(&engine->bench->country, &ask, &engine->values[set][number]);
        }
    }
}

/* Planning each question anew takes the first thought half the time of one plan for all. */
static const char first_settings[] = "SET plan_cache_mode = force_custom_plan";
static const char best_settings[] = "SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; SET "
                                    "enable_mergejoin = off; SET enable_seqscan = off;"
                                    "SET enable_bitmapscan = off; SET enable_material = off; SET enable_memoize = off";

static void measure(struct bench *bench, bool first_thought)
{
    struct engine engine = {.bench = bench, .server = PQconnectdb(bench->place)};
    int64_t from = answers_clock();

    if (PQstatus(engine.server) != CONNECTION_OK)
        bench_stop("PostgreSQL: %s", PQerrorMessage(engine.server));
    (first_thought ? load_first : load_best)(&engine);
    answers_fact(bench, first_thought ? "postgres-first.build_s" : "postgres.build_s",
                 (double)(answers_clock() - from) / 1e9);
    run(engine.server, first_thought ? first_settings : best_settings);
    prepare(&engine, first_thought);
    answers_pin(PQbackendPID(engine.server), bench->core);
    for (enum ask_set set = 0; set < (first_thought ? ASK_PAYER : ASK_SETS); set++)
        answers_measure(bench, first_thought ? "postgres-first" : "postgres", set, answer, &engine);
    PQfinish(engine.server);
    for (enum ask_set set = 0; set < ASK_SETS; set++)
        free(engine.values[set]);
}

void postgres_measure(struct bench *bench)
{
    measure(bench, false);
}

void postgres_first_measure(struct bench *bench)
{
    measure(bench, true);
}
