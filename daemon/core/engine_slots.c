/*
 * Free and taken time of therapists, for who asks when somebody has time: pages of stretches, by therapist and then by time.
 *
 * Free time is the calendar's; what is taken, and whether for a visit or for an open offer, stands in the therapist's cases.
 */
#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMED_MOST      100
#define LOOKED_AT       1000 /* therapists, of a page */
#define MINUTES_MOST    1440
#define QUARTER_MINUTES 15

struct looking {
    const struct engine *engine;
    const Fascia__ListSlots *query;
    Fascia__ControlResponse *response;
    struct codes_place centre; /* with query->near */
    int64_t from, to;          /* of all */
    int64_t begin;             /* of the therapist at hand: from, or where their page goes on */
    bool goes_on;
    uint32_t quarters, limit;
    /* of the therapist at hand */
    const struct therapist *therapist;
    const Fascia__Therapist *content;
    uint32_t place;
};

/* ---- who is asked about ---- */

static bool has_text(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(list[i], text) == 0)
            return true;
    return *text == '\0';
}

static bool has_mode(const Fascia__Therapist *content, Fascia__VisitMode mode)
{
    for (size_t i = 0; i < content->n_visit_modes; i++)
        if (content->visit_modes[i] == mode)
            return true;
    return mode == FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED ||
           (content->n_visit_modes == 0 && mode == FASCIA__VISIT_MODE__VISIT_MODE_CLINIC);
}

static uint32_t distance_to(const struct looking *looking, const Fascia__Place *place)
{
    return place->position == NULL ? UINT32_MAX
                                   : match_distance(looking->centre.latitude, looking->centre.longitude,
                                                    place->position->latitude, place->position->longitude);
}

/* The nearest place, which for a visit at home is the first; whether it is near enough. */
static bool find_place(struct looking *looking)
{
    const Fascia__Therapist *content = looking->content;
    const Fascia__VisitMode mode = looking->query->mode;
    uint32_t nearest = UINT32_MAX;

    looking->place = 0;
    if (*looking->query->near == '\0' || mode == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE)
        return true;
    for (uint32_t i = 0; i < content->n_places; i++) {
        const uint32_t distance = distance_to(looking, content->places[i]);

        if (distance < nearest) {
            nearest = distance;
            looking->place = i;
        }
        if (mode == FASCIA__VISIT_MODE__VISIT_MODE_HOME)
            break;
    }
    return nearest <= looking->query->within &&
           (mode != FASCIA__VISIT_MODE__VISIT_MODE_HOME || nearest <= content->home_radius);
}

static bool meets(struct looking *looking)
{
    const Fascia__ListSlots *query = looking->query;
    const Fascia__Therapist *content = looking->content;

    if (query->n_therapists > 0)
        return find_place(looking);
    return !content->not_accepting && has_text(content->techniques, content->n_techniques, query->technique) &&
           strncmp(content->profession, query->profession, strlen(query->profession)) == 0 &&
           has_text(content->payers, content->n_payers, query->payer) &&
           has_text(content->languages, content->n_languages, query->language) && has_mode(content, query->mode) &&
           find_place(looking);
}

/* ---- one therapist ---- */

static void add_row(const struct looking *looking, Fascia__SlotRow__Kind kind, int64_t from, int64_t to)
{
    const Fascia__Therapist *content = looking->content;
    Fascia__SlotRow *row = memory_allocate(1, sizeof *row);

    fascia__slot_row__init(row);
    row->kind = kind;
    message_set(&row->therapist, looking->therapist->identifier);
    row->place = looking->place;
    if (looking->place < content->n_places) {
        const Fascia__Place *place = content->places[looking->place];

        message_set(&row->place_name, *place->name != '\0' ? place->name : place->postal_code);
    }
    row->from = from;
    row->to = to;
    message_set(&row->time_zone, content->time_zone);
    message_push(&looking->response->slots, &looking->response->n_slots, row);
}

struct taken {
    int64_t from, to;
    Fascia__SlotRow__Kind kind;
};
struct taken_list {
    struct taken *pieces;
    size_t count, room;
};

/* What began before a page has stood on the one before it. */
static void add_taken(const struct looking *looking, struct taken_list *list, Fascia__SlotRow__Kind kind, int64_t from,
                      int64_t to)
{
    if (from >= to || from >= looking->to || (looking->goes_on ? from < looking->begin : to <= looking->begin))
        return;
    list->pieces = memory_grow(list->pieces, &list->room, list->count + 1, sizeof *list->pieces);
    list->pieces[list->count++] = (struct taken){from, to, kind};
}

static int by_time(const void *a, const void *b)
{
    const struct taken *one = a, *other = b;

    return (one->from > other->from) - (one->from < other->from);
}

static void find_taken(const struct looking *looking, struct taken_list *list)
{
    if (!looking->query->busy)
        return;
    for (const struct referral *referral = looking->therapist->cases; referral != NULL;
         referral = referral->open->case_after) {
        const struct referral_open *open = referral->open;

        add_taken(looking, list, FASCIA__SLOT_ROW__KIND__TENTATIVE, open->hold_from, open->hold_to);
        for (size_t i = 0; i < open->visit_count; i++)
            add_taken(looking, list, FASCIA__SLOT_ROW__KIND__BUSY, open->visits[i].from, open->visits[i].to);
    }
    if (list->count > 1)
        qsort(list->pieces, list->count, sizeof *list->pieces, by_time);
}

/* Where the page ends, if it is full; else the row is added. */
static bool take_row(const struct looking *looking, Fascia__SlotRow__Kind kind, int64_t from, int64_t to)
{
    Fascia__SlotPage *page = looking->response->slot_page;

    if (looking->response->n_slots < looking->limit) {
        add_row(looking, kind, from, to);
        return true;
    }
    message_set(&page->next_therapist, looking->therapist->identifier);
    page->next_from = from;
    return false;
}

/* Free stretches and what is taken, merged by time. false when the page is full. */
static bool list_time(const struct looking *looking)
{
    struct taken_list list = {0};
    int64_t from = looking->begin, begins = 0, ends = 0;
    size_t at = 0;
    bool room = true, is_free;

    find_taken(looking, &list);
    is_free = calendar_next_stretch(looking->therapist->calendar, from, looking->to, looking->quarters, &begins, &ends);
    while (room && (is_free || at < list.count)) {
        if (at < list.count && (!is_free || list.pieces[at].from < begins)) {
            room = take_row(looking, list.pieces[at].kind, list.pieces[at].from, list.pieces[at].to);
            at++;
            continue;
        }
        room = take_row(looking, FASCIA__SLOT_ROW__KIND__FREE, begins, ends);
        is_free =
            calendar_next_stretch(looking->therapist->calendar, ends, looking->to, looking->quarters, &begins, &ends);
    }
    free(list.pieces);
    return room;
}

static bool list_therapist(struct looking *looking, const struct therapist *therapist)
{
    Fascia__Therapist *content = directory_content(therapist);
    bool room = true;

    looking->goes_on = looking->query->after_from > looking->from &&
                       strcmp(looking->query->after_therapist, therapist->identifier) == 0;
    looking->begin = looking->goes_on ? looking->query->after_from : looking->from;
    looking->therapist = therapist;
    looking->content = content;
    if (content != NULL && meets(looking))
        room = list_time(looking);
    if (content != NULL)
        fascia__therapist__free_unpacked(content, NULL);
    return room;
}

/* ---- all of them ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether the page begins before this one, or with them. */
static bool is_ahead(const struct looking *looking, const char *identifier)
{
    const int order = strcmp(identifier, looking->query->after_therapist);

    return order > 0 || (order == 0 && looking->query->after_from > 0);
}

static void list_named(struct looking *looking)
{
    const size_t count = looking->query->n_therapists;
    const char *names[NAMED_MOST];
    bool room = true;

    for (size_t i = 0; i < count; i++)
        names[i] = looking->query->therapists[i];
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count && room; i++) {
        const struct therapist *therapist = directory_find(looking->engine->directory, names[i]);

        if (therapist != NULL && therapist->present && is_ahead(looking, names[i]) &&
            (i == 0 || strcmp(names[i], names[i - 1]) != 0))
            room = list_therapist(looking, therapist);
    }
}

static void list_all(struct looking *looking)
{
    struct directory *directory = looking->engine->directory;
    const char *after = looking->query->after_therapist;
    const struct therapist *therapist = directory_find(directory, after);
    uint32_t looked_at = 0;

    if (therapist == NULL || !therapist->present || !is_ahead(looking, after))
        therapist = directory_after(directory, after);
    for (; therapist != NULL; therapist = directory_after(directory, therapist->identifier)) {
        if (looked_at++ == LOOKED_AT) {
            message_set(&looking->response->slot_page->next_therapist, after);
            return;
        }
        if (!list_therapist(looking, therapist))
            return;
        after = therapist->identifier;
    }
}

/* Of one alone it is said that they are not there. */
static bool is_nobody(const struct looking *looking)
{
    const struct therapist *therapist;

    if (looking->query->n_therapists != 1)
        return false;
    therapist = directory_find(looking->engine->directory, looking->query->therapists[0]);
    return therapist == NULL || !therapist->present;
}

/* What can't be asked; NULL. */
static const char *read_query(struct looking *looking)
{
    const Fascia__ListSlots *query = looking->query;
    const uint32_t minutes = query->minutes == 0 ? QUARTER_MINUTES : query->minutes;

    if (query->n_therapists > NAMED_MOST)
        return "at most 100 therapists can be named";
    if (minutes > MINUTES_MOST)
        return "a stretch of time has at most 1440 minutes";
    if (query->to != 0 && query->to <= query->from)
        return "the time asked for ends before it begins";
    if (*query->near != '\0' && !codes_place(looking->engine->codes, query->country, query->near, &looking->centre))
        return "the table of places does not have this postal code";
    looking->quarters = (minutes + QUARTER_MINUTES - 1) / QUARTER_MINUTES;
    looking->from = query->from > looking->engine->now ? query->from : looking->engine->now;
    looking->to = query->to == 0 ? INT64_MAX : query->to;
    looking->limit = engine_rows_of(query->limit);
    return NULL;
}

Fascia__ControlResponse *engine_list_slots(struct engine *engine, const Fascia__ListSlots *query, int64_t now)
{
    struct looking looking = {.engine = engine, .query = query};
    const char *wrong;

    engine_let_time_pass(engine, now);
    looking.response = memory_allocate(1, sizeof *looking.response);
    fascia__control_response__init(looking.response);
    looking.response->last = true;
    wrong = read_query(&looking);
    if (wrong == NULL && is_nobody(&looking)) {
        looking.response->not_found = true;
        wrong = "there is no therapist of this identifier";
    }
    if (wrong != NULL) {
        message_set(&looking.response->error, wrong);
        return looking.response;
    }
    looking.response->slot_page = memory_allocate(1, sizeof *looking.response->slot_page);
    fascia__slot_page__init(looking.response->slot_page);
    if (query->n_therapists > 0)
        list_named(&looking);
    else
        list_all(&looking);
    return looking.response;
}
