/* Any bytes as a TZif file: refused with a text, or a zone whose answers hold together. */
#include "core/zone.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool held)
{
    if (!held)
        abort();
}

static void ask(const struct zone *zone, int32_t day)
{
    int64_t before = INT64_MIN;

    for (int32_t minute = 0; minute <= 1440; minute += 45) {
        int64_t instant = zone_instant(zone, day, minute);
        int32_t local_day, local_minute;
        char text[32];
        /* later by the wall is never earlier */
        check(instant >= before);
        before = instant;
        zone_local(zone, instant, &local_day, &local_minute);
        check(local_minute >= 0 && local_minute < 1440);
        /* what the clocks skip comes out behind the gap, never before the time asked for */
        check((int64_t)local_day * 1440 + local_minute >= (int64_t)day * 1440 + minute);
        instant_format(zone, instant, text, sizeof text);
        check(strlen(text) == 25);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fault fault = {{0}};
    struct zone *zone = zone_parse("Fuzz/Zone", bytes, size, &fault);

    if (zone == NULL) {
        check(fault.text[0] != 0);
        return 0;
    }
    for (int year = 1901; year < 2199; year += 9) {
        struct zone_stretch stretch;
        int32_t day = day_from_civil(year, 1 + year % 12, 1 + year % 28);
        ask(zone, day);
        stretch = zone_stretch(zone, day * DAY_MS);
        check(stretch.from <= day * DAY_MS && day * DAY_MS < stretch.to);
        check(stretch.offset == zone_offset(zone, day * DAY_MS));
    }
    zone_destroy(zone);
    return 0;
}
