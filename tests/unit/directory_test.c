#include "clinic.h"
#include "core/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MANY 5000

struct scene {
    struct clinic_zones zones;
    struct zone_source source;
    struct codes *codes;
    struct directory *directory;
    struct match_index *index;
};

static void begin(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    scene->source = (struct zone_source){&scene->zones, clinic_find_zone};
    scene->codes = codes_create();
    scene->directory = directory_create(&scene->source);
    scene->index = match_index_create(NULL, scene->codes, directory_names(scene->directory));
    directory_serve(scene->directory, scene->index);
}

static void end(struct scene *scene)
{
    match_index_destroy(scene->index);
    directory_destroy(scene->directory);
    codes_destroy(scene->codes);
    for (size_t i = 0; i < scene->zones.count; i++)
        zone_destroy(scene->zones.zones[i]);
}

static struct therapist *put(struct scene *scene, const char *identifier, const char *zone, int64_t now)
{
    Fascia__Therapist content = FASCIA__THERAPIST__INIT;
    Fascia__Hours hours[7];
    Fascia__Hours *every[7];
    struct therapist *therapist = directory_refer(scene->directory, identifier);
    uint8_t *packed;
    size_t size;

    content.identifier = (char *)(uintptr_t)identifier;
    content.time_zone = (char *)(uintptr_t)zone;
    for (uint32_t day = 0; day < 7; day++) {
        fascia__hours__init(&hours[day]);
        hours[day].weekday = day;
        hours[day].from_minute = 540;
        hours[day].to_minute = 1020;
        every[day] = &hours[day];
    }
    content.hours = every;
    content.n_hours = 7;
    packed = message_pack(&content.base, &size);
    directory_put(scene->directory, therapist, &content, packed, size, now);
    return therapist;
}

/* Scattered, and all different: 7919 is prime. */
static const char *name_of(size_t number, char text[32])
{
    snprintf(text, 32, "%s%zu", number % 3 == 0 ? "" : "therapist-", number * 7919 % MANY);
    return text;
}

static size_t walk(struct scene *scene)
{
    const char *before = "";
    const struct therapist *therapist;
    size_t count = 0;

    for (; (therapist = directory_after(scene->directory, before)) != NULL; count++) {
        assert_true(therapist->present);
        assert_true(strcmp(before, therapist->identifier) < 0);
        before = therapist->identifier;
    }
    return count;
}

static void everybody_is_found_by_name_and_by_number(void **state)
{
    struct scene scene;
    char text[32];

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < MANY; i++) {
        assert_null(directory_find(scene.directory, name_of(i, text)));
        assert_int_equal(i, directory_refer(scene.directory, text)->number);
    }
    assert_int_equal(MANY, directory_entries(scene.directory));
    for (size_t i = 0; i < MANY; i++) {
        struct therapist *therapist = directory_find(scene.directory, name_of(i, text));
        assert_non_null(therapist);
        assert_string_equal(text, therapist->identifier);
        assert_ptr_equal(therapist, directory_refer(scene.directory, text));
        assert_ptr_equal(therapist, directory_entry(scene.directory, i));
    }
    assert_null(directory_find(scene.directory, ""));
    assert_int_equal(0, directory_count(scene.directory));
    end(&scene);
}

static void pages_go_on_in_order_while_therapists_come_and_go(void **state)
{
    struct scene scene;
    char text[32];
    size_t present = 0;

    (void)state;
    begin(&scene);
    assert_null(directory_after(scene.directory, ""));
    for (size_t i = 0; i < 600; i++) {
        put(&scene, name_of(i, text), "UTC", CLINIC_NOW);
        present++;
        if (i % 7 == 3) { /* one who came before goes, and some come back */
            struct therapist *gone = directory_entry(scene.directory, i / 2);
            if (gone->present) {
                directory_remove(scene.directory, gone);
                present--;
            } else {
                put(&scene, gone->identifier, "UTC", CLINIC_NOW);
                present++;
            }
        }
        if (i % 50 == 0)
            assert_int_equal(present, walk(&scene));
    }
    assert_int_equal(present, walk(&scene));
    assert_int_equal(present, directory_count(scene.directory));
    end(&scene);
}

static void names_that_begin_alike_and_bytes_above_127_stand_in_byte_order(void **state)
{
    static const char *const names[] = {"abcdefgh", "abcdefghi", "abcdefg",   "abcdefgz",
                                        "\xc3\xa9", "z",         "abcdefgha", "A"};
    static const char *const sorted[] = {"A",         "abcdefg",  "abcdefgh", "abcdefgha",
                                         "abcdefghi", "abcdefgz", "z",        "\xc3\xa9"};
    const char *before = "";
    struct scene scene;

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < 8; i++)
        put(&scene, names[i], "UTC", CLINIC_NOW);
    for (size_t i = 0; i < 8; i++) {
        before = directory_after(scene.directory, before)->identifier;
        assert_string_equal(sorted[i], before);
    }
    assert_null(directory_after(scene.directory, before));
    end(&scene);
}

static bool sees_day(const struct therapist *therapist, int32_t day)
{
    const struct calendar_search search = {.zone = therapist->zone,
                                           .not_before = zone_instant(therapist->zone, day, 0),
                                           .not_after = zone_instant(therapist->zone, day + 1, 0),
                                           .quarters = 4};

    return calendar_first_free(therapist->calendar, &search) != INT64_MAX;
}

/* Whose calendars were put at 0, as while loading, begin with the first advance. */
static void a_day_begins_for_each_zone_at_its_own_midnight(void **state)
{
    struct scene scene;
    const struct therapist *east, *west;
    const int32_t today = day_from_civil(2026, 11, 23);

    (void)state;
    begin(&scene);
    east = put(&scene, "east", "America/New_York", 0);
    west = put(&scene, "west", "America/Los_Angeles", 0);
    assert_false(sees_day(east, today));
    assert_true(directory_advance(scene.directory, CLINIC_NOW));
    assert_true(sees_day(east, today) && sees_day(west, today));
    assert_false(sees_day(east, today + CALENDAR_DAYS) || sees_day(west, today + CALENDAR_DAYS));
    assert_int_equal(zone_instant(east->zone, today + 1, 0), directory_next_day(scene.directory));
    assert_false(directory_advance(scene.directory, zone_instant(east->zone, today + 1, 0) - 1));
    assert_true(directory_advance(scene.directory, zone_instant(east->zone, today + 1, 0)));
    assert_true(sees_day(east, today + CALENDAR_DAYS));
    assert_false(sees_day(west, today + CALENDAR_DAYS));
    assert_int_equal(zone_instant(west->zone, today + 1, 0), directory_next_day(scene.directory));
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_is_found_by_name_and_by_number),
        cmocka_unit_test(pages_go_on_in_order_while_therapists_come_and_go),
        cmocka_unit_test(names_that_begin_alike_and_bytes_above_127_stand_in_byte_order),
        cmocka_unit_test(a_day_begins_for_each_zone_at_its_own_midnight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
