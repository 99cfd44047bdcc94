/* Zones against Python's zoneinfo: zone_expectations.py says what it thinks around every clock change of 2020..2040. */
#include "core/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct zone *read_zone(const char *path)
{
    static uint8_t bytes[65536];
    struct fault fault = {{0}};
    FILE *file = fopen(path, "rb");
    struct zone *zone;
    size_t size;

    assert_non_null(file);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    zone = zone_parse(path, bytes, size, &fault);
    if (zone == NULL)
        fail_msg("%s: %s", path, fault.text);
    return zone;
}

static bool agrees(const struct zone *zone, const char *kind, int64_t a, int64_t b, int64_t c)
{
    int32_t day, minute;

    if (strcmp(kind, "offset") == 0)
        return zone_offset(zone, a * SECOND_MS) == b * SECOND_MS;
    if (strcmp(kind, "instant") == 0)
        return zone_instant(zone, (int32_t)a, (int32_t)b) == c * SECOND_MS;
    zone_local(zone, a * SECOND_MS, &day, &minute);
    return strcmp(kind, "local") == 0 && day == b && minute == c;
}

static void zones_agree_with_python_around_every_change_of_their_clocks(void **state)
{
    char scratch[] = "/tmp/zone-XXXXXX", command[4096], line[512], previous[256] = "";
    struct zone *zone = NULL;
    size_t compared = 0;
    bool ended = false;
    FILE *expected;

    (void)state;
    assert_non_null(mkdtemp(scratch));
    snprintf(command, sizeof command, "/usr/bin/python3 %s/tests/property/zone_expectations.py %s", FASCIA_SOURCE,
             scratch);
    expected = popen(command, "r");
    assert_non_null(expected);
    while (fgets(line, sizeof line, expected) != NULL) {
        char kind[16], path[256];
        int64_t a = 0, b = 0, c = 0;
        if (strcmp(line, "end\n") == 0) {
            ended = true;
            continue;
        }
        assert_true(sscanf(line, "%15s %255s %" SCNd64 " %" SCNd64 " %" SCNd64, kind, path, &a, &b, &c) >= 4);
        if (strcmp(path, previous) != 0) {
            zone_destroy(zone);
            zone = read_zone(path);
            snprintf(previous, sizeof previous, "%s", path);
        }
        if (!agrees(zone, kind, a, b, c))
            fail_msg("Python says otherwise: %s", line);
        compared++;
    }
    zone_destroy(zone);
    assert_int_equal(pclose(expected), 0);
    assert_true(ended);
    assert_true(compared > 50000);
    snprintf(command, sizeof command, "rm -r %s", scratch);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(zones_agree_with_python_around_every_change_of_their_clocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
