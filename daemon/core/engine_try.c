/* What if? A question that nobody sent is read by the same tables as a referral, and asked of the matcher as it stands. Nothing is kept. */
#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"
#include "core/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND(kind)     FASCIA__PROBLEM__KIND__##kind
#define ANY_DISTANCE   21000000 /* metres: half way round and more */
#define CERTIFICATIONS 16
#define WEIGHT_HIGHEST 10000

struct trying {
    struct engine *engine;
    const Fascia__TryMatch *try;
    const struct referral *referral; /* NULL: from nothing */
    struct question question;
    struct match_settings weights;
    Fascia__ControlResponse *response;
};

static bool refuse(struct trying *trying, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct trying *trying, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    message_set(&trying->response->error, text);
    return false;
}

/* ---- where it starts ---- */

static void begin_from_nothing(struct trying *trying)
{
    struct question *question = &trying->question;

    *question = (struct question){.need = memory_allocate(1, sizeof *question->need)};
    fascia__need__init(question->need);
    question->query = (struct match_query){.need = question->need, .treated_by = question->treated_by};
}

static bool begin(struct trying *trying)
{
    const int64_t now = trying->engine->now + NOTICE_MS;

    if (trying->try->referral != 0) {
        trying->referral = engine_find_referral(trying->engine, trying->try->referral);
        if (trying->referral == NULL) {
            trying->response->not_found = true;
            return refuse(trying, "there is no referral R%llu", (unsigned long long)trying->try->referral);
        }
        if (trying->referral->open == NULL || trying->referral->open->need == NULL)
            return refuse(
                trying,
                "this referral is finished, and what it needed is not kept at hand: say what is needed instead");
        engine_question_begin(trying->engine, trying->referral, NULL, now, &trying->question);
    } else {
        begin_from_nothing(trying);
        trying->question.query.now = now;
    }
    trying->question.query.limit = MATCH_CANDIDATES;
    return true;
}

/* ---- what is asked for, read by the tables ---- */

/* A question may leave out what a referral must say; with a referral, it may leave out everything. */
static bool may_be_missing(const struct trying *trying, const Fascia__Problem *problem)
{
    if (problem->kind != KIND(MISSING))
        return false;
    return trying->referral != NULL || strncmp(problem->field, "patient.address.", 16) != 0;
}

/* Problems that count go into the response. false when one of them is an error. */
static bool take_problems(struct trying *trying, Fascia__Screened *screened)
{
    size_t kept = 0;
    bool good = true;

    for (size_t i = 0; i < screened->n_problems; i++) {
        Fascia__Problem *problem = screened->problems[i];

        if (may_be_missing(trying, problem)) {
            fascia__problem__free_unpacked(problem, NULL);
            continue;
        }
        good = good && problem->severity != FASCIA__PROBLEM__SEVERITY__ERROR;
        screened->problems[kept++] = problem;
    }
    trying->response->problems = screened->problems;
    trying->response->n_problems = kept;
    screened->problems = NULL;
    screened->n_problems = 0;
    return good || refuse(trying, "the question can't be asked like this");
}

static void take_list(char ***to, size_t *to_count, char ***from, size_t *from_count)
{
    char **texts = *to;
    size_t count = *to_count;

    *to = *from;
    *to_count = *from_count;
    *from = texts;
    *from_count = count;
}
#define TAKE_LIST(need, asked, list) take_list(&(need)->list, &(need)->n_##list, &(asked)->list, &(asked)->n_##list)

/* Conditions and techniques hang together: suitable techniques are those of the conditions, unless techniques were named. */
static void take_codes(const struct trying *trying, Fascia__Need *need, Fascia__Need *asked)
{
    const bool conditions = trying->try->asked->n_conditions > 0, techniques = trying->try->asked->n_procedures > 0;

    if (!conditions && !techniques)
        return;
    if (techniques || need->n_techniques_suitable > 0 || need->n_techniques_required == 0)
        TAKE_LIST(need, asked, techniques_suitable);
    if (conditions)
        TAKE_LIST(need, asked, conditions);
    if (techniques)
        TAKE_LIST(need, asked, techniques_required);
    screen_imply_certifications(trying->engine->codes, need);
}

static void take_place(const Fascia__Patient *patient, Fascia__Need *need, Fascia__Need *asked)
{
    if (patient == NULL)
        return;
    if (asked->position_known) {
        Fascia__Position *before = need->position;

        need->position = asked->position;
        asked->position = before;
        need->position_known = true;
    }
    if (patient->address != NULL && patient->address->state[0] != '\0')
        message_set(&need->jurisdiction, asked->jurisdiction);
}

static void take_time(const Fascia__Preferences *wishes, Fascia__Need *need, Fascia__Need *asked)
{
    if (wishes->not_before[0] != '\0')
        message_set(&need->not_before, asked->not_before);
    if (wishes->not_after[0] != '\0')
        message_set(&need->not_after, asked->not_after);
    if (wishes->duration_minutes != 0)
        need->duration_minutes = asked->duration_minutes;
    if (wishes->time_zone[0] != '\0')
        message_set(&need->time_zone, asked->time_zone);
    if (wishes->n_windows > 0) {
        Fascia__Window **windows = need->windows;
        size_t count = need->n_windows;

        need->windows = asked->windows;
        need->n_windows = asked->n_windows;
        asked->windows = windows;
        asked->n_windows = count;
    }
}

/* A question may look farther than a patient is ever sent. */
static void take_distance(const Fascia__Preferences *wishes, Fascia__Need *need)
{
    need->max_distance = wishes->max_distance < ANY_DISTANCE ? wishes->max_distance : ANY_DISTANCE;
}

static void take_wishes(const Fascia__Referral *given, Fascia__Need *need, Fascia__Need *asked)
{
    const Fascia__Preferences *wishes = given->preferences;

    if (given->n_coverages > 0)
        TAKE_LIST(need, asked, payers);
    if (wishes == NULL)
        return;
    if (wishes->n_languages > 0)
        TAKE_LIST(need, asked, languages);
    if (wishes->therapist_gender != FASCIA__GENDER__GENDER_UNSPECIFIED)
        need->therapist_gender = asked->therapist_gender;
    if (wishes->visit_mode != FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED)
        need->visit_mode = asked->visit_mode;
    if (wishes->max_distance != 0)
        take_distance(wishes, need);
    if (wishes->therapist[0] != '\0')
        message_set(&need->therapist, asked->therapist);
    take_time(wishes, need, asked);
}

/* From nothing, all of what was read is the need; with a referral, what was asked for stands in place of its own. */
static bool read_asked(struct trying *trying)
{
    const Fascia__Referral nothing = FASCIA__REFERRAL__INIT;
    const struct engine *engine = trying->engine;
    const Fascia__Referral *given = trying->try->asked != NULL ? trying->try->asked : &nothing;
    const struct screen_input input = {.referral = given,
                                       .codes = engine->codes,
                                       .zones = &engine->zones,
                                       .settings = &engine->settings,
                                       .now = engine->now};
    struct screening screening;
    Fascia__Need **need = &trying->question.need;
    bool good;

    screen_question(&input, &screening);
    good = take_problems(trying, screening.screened);
    if (good && trying->referral == NULL) {
        Fascia__Need *empty = *need;

        *need = screening.screened->need;
        screening.screened->need = empty;
        if (given->preferences != NULL && given->preferences->max_distance != 0)
            take_distance(given->preferences, *need);
    } else if (good && trying->try->asked != NULL) {
        take_codes(trying, *need, screening.screened->need);
        take_place(given->patient, *need, screening.screened->need);
        take_wishes(given, *need, screening.screened->need);
    }
    fascia__screened__free_unpacked(screening.screened, NULL);
    return good;
}

static bool add_certifications(struct trying *trying)
{
    Fascia__Need *need = trying->question.need;

    if (trying->try->n_certifications > CERTIFICATIONS)
        return refuse(trying, "at most 16 certifications can be asked for");
    for (size_t i = 0; i < trying->try->n_certifications; i++) {
        Fascia__Alternatives *group = memory_allocate(1, sizeof *group);

        fascia__alternatives__init(group);
        message_push_text(&group->any_of, &group->n_any_of, trying->try->certifications[i]);
        message_set(&group->because, "asked for");
        message_push(&need->certifications, &need->n_certifications, group);
    }
    return true;
}

/* ---- wishes that are dropped ---- */

static void drop_texts(char ***list, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        free((*list)[i]);
    free(*list);
    *list = NULL;
    *count = 0;
}
#define DROP_TEXTS(need, list) drop_texts(&(need)->list, &(need)->n_##list)

static void drop_certifications(Fascia__Need *need)
{
    for (size_t i = 0; i < need->n_certifications; i++)
        fascia__alternatives__free_unpacked(need->certifications[i], NULL);
    free(need->certifications);
    need->certifications = NULL;
    need->n_certifications = 0;
}

static void drop_time(Fascia__Need *need)
{
    for (size_t i = 0; i < need->n_windows; i++)
        fascia__window__free_unpacked(need->windows[i], NULL);
    free(need->windows);
    need->windows = NULL;
    need->n_windows = 0;
    message_clear(&need->not_after);
}

/* false for a gate that is nobody's wish. */
static bool drop(struct question *question, enum match_gate gate)
{
    Fascia__Need *need = question->need;

    switch (gate) {
    case GATE_NAMED:
        message_clear(&need->therapist);
        return true;
    case GATE_DISTANCE:
        question->query.distance_half = need->max_distance; /* nearer is still better */
        need->max_distance = ANY_DISTANCE;
        return true;
    case GATE_MODE:
        need->visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED;
        return true;
    case GATE_DECLINED:
        question->query.declined_count = 0;
        return true;
    case GATE_CERTIFICATION:
        drop_certifications(need);
        return true;
    case GATE_TECHNIQUE:
        DROP_TEXTS(need, techniques_required);
        DROP_TEXTS(need, techniques_suitable);
        return true;
    case GATE_CONDITION:
        DROP_TEXTS(need, conditions);
        return true;
    case GATE_PAYER:
        DROP_TEXTS(need, payers);
        return true;
    case GATE_LANGUAGE:
        DROP_TEXTS(need, languages);
        return true;
    case GATE_GENDER:
        need->therapist_gender = FASCIA__GENDER__GENDER_UNSPECIFIED;
        return true;
    case GATE_TIME:
        drop_time(need);
        return true;
    default:
        return false;
    }
}

static bool drop_wishes(struct trying *trying)
{
    for (size_t i = 0; i < trying->try->n_without; i++) {
        unsigned gate = 0;

        while (gate < GATE_COUNT && strcmp(match_gate_name((enum match_gate)gate), trying->try->without[i]) != 0)
            gate++;
        if (gate == GATE_COUNT)
            return refuse(
                trying, "there is no such gate: what can be dropped is named, distance, mode, declined, certification, "
                        "technique, condition, payer, language, gender and time");
        if (!drop(&trying->question, (enum match_gate)gate))
            return refuse(trying, "%s is nobody's wish, and can't be dropped", match_gate_name((enum match_gate)gate));
    }
    return true;
}

/* ---- weights ---- */

static bool read_weights(struct trying *trying)
{
    trying->weights = trying->engine->weights;
    for (size_t i = 0; i < trying->try->n_weights; i++) {
        const Fascia__ScorePart *weight = trying->try->weights[i];
        unsigned part = 0;

        while (part < PART_COUNT && strcmp(match_part_name((enum match_part)part), weight->name) != 0)
            part++;
        if (part == PART_COUNT)
            return refuse(trying, "there is no such part of the score: they are distance, experience, reviews, "
                                  "earliest, continuity and load");
        if (weight->points < 0 || weight->points > WEIGHT_HIGHEST)
            return refuse(trying, "the weight of %s is 0 to 10000", match_part_name((enum match_part)part));
        trying->weights.weight[part] = weight->points;
    }
    return true;
}

/* ---- asking ---- */

static void ask(struct trying *trying)
{
    struct engine *engine = trying->engine;
    struct question *question = &trying->question;
    const struct zone *zone = engine->zones.find(engine->zones.context, question->need->time_zone);

    question->query.need = question->need;
    question->query.zone = zone != NULL ? zone : zone_utc();
    if (trying->try->n_weights > 0)
        match_index_configure(engine->index, &trying->weights);
    trying->response->explanation = engine_ask(engine, question);
    trying->response->explanation->at = engine->now;
    engine_note_not_asked(engine, trying->response->explanation);
    if (trying->try->n_weights > 0)
        match_index_configure(engine->index, &engine->weights);
}

Fascia__ControlResponse *engine_try_match(struct engine *engine, const Fascia__TryMatch *try, int64_t now)
{
    struct trying trying = {.engine = engine, .try = try, .response = memory_allocate(1, sizeof *trying.response)};

    fascia__control_response__init(trying.response);
    trying.response->last = true;
    engine_let_time_pass(engine, now);
    if (!begin(&trying))
        return trying.response;
    if (read_asked(&trying) && add_certifications(&trying) && drop_wishes(&trying) && read_weights(&trying))
        ask(&trying);
    engine_question_end(&trying.question);
    return trying.response;
}
