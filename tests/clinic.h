/*
 * A small clinic for tests of the core: the tables that ship, the system's zones, a few therapists, and referrals.
 *
 * Everything is made from plain values, so that a test reads as what it says. Time begins at CLINIC_NOW.
 */
#ifndef FASCIA_TESTS_CLINIC_H
#define FASCIA_TESTS_CLINIC_H

#include "core/calendar.h"
#include "core/codes.h"
#include "core/engine.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLINIC_NOW (day_from_civil(2026, 11, 23) * DAY_MS + 15 * HOUR_MS) /* a Monday, 10:00 in Louisville */

/* ---- what the engine borrows ---- */

static inline uint8_t *clinic_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t room = 0;

    *size = 0;
    if (file == NULL)
        return NULL;
    do {
        bytes = memory_grow(bytes, &room, *size + 65536, 1);
        *size += fread(bytes + *size, 1, 65536, file);
    } while (!feof(file) && !ferror(file));
    fclose(file);
    return bytes;
}

#define CLINIC_ZONES 8
struct clinic_zones {
    struct zone *zones[CLINIC_ZONES];
    size_t count;
};

static inline const struct zone *clinic_find_zone(void *context, const char *name)
{
    struct clinic_zones *zones = context;
    char path[256];
    struct fault fault = {{0}};
    uint8_t *bytes;
    size_t size;

    for (size_t i = 0; i < zones->count; i++)
        if (strcmp(zone_name(zones->zones[i]), name) == 0)
            return zones->zones[i];
    if (strstr(name, "..") != NULL || zones->count == CLINIC_ZONES || *name == '\0')
        return NULL;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    bytes = clinic_read(path, &size);
    if (bytes == NULL)
        return NULL;
    zones->zones[zones->count] = zone_parse(name, bytes, size, &fault);
    free(bytes);
    return zones->zones[zones->count] == NULL ? NULL : zones->zones[zones->count++];
}

/* No secret is in it: good enough to tell keys apart. */
static inline void clinic_hash(void *context, const uint8_t *bytes, size_t size, uint8_t key[RECORD_KEY_BYTES])
{
    uint64_t hash[2] = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x9e3779b97f4a7c15)};

    (void)context;
    for (size_t i = 0; i < size; i++) {
        hash[0] = (hash[0] ^ bytes[i]) * UINT64_C(0x100000001b3);
        hash[1] = (hash[1] + bytes[i]) * UINT64_C(0xff51afd7ed558ccd) ^ hash[1] >> 29;
    }
    memcpy(key, hash, RECORD_KEY_BYTES);
}

struct clinic {
    struct codes *codes;
    struct clinic_zones zone_list;
    struct zone_source zones;
    struct engine_hash hash;
    struct engine_settings settings;
};

static inline void clinic_load_table(struct codes *codes, const char *table)
{
    char path[512];
    struct fault fault = {{0}};
    uint8_t *bytes;
    size_t size;

    snprintf(path, sizeof path, "%s/deploy/tables/%s", FASCIA_SOURCE, table);
    bytes = clinic_read(path, &size);
    if (bytes == NULL || !codes_load(codes, table, path, bytes, size, &fault)) {
        fprintf(stderr, "%s: %s\n", path, fault.text);
        abort();
    }
    free(bytes);
}

static inline void clinic_begin(struct clinic *clinic)
{
    static const char *const tables[] = {"conditions.csv",  "categories.csv",    "techniques.csv",
                                         "words.csv",       "cautions.csv",      "flags.csv",
                                         "professions.csv", "jurisdictions.csv", "places.csv"};
    struct fault fault = {{0}};

    memset(clinic, 0, sizeof *clinic);
    clinic->codes = codes_create();
    codes_set_home(clinic->codes, "US");
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        clinic_load_table(clinic->codes, tables[i]);
    if (!codes_finish(clinic->codes, &fault)) {
        fprintf(stderr, "%s\n", fault.text);
        abort();
    }
    clinic->zones = (struct zone_source){&clinic->zone_list, clinic_find_zone};
    clinic->hash = (struct engine_hash){NULL, clinic_hash};
    engine_settings_default(&clinic->settings);
    snprintf(clinic->settings.default_zone, sizeof clinic->settings.default_zone, "America/New_York");
}

static inline void clinic_end(struct clinic *clinic)
{
    for (size_t i = 0; i < clinic->zone_list.count; i++)
        zone_destroy(clinic->zone_list.zones[i]);
    codes_destroy(clinic->codes);
}

static inline struct engine *clinic_engine(struct clinic *clinic)
{
    return engine_create(&clinic->settings, clinic->codes, &clinic->zones, &clinic->hash);
}

/* ---- referrals ---- */

static inline void *clinic_new(const ProtobufCMessageDescriptor *descriptor)
{
    void *message = memory_allocate(1, descriptor->sizeof_message);

    protobuf_c_message_init(descriptor, message);
    return message;
}
#define CLINIC_NEW(type, name) ((type *)clinic_new(&fascia__##name##__descriptor))

static inline Fascia__Code *clinic_code(const char *system, const char *code, const char *text, const char *location)
{
    Fascia__Code *made = CLINIC_NEW(Fascia__Code, code);

    message_set(&made->system, system);
    message_set(&made->code, code);
    message_set(&made->text, text);
    message_set(&made->location, location);
    return made;
}

/* A physician in Louisville asks for manual therapy for low back pain. */
static inline Fascia__Referral *clinic_referral(const char *id)
{
    Fascia__Referral *referral = CLINIC_NEW(Fascia__Referral, referral);

    message_set(&referral->sender, "EHR^LOUISVILLE");
    message_set(&referral->sender_referral_id, id);
    message_set(&referral->message_id, "M1");
    referral->priority = FASCIA__PRIORITY__PRIORITY_ROUTINE;
    referral->referrer = CLINIC_NEW(Fascia__Referrer, referrer);
    referral->referrer->role = FASCIA__ROLE__ROLE_PHYSICIAN;
    message_set(&referral->referrer->name, "Dr Test");
    referral->patient = CLINIC_NEW(Fascia__Patient, patient);
    message_set(&referral->patient->family_name, "Marker");
    message_set(&referral->patient->given_name, id);
    message_set(&referral->patient->birth_date, "1980-02-03");
    referral->patient->address = CLINIC_NEW(Fascia__Address, address);
    message_set(&referral->patient->address->state, "KY");
    message_set(&referral->patient->address->postal_code, "40202");
    referral->preferences = CLINIC_NEW(Fascia__Preferences, preferences);
    message_push(&referral->conditions, &referral->n_conditions, clinic_code("ICD-10-CM", "M54.50", "", "DG1[1]-3"));
    message_push(&referral->procedures, &referral->n_procedures, clinic_code("CPT", "97140", "", "PR1[1]-3"));
    return referral;
}

static inline void clinic_add_condition(Fascia__Referral *referral, const char *code)
{
    message_push(&referral->conditions, &referral->n_conditions, clinic_code("ICD-10-CM", code, "", "DG1[2]-3"));
}

static inline void clinic_add_procedure(Fascia__Referral *referral, const char *system, const char *code,
                                        const char *text)
{
    message_push(&referral->procedures, &referral->n_procedures, clinic_code(system, code, text, "PR1[2]-3"));
}

static inline void clinic_add_note(Fascia__Referral *referral, const char *text)
{
    Fascia__Note *note = CLINIC_NEW(Fascia__Note, note);

    message_set(&note->kind, "reason");
    message_set(&note->text, text);
    message_set(&note->location, "NTE[1]-3");
    message_push(&referral->notes, &referral->n_notes, note);
}

/* ---- therapists ---- */

/* Licensed in Kentucky, practises in Louisville, Monday to Friday 9 to 17, does what back pain asks for. */
static inline Fascia__Therapist *clinic_therapist(const char *identifier, uint32_t capacity)
{
    static const char *const techniques[] = {"deep-tissue", "myofascial-release", "medical-massage"};
    Fascia__Therapist *therapist = CLINIC_NEW(Fascia__Therapist, therapist);
    Fascia__Licence *licence = CLINIC_NEW(Fascia__Licence, licence);
    Fascia__Experience *experience = CLINIC_NEW(Fascia__Experience, experience);
    Fascia__Place *place = CLINIC_NEW(Fascia__Place, place);

    message_set(&therapist->identifier, identifier);
    message_set(&therapist->name, identifier);
    message_set(&therapist->profession, "225700000X");
    message_set(&therapist->telephone, "+1 502 555 0100");
    message_set(&therapist->time_zone, "America/New_York");
    message_set(&licence->jurisdiction, "US-KY");
    message_set(&licence->number, "1");
    message_push(&therapist->licences, &therapist->n_licences, licence);
    for (size_t i = 0; i < sizeof techniques / sizeof techniques[0]; i++)
        message_push_text(&therapist->techniques, &therapist->n_techniques, techniques[i]);
    message_set(&experience->condition, "back-pain");
    experience->cases = 10;
    message_push(&therapist->conditions, &therapist->n_conditions, experience);
    message_set(&place->postal_code, "40203");
    message_push(&therapist->places, &therapist->n_places, place);
    for (uint32_t weekday = 0; weekday < 5; weekday++) {
        Fascia__Hours *hours = CLINIC_NEW(Fascia__Hours, hours);

        hours->weekday = weekday;
        hours->from_minute = 9 * 60;
        hours->to_minute = 17 * 60;
        message_push(&therapist->hours, &therapist->n_hours, hours);
    }
    therapist->capacity = capacity;
    return therapist;
}

#endif
