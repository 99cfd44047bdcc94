/*
 * SQLite, twice: what one writes first (an R*Tree over the places, joined with tables of traits), and the best found (offers.h in a table WITHOUT
 * ROWID). Distance points and the test of time are functions given to it in C; at its best, calendars are opened one by one in the order of
 * points until ten are found.
 */
#include "answers.h"
#include "core/memory.h"
#include "offers.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct ask ask;
    struct offer_box box;
    struct match_point point;
    uint64_t all, any, limit, inside[TIME_WORDS];
};
struct engine {
    const struct bench *bench;
    sqlite3 *database;
    sqlite3_stmt *find, *calendar;
    struct question *questions[ASK_SETS];
    const struct question *now;
};

static void run(sqlite3 *database, const char *sql)
{
    char *error = NULL;

    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK)
        bench_stop("SQLite: %s in: %s", error, sql);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        bench_stop("SQLite: %s in: %s", sqlite3_errmsg(database), sql);
    return statement;
}

static void insert(sqlite3 *database, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        bench_stop("SQLite: %s", sqlite3_errmsg(database));
    sqlite3_reset(statement);
}

/* ---- functions that SQL calls ---- */

/* near_points(x, y, z): points for the distance to the patient, -1 when too far. */
static void near_points(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct engine *engine = sqlite3_user_data(context);
    const struct question *now = engine->now;
    uint64_t chord = match_chord(now->point, (struct match_point){.x = sqlite3_value_int(values[0]),
                                                                  .y = sqlite3_value_int(values[1]),
                                                                  .z = sqlite3_value_int(values[2])});
    uint32_t most = now->ask.max_distance;

    (void)count;
    sqlite3_result_int(context, chord >= now->limit
                                    ? -1
                                    : (int)((uint64_t)POINTS_DISTANCE * (most - match_chord_metres(chord)) / most));
}

/* has_hour(free): whether an hour of it lies inside the windows. */
static void has_hour(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct engine *engine = sqlite3_user_data(context);
    const uint64_t *free_halves = sqlite3_value_blob(values[0]);

    (void)count;
    sqlite3_result_int(context, ask_fits(free_halves, engine->now->inside));
}

/* ---- data ---- */

static const char first_tables[] =
    "CREATE VIRTUAL TABLE place USING rtree_i32(id, south, north, west, east);"
    "CREATE TABLE therapist(id INTEGER PRIMARY KEY, x INT, y INT, z INT, state INT, other_state INT, gender INT, modes "
    "INT, room INT, techniques INT,"
    " certifications INT, languages INT, points INT, free BLOB);"
    "CREATE TABLE payer(therapist INT, payer INT, PRIMARY KEY(therapist, payer)) WITHOUT ROWID;"
    "CREATE TABLE experience(therapist INT, condition INT, points INT, PRIMARY KEY(therapist, condition)) WITHOUT "
    "ROWID;";
static const char first_find[] =
    "SELECT t.id FROM place p JOIN therapist t ON t.id = p.id JOIN experience e ON e.therapist = t.id AND e.condition "
    "= ?5 "
    "WHERE p.south >= ?1 AND p.north <= ?2 AND p.west >= ?3 AND p.east <= ?4 "
    "AND EXISTS (SELECT 1 FROM payer WHERE therapist = t.id AND payer = ?6) AND (t.state = ?7 OR t.other_state = ?7) "
    "AND t.techniques & ?8 AND t.certifications & ?9 = ?9 AND t.languages & ?10 AND t.modes & 1 AND t.room AND (?11 = "
    "0 OR t.gender = ?11) "
    "AND near_points(x, y, z) >= 0 AND has_hour(t.free) ORDER BY t.points + e.points + near_points(x, y, z) DESC, t.id "
    "LIMIT 10";

static void put_person(struct engine *engine, sqlite3_stmt *into[4], const struct person *person)
{
    const struct country_place *place = &engine->bench->country.places[person->place];
    const int64_t columns[] = {person->number,       place->point.x,         place->point.y,
                               place->point.z,       person->states[0],      person->states[1],
                               person->gender,       person->modes,          person->open_cases < person->capacity,
                               person->techniques,   person->certifications, person->languages,
                               person_points(person)};
    const int64_t corners[] = {person->number, place->latitude, place->latitude, place->longitude, place->longitude};

    for (int i = 0; i < 13; i++)
        sqlite3_bind_int64(into[0], i + 1, columns[i]);
    sqlite3_bind_blob(into[0], 14, person->free, sizeof person->free, SQLITE_STATIC);
    insert(engine->database, into[0]);
    for (int i = 0; i < 5; i++)
        sqlite3_bind_int64(into[1], i + 1, corners[i]);
    insert(engine->database, into[1]);
    for (unsigned i = 0; i < person->payer_count; i++) {
        sqlite3_bind_int64(into[2], 1, person->number);
        sqlite3_bind_int64(into[2], 2, person->payers[i]);
        insert(engine->database, into[2]);
    }
    for (unsigned i = 0; i < person->condition_count; i++) {
        sqlite3_bind_int64(into[3], 1, person->number);
        sqlite3_bind_int64(into[3], 2, person->conditions[i]);
        sqlite3_bind_int64(into[3], 3, person_experience(person, i));
        insert(engine->database, into[3]);
    }
}

static void load_first(struct engine *engine)
{
    sqlite3_stmt *into[4];
    struct person person;

    run(engine->database, first_tables);
    into[0] = prepare(engine->database, "INSERT INTO therapist VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    into[1] = prepare(engine->database, "INSERT INTO place VALUES(?,?,?,?,?)");
    into[2] = prepare(engine->database, "INSERT INTO payer VALUES(?,?)");
    into[3] = prepare(engine->database, "INSERT INTO experience VALUES(?,?,?)");
    run(engine->database, "BEGIN");
    for (uint32_t number = 0; number < engine->bench->therapists; number++) {
        person_make(&engine->bench->country, engine->bench->seed, number, &person);
        put_person(engine, into, &person);
    }
    run(engine->database, "COMMIT");
    for (int i = 0; i < 4; i++)
        sqlite3_finalize(into[i]);
}

/* What a row is asked first stands first: SQLite decodes rows from the left. */
static const char best_tables[] = "CREATE TABLE calendar(id INTEGER PRIMARY KEY, free BLOB);"
                                  "CREATE TABLE offer(payer INT, condition INT, cell_y INT, cell_x INT, id INT, traits "
                                  "INT, state INT, other_state INT, points INT, x INT, y INT,"
                                  " z INT, PRIMARY KEY(payer, condition, cell_y, cell_x, id)) WITHOUT ROWID;"
                                  "CREATE TABLE cell_row(y INTEGER PRIMARY KEY);";
static const char best_find[] =
    "SELECT o.id, o.points + near_points(o.x, o.y, o.z) AS total FROM cell_row r CROSS JOIN offer o "
    "ON o.payer = ?1 AND o.condition = ?2 AND o.cell_y = r.y AND o.cell_x BETWEEN ?5 AND ?6 "
    "WHERE r.y BETWEEN ?3 AND ?4 AND o.traits & ?7 = ?7 AND o.traits & ?8 AND (o.state = ?9 OR o.other_state = ?9) "
    "AND near_points(o.x, o.y, o.z) >= 0 ORDER BY total DESC, o.id";

static void load_offers(struct engine *engine)
{
    sqlite3_stmt *into = prepare(engine->database, "INSERT INTO offer VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");
    struct offers offers;

    offers_init(&offers, &engine->bench->country, engine->bench->seed, engine->bench->therapists);
    for (size_t i = 0; i < offers.count; i++) {
        uint64_t key = offers.keys[i];
        const struct offer_row *row = &offers.rows[offer_therapist(key)];
        const int64_t columns[] = {
            offer_payer(key),       offer_condition(key), offer_cell_row(key),
            offer_cell_column(key), offer_therapist(key), (int64_t)row->traits,
            row->states[0],         row->states[1],       row->points + row->experience[offer_condition(key)],
            row->point.x,           row->point.y,         row->point.z};

        for (int column = 0; column < 12; column++)
            sqlite3_bind_int64(into, column + 1, columns[column]);
        insert(engine->database, into);
    }
    answers_fact(engine->bench, "sqlite.offer_rows", (double)offers.count);
    offers_finish(&offers);
    sqlite3_finalize(into);
}

static void load_best(struct engine *engine)
{
    sqlite3_stmt *into;
    struct person person;

    run(engine->database, best_tables);
    run(engine->database, "BEGIN");
    into = prepare(engine->database, "INSERT INTO calendar VALUES(?,?)");
    for (uint32_t number = 0; number < engine->bench->therapists; number++) {
        person_make(&engine->bench->country, engine->bench->seed, number, &person);
        sqlite3_bind_int64(into, 1, number);
        sqlite3_bind_blob(into, 2, person.free, sizeof person.free, SQLITE_STATIC);
        insert(engine->database, into);
    }
    sqlite3_finalize(into);
    into = prepare(engine->database, "INSERT INTO cell_row VALUES(?)");
    for (int y = 0; y <= 180 * ROWS_PER_DEGREE; y++) {
        sqlite3_bind_int(into, 1, y);
        insert(engine->database, into);
    }
    sqlite3_finalize(into);
    load_offers(engine);
    run(engine->database, "COMMIT");
}

/* ---- questions ---- */

static void prepare_questions(struct engine *engine)
{
    const struct country *country = &engine->bench->country;

    for (enum ask_set set = 0; set < ASK_SETS; set++) {
        engine->questions[set] = memory_allocate(engine->bench->asks[set], sizeof(struct question));
        for (uint32_t number = 0; number < engine->bench->asks[set]; number++) {
            struct question *question = &engine->questions[set][number];

            ask_make(country, engine->bench->seed, set, number, &question->ask);
            ask_half_hours(country, &question->ask, question->inside);
            question->box = offer_box_of(country, &question->ask);
            question->point = country->places[question->ask.place].point;
            question->all = ask_traits_all(&question->ask);
            question->any = ask_traits_any(&question->ask);
            question->limit = match_chord_limit(question->ask.max_distance);
        }
    }
}

static void bind(sqlite3_stmt *statement, const int64_t *values, int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
}

static void answer_first(void *context, enum ask_set set, uint32_t number, struct found *found)
{
    struct engine *engine = context;
    const struct question *question = engine->now = &engine->questions[set][number];
    const struct ask *ask = &question->ask;
    const int64_t values[] = {question->box.south,
                              question->box.north,
                              question->box.west,
                              question->box.east,
                              ask->condition,
                              ask->payer,
                              ask->state,
                              ask->techniques,
                              ask->certification < 0 ? 0 : INT64_C(1) << ask->certification,
                              INT64_C(1) << ask->language,
                              ask->gender};

    bind(engine->find, values, 11);
    while (sqlite3_step(engine->find) == SQLITE_ROW)
        found->numbers[found->count++] = (uint32_t)sqlite3_column_int64(engine->find, 0);
    sqlite3_reset(engine->find);
}

static bool has_time(struct engine *engine, uint32_t therapist)
{
    bool fits;

    sqlite3_bind_int64(engine->calendar, 1, therapist);
    if (sqlite3_step(engine->calendar) != SQLITE_ROW)
        bench_stop("SQLite: a calendar is missing");
    fits = ask_fits(sqlite3_column_blob(engine->calendar, 0), engine->now->inside);
    sqlite3_reset(engine->calendar);
    return fits;
}

static void answer_best(void *context, enum ask_set set, uint32_t number, struct found *found)
{
    struct engine *engine = context;
    const struct question *question = engine->now = &engine->questions[set][number];
    const int64_t values[] = {question->ask.payer,    question->ask.condition,    question->box.first_row,
                              question->box.last_row, question->box.first_column, question->box.last_column,
                              (int64_t)question->all, (int64_t)question->any,     question->ask.state};

    bind(engine->find, values, 9);
    while (found->count < FOUND_MOST && sqlite3_step(engine->find) == SQLITE_ROW) {
        uint32_t therapist = (uint32_t)sqlite3_column_int64(engine->find, 0);

        if (has_time(engine, therapist))
            found->numbers[found->count++] = therapist;
    }
    sqlite3_reset(engine->find);
}

/* ---- the whole ---- */

static void open_database(struct engine *engine)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int pure = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

    if (sqlite3_open_v2(engine->bench->place, &engine->database, flags, NULL) != SQLITE_OK)
        bench_stop("SQLite: %s cannot be opened", engine->bench->place);
    run(engine->database,
        "PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
        "PRAGMA cache_size=-16000000; PRAGMA temp_store=MEMORY");
    if (sqlite3_create_function(engine->database, "near_points", 3, SQLITE_UTF8, engine, near_points, NULL, NULL) !=
            SQLITE_OK ||
        sqlite3_create_function(engine->database, "has_hour", 1, pure, engine, has_hour, NULL, NULL) != SQLITE_OK)
        bench_stop("SQLite: functions cannot be made");
}

static void measure(struct bench *bench, bool first_thought)
{
    struct engine engine = {.bench = bench};
    const char *label = first_thought ? "sqlite-first" : "sqlite";
    int64_t from = answers_clock();

    open_database(&engine);
    if (first_thought)
        load_first(&engine);
    else
        load_best(&engine);
    run(engine.database, "ANALYZE");
    answers_fact(bench, first_thought ? "sqlite-first.build_s" : "sqlite.build_s",
                 (double)(answers_clock() - from) / 1e9);
    prepare_questions(&engine);
    engine.find = prepare(engine.database, first_thought ? first_find : best_find);
    if (!first_thought)
        engine.calendar = prepare(engine.database, "SELECT free FROM calendar WHERE id = ?");
    for (enum ask_set set = 0; set < (first_thought ? ASK_PAYER : ASK_SETS); set++)
        answers_measure(bench, label, set, first_thought ? answer_first : answer_best, &engine);
    sqlite3_finalize(engine.find);
    sqlite3_finalize(engine.calendar);
    sqlite3_close(engine.database);
    for (enum ask_set set = 0; set < ASK_SETS; set++)
        free(engine.questions[set]);
}

void sqlite_measure(struct bench *bench)
{
    measure(bench, false);
}

void sqlite_first_measure(struct bench *bench)
{
    measure(bench, true);
}
