/* How urgent, when, and where. */
#include "fhir/decode_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DAY_MINUTES = 1440, SHORTEST_WINDOW = 60 };

static void read_priority(struct fhir_decoder *decoder)
{
    const char *priority = fhir_read(decoder, decoder->request->place, "priority");

    if (strcmp(priority, "stat") == 0)
        decoder->referral->priority = FASCIA__PRIORITY__PRIORITY_STAT;
    else if (strcmp(priority, "asap") == 0 || strcmp(priority, "urgent") == 0)
        decoder->referral->priority = FASCIA__PRIORITY__PRIORITY_URGENT;
    else if (strcmp(priority, "routine") == 0)
        decoder->referral->priority = FASCIA__PRIORITY__PRIORITY_ROUTINE;
}

/* ---- when ---------------------------------------------------------------------------------------------------------- */

static void read_period(struct fhir_decoder *decoder, struct fhir_place *period)
{
    Fascia__Preferences *wishes = decoder->referral->preferences;

    if (period == NULL)
        return;
    wishes->not_before = OWNED(fhir_read_day(decoder, period, "start", false));
    wishes->not_after = OWNED(fhir_read_day(decoder, period, "end", true));
    if (wishes->not_before[0] != '\0' && wishes->not_after[0] != '\0' &&
        strcmp(wishes->not_before, wishes->not_after) > 0)
        fhir_issue_shape(decoder->issues, "value", fhir_path(decoder, period), "this period ends before it begins");
}

static void add_window(struct fhir_decoder *decoder, uint32_t days, uint32_t from, uint32_t to)
{
    Fascia__Preferences *wishes = decoder->referral->preferences;
    Fascia__Window *window;

    if (wishes->n_windows >= 100)
        return;
    window = fhir_arena_take(decoder->arena, sizeof *window);
    fascia__window__init(window);
    window->weekdays = days;
    window->from_minute = from;
    window->to_minute = to;
    FHIR_PUSH(decoder->arena, wishes->windows, wishes->n_windows, window);
}

static uint32_t read_days(struct fhir_decoder *decoder, struct fhir_place *repeat)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    struct fhir_place *list = fhir_at(decoder, repeat, "dayOfWeek"), *day;
    uint32_t days = 0;

    for (size_t i = 0; (day = fhir_nth(decoder, list, i)) != NULL; i++)
        for (unsigned j = 0; j < 7; j++)
            if (fhir_json_text(day->value) != NULL && strcmp(fhir_json_text(day->value), names[j]) == 0)
                days |= 1U << j;
    fhir_mark(list);
    return days;
}

static void read_duration(struct fhir_decoder *decoder, struct fhir_place *repeat)
{
    static const struct {
        const char *unit;
        uint32_t minutes;
    } units[] = {{"min", 1}, {"h", 60}};
    uint32_t count;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(fhir_peek(repeat, "durationUnit"), units[i].unit) == 0 &&
            fhir_read_count(decoder, repeat, "duration", &count) && count <= 24 * 60) {
            decoder->referral->preferences->duration_minutes = count * units[i].minutes;
            fhir_mark(fhir_at(decoder, repeat, "durationUnit"));
        }
}

/* A part of the day, as EventTiming has it; its hours are a habit, not the standard's. */
static bool part_of_day(const char *code, uint32_t *from, uint32_t *to)
{
    static const struct {
        const char *code;
        uint32_t from, to;
    } parts[] = {{"MORN", 360, 720},        {"MORN.early", 360, 540}, {"MORN.late", 540, 720},     {"NOON", 690, 810},
                 {"AFT", 720, 1080},        {"AFT.early", 720, 900},  {"AFT.late", 900, 1080},     {"EVE", 1020, 1320},
                 {"EVE.early", 1020, 1140}, {"EVE.late", 1140, 1320}, {"NIGHT", 1200, DAY_MINUTES}};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(code, parts[i].code) == 0) {
            *from = parts[i].from;
            *to = parts[i].to;
            return true;
        }
    return false;
}

/* A time of day is when it begins: the window is as long as the visit. */
static void read_windows(struct fhir_decoder *decoder, struct fhir_place *repeat)
{
    struct fhir_place *times = fhir_at(decoder, repeat, "timeOfDay"), *whens = fhir_at(decoder, repeat, "when"), *item;
    uint32_t days = read_days(decoder, repeat), length = decoder->referral->preferences->duration_minutes, from, to;
    bool any = false;

    if (length < SHORTEST_WINDOW)
        length = SHORTEST_WINDOW;
    for (size_t i = 0; (item = fhir_nth(decoder, times, i)) != NULL; i++) {
        const char *text = fhir_json_text(item->value);
        if (text == NULL || strlen(text) < 5)
            continue;
        from = (uint32_t)(atoi(text) * 60 + atoi(text + 3));
        to = from + length;
        add_window(decoder, days, from, to < DAY_MINUTES ? to : DAY_MINUTES);
        any = true;
    }
    for (size_t i = 0; (item = fhir_nth(decoder, whens, i)) != NULL; i++) {
        const char *text = fhir_json_text(item->value);
        if (text == NULL || !part_of_day(text, &from, &to))
            continue;
        add_window(decoder, days, from, to);
        item->read = true;
        any = true;
    }
    fhir_mark(times);
    if (!any && days != 0)
        add_window(decoder, days, 0, DAY_MINUTES);
}

static void read_timing(struct fhir_decoder *decoder, struct fhir_place *timing)
{
    struct fhir_place *repeat = fhir_at(decoder, timing, "repeat"), *events = fhir_at(decoder, timing, "event");
    Fascia__Preferences *wishes = decoder->referral->preferences;
    struct fhir_place *event = fhir_nth(decoder, events, 0);

    if (event != NULL && fhir_json_text(event->value) != NULL) {
        const char *text = fhir_json_text(event->value);
        if (strcspn(text, "T") == 10) {
            wishes->not_before = fhir_arena_text(decoder->arena, text, 10);
            event->read = true;
        }
    }
    if (repeat == NULL)
        return;
    read_period(decoder, fhir_at(decoder, repeat, "boundsPeriod"));
    read_duration(decoder, repeat);
    read_windows(decoder, repeat);
}

static void read_times(struct fhir_decoder *decoder)
{
    struct fhir_place *request = decoder->request->place;
    Fascia__Preferences *wishes = decoder->referral->preferences;

    if (fhir_peek(request, "occurrenceDateTime")[0] != '\0')
        wishes->not_before = OWNED(fhir_read_day(decoder, request, "occurrenceDateTime", false));
    read_period(decoder, fhir_at(decoder, request, "occurrencePeriod"));
    read_timing(decoder, fhir_at(decoder, request, "occurrenceTiming"));
    /* By when the recipient is to have done it. */
    if (decoder->task != NULL && wishes->not_after[0] == '\0') {
        struct fhir_place *restriction = fhir_at(decoder, decoder->task->place, "restriction");
        wishes->not_after = OWNED(fhir_read_day(decoder, fhir_at(decoder, restriction, "period"), "end", true));
    }
}

/* ---- where ----------------------------------------------------------------------------------------------------------- */

static Fascia__VisitMode mode_of(struct fhir_decoder *decoder, struct fhir_place *concept)
{
    const char *words = fhir_words(decoder, concept);
    static const struct {
        const char *word;
        Fascia__VisitMode mode;
    } modes[] = {{"virtual", FASCIA__VISIT_MODE__VISIT_MODE_REMOTE},
                 {"telehealth", FASCIA__VISIT_MODE__VISIT_MODE_REMOTE},
                 {"remote", FASCIA__VISIT_MODE__VISIT_MODE_REMOTE},
                 {"video", FASCIA__VISIT_MODE__VISIT_MODE_REMOTE},
                 {"nursing home", FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED},
                 {"home", FASCIA__VISIT_MODE__VISIT_MODE_HOME},
                 {"residence", FASCIA__VISIT_MODE__VISIT_MODE_HOME},
                 {"clinic", FASCIA__VISIT_MODE__VISIT_MODE_CLINIC},
                 {"office", FASCIA__VISIT_MODE__VISIT_MODE_CLINIC},
                 {"ambulatory", FASCIA__VISIT_MODE__VISIT_MODE_CLINIC}};

    /* v3-RoleCode, v3-ActCode, SNOMED CT "home". */
    if (fhir_has_code(decoder, concept, "PTRES") || fhir_has_code(decoder, concept, "HH") ||
        fhir_has_code(decoder, concept, "264362003"))
        return FASCIA__VISIT_MODE__VISIT_MODE_HOME;
    if (fhir_has_code(decoder, concept, "VR"))
        return FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    if (fhir_has_code(decoder, concept, "AMB") || fhir_has_code(decoder, concept, "OF"))
        return FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcasestr(words, modes[i].word) != NULL)
            return modes[i].mode;
    return FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED;
}

/* One place is a wish; two that differ are none, for either will do. */
static void read_places(struct fhir_decoder *decoder)
{
    struct fhir_place *list = fhir_at(decoder, decoder->request->place, "locationCode"), *concept;
    Fascia__VisitMode wished = FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED;
    bool differ = false;

    for (size_t i = 0; (concept = fhir_nth(decoder, list, i)) != NULL; i++) {
        Fascia__VisitMode mode = mode_of(decoder, concept);
        if (mode == FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED) {
            fhir_add_note(decoder, "comment",
                          fhir_arena_format(decoder->arena, "Where: %s", fhir_words(decoder, concept)),
                          fhir_path(decoder, concept));
        } else {
            differ = differ || (wished != FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED && mode != wished);
            wished = mode;
        }
        fhir_mark(concept);
    }
    if (!differ)
        decoder->referral->preferences->visit_mode = wished;
}

void fhir_decode_wishes(struct fhir_decoder *decoder)
{
    read_priority(decoder);
    read_times(decoder);
    read_places(decoder);
}
