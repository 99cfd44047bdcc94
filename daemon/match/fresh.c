/* A therapist as it was put, read into what a block wants of it. */
#include "core/fault.h"
#include "core/memory.h"
#include "core/zone.h"
#include "match/index.h"

#include <stdlib.h>
#include <string.h>

#define CLASS_SHIFT 60
#define NEAR_UNITS  (2000 * 128)  /* in one block with those who have one place */
#define FAR_UNITS   (50000 * 128) /* in blocks of their own; beyond, with those who have no place */

struct match_fresh *match_fresh_create(uint32_t room)
{
    struct match_fresh *fresh = memory_allocate(1, sizeof *fresh + room * (sizeof(uint32_t) + 1));

    fresh->cases = (uint8_t *)(fresh->attributes + room);
    return fresh;
}

void match_fresh_destroy(struct match_fresh *fresh)
{
    if (fresh == NULL)
        return;
    free(fresh->extra);
    free(fresh);
}

/* ---- attributes ---- */

/* The term's number, given one when it is new. */
static uint32_t number_of(struct match_index *index, enum match_kind kind, const char *text)
{
    struct match_kind_table *table = &index->kinds[kind];
    uint32_t before = table->terms.count, number = match_terms_add(&table->terms, text);

    if (number == before) {
        table->attributes = memory_grow(table->attributes, &table->room, (size_t)number + 1, sizeof *table->attributes);
        index->attributes = memory_grow(index->attributes, &index->attribute_room, (size_t)index->attribute_count + 1,
                                        sizeof *index->attributes);
        table->attributes[number] = index->attribute_count;
        index->attributes[index->attribute_count++] =
            (struct match_attribute){.slot = NO_SLOT, .is_condition = kind == KIND_CONDITION};
        if (kind == KIND_PROFESSION) {
            table->treats = memory_grow(table->treats, &table->treats_room, (size_t)number + 1, sizeof(bool));
            table->treats[number] = codes_treats(index->codes, text);
        }
    }
    return number;
}

static uint32_t attribute_of(struct match_index *index, enum match_kind kind, const char *text)
{
    uint32_t number = number_of(index, kind, text);

    return index->kinds[kind].attributes[number];
}

/* Adds it once; of a condition that stands twice the larger number counts. */
static void add_attribute(struct match_index *index, struct match_fresh *fresh, uint32_t attribute, uint32_t cases)
{
    uint8_t kept = (uint8_t)(cases < CASES_FULL ? cases : CASES_FULL);

    for (uint32_t i = 0; i < fresh->count; i++) {
        if (fresh->attributes[i] == attribute) {
            fresh->cases[i] = fresh->cases[i] < kept ? kept : fresh->cases[i];
            return;
        }
    }
    index->attributes[attribute].count++;
    fresh->attributes[fresh->count] = attribute;
    fresh->cases[fresh->count++] = kept;
}

static void add_texts(struct match_index *index, struct match_fresh *fresh, enum match_kind kind, char *const *texts,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_attribute(index, fresh, attribute_of(index, kind, texts[i]), 0);
}

static size_t attributes_of(const Fascia__Therapist *source)
{
    return 1 + source->n_licences + source->n_certifications + source->n_techniques + source->n_conditions +
           source->n_languages + source->n_payers;
}

/* ---- credentials, and the extra record ---- */

/* What is read before it is known whether a row has room for it. */
struct reading {
    struct match_index *index;
    struct match_fresh *fresh;
    const Fascia__Therapist *source;
    struct match_credential *licences, *certifications;
    struct match_place *places;
    struct match_cases *cases;
    size_t licence_count, certification_count, place_count, cases_count;
    void *memory;
};

static void reading_begin(struct reading *reading)
{
    const Fascia__Therapist *source = reading->source;
    size_t credentials = source->n_licences + source->n_certifications;
    char *memory = memory_allocate(1, credentials * sizeof(struct match_credential) +
                                          source->n_places * sizeof(struct match_place) +
                                          source->n_conditions * sizeof(struct match_cases));

    reading->memory = memory;
    reading->licences = (struct match_credential *)memory;
    reading->certifications = reading->licences + source->n_licences;
    reading->places = (struct match_place *)(reading->licences + credentials);
    reading->cases = (struct match_cases *)(reading->places + source->n_places);
}

/* false when the credential cannot count on any day. */
static bool read_validity(Fascia__CredentialStatus status, const char *from, const char *to,
                          struct match_credential *credential)
{
    int32_t first = DAY_FIRST, last = DAY_LAST;

    if (status != FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_UNSPECIFIED &&
        status != FASCIA__CREDENTIAL_STATUS__CREDENTIAL_STATUS_ACTIVE)
        return false;
    if (from[0] != '\0' && !day_parse(from, &first))
        return false;
    if (to[0] != '\0' && !day_parse(to, &last))
        return false;
    if (first > last || last <= DAY_BASE || (first > DAY_BASE && first - DAY_BASE >= FOREVER))
        return false;
    credential->from = first <= DAY_BASE ? ALWAYS : (uint16_t)(first - DAY_BASE);
    credential->until = last - DAY_BASE >= FOREVER ? FOREVER : (uint16_t)(last - DAY_BASE);
    return true;
}

static void read_licences(struct reading *reading)
{
    struct match_index *index = reading->index;

    for (size_t i = 0; i < reading->source->n_licences; i++) {
        const Fascia__Licence *licence = reading->source->licences[i];
        struct match_credential *kept = &reading->licences[reading->licence_count];
        bool own = licence->profession[0] == '\0' || strcmp(licence->profession, reading->source->profession) == 0;

        if (!read_validity(licence->status, licence->valid_from, licence->valid_to, kept))
            continue;
        kept->code = number_of(index, KIND_JURISDICTION, licence->jurisdiction);
        add_attribute(index, reading->fresh, index->kinds[KIND_JURISDICTION].attributes[kept->code], 0);
        kept->qualifier = own ? TERM_NONE : number_of(index, KIND_PROFESSION, licence->profession);
        reading->licence_count++;
    }
}

static void read_certifications(struct reading *reading)
{
    struct match_index *index = reading->index;

    for (size_t i = 0; i < reading->source->n_certifications; i++) {
        const Fascia__Certification *certification = reading->source->certifications[i];
        struct match_credential *kept = &reading->certifications[reading->certification_count];

        if (!read_validity(certification->status, certification->valid_from, certification->valid_to, kept))
            continue;
        kept->code = number_of(index, KIND_CERTIFICATION, certification->code);
        add_attribute(index, reading->fresh, index->kinds[KIND_CERTIFICATION].attributes[kept->code], 0);
        kept->qualifier = certification->jurisdiction[0] == '\0'
                              ? TERM_NONE
                              : number_of(index, KIND_JURISDICTION, certification->jurisdiction);
        reading->certification_count++;
    }
}

static void read_conditions(struct reading *reading)
{
    for (size_t i = 0; i < reading->source->n_conditions; i++) {
        const Fascia__Experience *condition = reading->source->conditions[i];
        uint32_t attribute = attribute_of(reading->index, KIND_CONDITION, condition->condition);

        add_attribute(reading->index, reading->fresh, attribute, condition->cases);
        if (condition->cases >= CASES_FULL)
            reading->cases[reading->cases_count++] = (struct match_cases){attribute, condition->cases};
    }
}

static void narrow(uint16_t *from, uint16_t *until, const struct match_credential *credential)
{
    *from = credential->from > *from ? credential->from : *from;
    *until = credential->until < *until ? credential->until : *until;
}

/* Days on which all of them hold; true when those are the days of each, and none is of another profession or of one place only. */
static bool read_days(const struct match_credential *credentials, size_t count, uint16_t *from, uint16_t *until,
                      bool *known)
{
    bool same = true;

    *from = ALWAYS;
    *until = FOREVER;
    for (size_t i = 0; i < count; i++) {
        same = same && credentials[i].from == credentials[0].from && credentials[i].until == credentials[0].until;
        *known = *known && credentials[i].qualifier == TERM_NONE;
        narrow(from, until, &credentials[i]);
    }
    return same;
}

static bool fits(size_t count)
{
    return count <= UINT16_MAX;
}

static void keep_extra(struct reading *reading)
{
    struct match_extra head = {(uint16_t)reading->licence_count, (uint16_t)reading->certification_count,
                               (uint16_t)reading->place_count, (uint16_t)reading->cases_count};
    char *at;

    INVARIANT(fits(reading->licence_count) && fits(reading->certification_count) && fits(reading->place_count) &&
              fits(reading->cases_count)); /* lists are bounded where therapists are checked */
    reading->fresh->extra = memory_allocate(match_extra_words(&head), sizeof(uint32_t));
    *reading->fresh->extra = head;
    at = (char *)(reading->fresh->extra + 1);
    memcpy(at, reading->licences, head.licence_count * sizeof *reading->licences);
    at += head.licence_count * sizeof *reading->licences;
    memcpy(at, reading->certifications, head.certification_count * sizeof *reading->certifications);
    at += head.certification_count * sizeof *reading->certifications;
    memcpy(at, reading->places, head.place_count * sizeof *reading->places);
    at += head.place_count * sizeof *reading->places;
    memcpy(at, reading->cases, head.cases_count * sizeof *reading->cases);
}

/* Into the row when it has room for all of it. */
static void read_row(struct reading *reading)
{
    struct match_row *row = &reading->fresh->row;
    struct match_credential certified = {0};
    bool known = true, same = read_days(reading->licences, reading->licence_count, &row->from, &row->until, &known);

    same &= read_days(reading->certifications, reading->certification_count, &certified.from, &certified.until, &known);
    if (known && same && reading->cases_count == 0 && ((row->flags & ROW_SPOT) != 0 || reading->place_count == 0)) {
        row->flags |= ROW_PLAIN;
        row->certified.from = certified.from;
        row->certified.until = certified.until;
        return;
    }
    narrow(&row->from, &row->until, &certified);
    if (!known || row->from > row->until) {
        row->from = FOREVER;
        row->until = ALWAYS;
    }
    keep_extra(reading);
}

/* ---- where they are ---- */

static bool set_fixed(struct match_fresh *fresh, unsigned slot, bool value)
{
    fresh->fixed = (uint16_t)(fresh->fixed | (unsigned)value << slot);
    return value;
}

static void widen(struct match_fresh *fresh, struct match_point point)
{
    const int32_t at[3] = {point.x, point.y, point.z};

    for (unsigned axis = 0; axis < 3; axis++) {
        fresh->low[axis] = at[axis] < fresh->low[axis] ? at[axis] : fresh->low[axis];
        fresh->high[axis] = at[axis] > fresh->high[axis] ? at[axis] : fresh->high[axis];
    }
}

/* Box, class and key from the row and the extra record. */
void match_fresh_place(struct match_fresh *fresh)
{
    const struct match_extra *extra = fresh->extra;
    int32_t spread = 0;
    uint64_t class;

    for (unsigned axis = 0; axis < 3; axis++) {
        fresh->low[axis] = INT32_MAX;
        fresh->high[axis] = INT32_MIN;
    }
    fresh->key = UINT64_C(2) << CLASS_SHIFT;
    if ((fresh->fixed >> SLOT_PLACED & 1) == 0)
        return;
    widen(fresh, fresh->row.point);
    for (uint32_t i = 0; extra != NULL && i < extra->place_count; i++)
        widen(fresh, match_extra_places(extra)[i].point);
    for (unsigned axis = 0; axis < 3; axis++)
        spread = fresh->high[axis] - fresh->low[axis] > spread ? fresh->high[axis] - fresh->low[axis] : spread;
    class = spread <= NEAR_UNITS ? 0 : spread <= FAR_UNITS ? 1 : 2;
    fresh->key = class << CLASS_SHIFT | match_hilbert(fresh->row.point);
}

static void read_places(struct reading *reading)
{
    struct match_fresh *fresh = reading->fresh;

    for (size_t i = 0; i < reading->source->n_places; i++) {
        const Fascia__Position *position = reading->source->places[i]->position;

        if (position == NULL)
            continue;
        reading->places[reading->place_count++] = (struct match_place){
            .point = match_point_of(position->latitude, position->longitude), .number = (uint32_t)i};
    }
    if (set_fixed(fresh, SLOT_PLACED, reading->place_count > 0))
        fresh->row.point = reading->places[0].point;
    if (reading->place_count == 1 && reading->places[0].number == 0)
        fresh->row.flags |= ROW_SPOT;
}

/* Visit modes that mean nothing are passed over; none at all is clinic only. */
static void read_modes(struct match_fresh *fresh, const Fascia__Therapist *source)
{
    bool any = false;

    for (size_t i = 0; i < source->n_visit_modes; i++) {
        Fascia__VisitMode mode = source->visit_modes[i];

        any |= set_fixed(fresh, SLOT_CLINIC, mode == FASCIA__VISIT_MODE__VISIT_MODE_CLINIC);
        any |= set_fixed(fresh, SLOT_HOME, mode == FASCIA__VISIT_MODE__VISIT_MODE_HOME);
        any |= set_fixed(fresh, SLOT_REMOTE, mode == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE);
    }
    set_fixed(fresh, SLOT_CLINIC, !any);
}

struct match_fresh *match_fresh_read(struct match_index *index, uint32_t number, const Fascia__Therapist *source,
                                     const struct calendar *calendar)
{
    struct match_fresh *fresh = match_fresh_create((uint32_t)attributes_of(source));
    struct reading reading = {.index = index, .fresh = fresh, .source = source};
    unsigned gender = (unsigned)source->gender;

    reading_begin(&reading);
    fresh->calendar = calendar;
    fresh->row.number = number;
    fresh->row.home_radius = source->home_radius;
    set_fixed(fresh, SLOT_ACCEPTING, !source->not_accepting);
    if (gender <= FASCIA__GENDER__GENDER_OTHER)
        set_fixed(fresh, SLOT_GENDER + gender, true);
    read_modes(fresh, source);
    read_places(&reading);
    add_attribute(index, fresh, attribute_of(index, KIND_PROFESSION, source->profession), 0);
    read_licences(&reading);
    read_certifications(&reading);
    read_conditions(&reading);
    add_texts(index, fresh, KIND_TECHNIQUE, source->techniques, source->n_techniques);
    add_texts(index, fresh, KIND_LANGUAGE, source->languages, source->n_languages);
    add_texts(index, fresh, KIND_PAYER, source->payers, source->n_payers);
    read_row(&reading);
    match_fresh_place(fresh);
    free(reading.memory);
    return fresh;
}
