#include "ctl/when.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_FILE_BYTES (1u << 20)
#define ZONES_MOST      1024

struct zone_entry {
    char *name; /* "" for the machine's own */
    struct zone *zone;
};

struct ctl_zones {
    struct zone_entry *entries;
    size_t count, room;
};

struct ctl_zones *ctl_zones_create(void)
{
    return memory_allocate(1, sizeof(struct ctl_zones));
}

void ctl_zones_destroy(struct ctl_zones *zones)
{
    if (zones == NULL)
        return;
    for (size_t i = 0; i < zones->count; i++) {
        free(zones->entries[i].name);
        zone_destroy(zones->entries[i].zone);
    }
    free(zones->entries);
    free(zones);
}

static struct zone *read_zone(const char *name, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct zone *zone = NULL;
    uint8_t *bytes;
    size_t size;

    if (file == NULL)
        return NULL;
    bytes = memory_allocate(ZONE_FILE_BYTES, 1);
    size = fread(bytes, 1, ZONE_FILE_BYTES, file);
    if (ferror(file) == 0 && size < ZONE_FILE_BYTES)
        zone = zone_parse(name, bytes, size, NULL);
    fclose(file);
    free(bytes);
    return zone;
}

/* A name is a path below the zones' directory, and must not leave it. */
static bool is_zone_name(const char *name)
{
    return name[0] != '/' && strlen(name) < 64 && strstr(name, "..") == NULL &&
           name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")] == '\0';
}

static struct zone *find_zone(const char *name)
{
    const char *directory = getenv("TZDIR");
    const char *own = getenv("TZ");
    char path[4096];

    if (name[0] == '\0' && own != NULL) {
        name = own[0] == ':' ? own + 1 : own;
        if (name[0] == '\0')
            return zone_utc();
    }
    if (name[0] == '\0') {
        struct zone *local = read_zone("local", "/etc/localtime");
        return local != NULL ? local : zone_utc();
    }
    if (!is_zone_name(name))
        return NULL;
    snprintf(path, sizeof path, "%s/%s", directory != NULL ? directory : "/usr/share/zoneinfo", name);
    return read_zone(name, path);
}

const struct zone *ctl_zone(struct ctl_zones *zones, const char *name)
{
    for (size_t i = 0; i < zones->count; i++)
        if (strcmp(zones->entries[i].name, name) == 0)
            return zones->entries[i].zone;
    if (zones->count >= ZONES_MOST)
        return NULL;
    zones->entries = memory_grow(zones->entries, &zones->room, zones->count + 1, sizeof *zones->entries);
    zones->entries[zones->count] = (struct zone_entry){memory_text(name), find_zone(name)};
    return zones->entries[zones->count++].zone;
}

/* Digits of a fixed width, as a number. */
static bool digits(const char **text, int width, int *number)
{
    *number = 0;
    for (int i = 0; i < width; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *number = *number * 10 + (**text - '0');
    }
    return true;
}

static bool take(const char **text, char letter)
{
    if (**text != letter)
        return false;
    (*text)++;
    return true;
}

/* "09:15", "09:15:30", "09:15:30.5" (fractions are left out) */
static bool parse_time(const char **text, int *minute, int *second)
{
    int hour;
    int past;

    *second = 0;
    if (!digits(text, 2, &hour) || !take(text, ':') || !digits(text, 2, &past) || hour > 23 || past > 59)
        return false;
    *minute = hour * 60 + past;
    if (!take(text, ':'))
        return true;
    if (!digits(text, 2, second) || *second > 60)
        return false;
    if (take(text, '.'))
        *text += strspn(*text, "0123456789");
    return true;
}

/* "Z", "-05:00" in minutes east */
static bool parse_offset(const char **text, int *offset)
{
    const bool west = **text == '-';
    int hour;
    int minute;

    *offset = 0;
    if (take(text, 'Z') || take(text, 'z'))
        return true;
    if (!take(text, '+') && !take(text, '-'))
        return false;
    if (!digits(text, 2, &hour) || !take(text, ':') || !digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *offset = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

static bool from_wall_clock(const struct zone *zone, int32_t day, int minute, int second, int64_t *instant,
                            struct fault *fault)
{
    const int64_t found = zone_instant(zone, day, minute);
    const int64_t wall = day * DAY_MS + minute * MINUTE_MS;
    int32_t local_day;
    int32_t local_minute;
    char first[32];
    char second_time[32];

    zone_local(zone, found, &local_day, &local_minute);
    if (local_day != day || local_minute != minute) {
        fault_set(fault, "the clocks of %s skip this time; the next that exists is %02d:%02d", zone_name(zone),
                  local_minute / 60, local_minute % 60);
        return false;
    }
    /* the later offset, when it gives the same wall clock, is a second instant of this name */
    const int64_t later = wall - zone_offset(zone, found + 3 * HOUR_MS);
    if (later != found && later + zone_offset(zone, later) == wall) {
        instant_format(zone, found, first, sizeof first);
        instant_format(zone, later, second_time, sizeof second_time);
        fault_set(fault, "the clocks of %s show this time twice: write %s or %s", zone_name(zone), first, second_time);
        return false;
    }
    *instant = found + second * SECOND_MS;
    return true;
}

bool ctl_when_parse(const struct zone *zone, const char *text, int64_t *instant, struct fault *fault)
{
    const char *rest = text;
    char date[11] = "";
    int32_t day;
    int minute;
    int second;
    int offset;

    if (strlen(text) > 10) {
        memcpy(date, text, 10);
        rest += 10;
    }
    if (!day_parse(date, &day) || !(take(&rest, 'T') || take(&rest, 't') || take(&rest, ' ')) ||
        !parse_time(&rest, &minute, &second)) {
        fault_set(fault, "a time is written 2026-12-03T09:15:00-05:00, or 2026-12-03 09:15 by the clock of a zone");
        return false;
    }
    if (*rest == '\0' && zone == NULL) {
        fault_set(fault, "the time needs an offset, such as 2026-12-03T09:15:00-05:00, or --zone");
        return false;
    }
    if (*rest == '\0')
        return from_wall_clock(zone, day, minute, second, instant, fault);
    if (!parse_offset(&rest, &offset) || *rest != '\0') {
        fault_set(fault, "after the time comes nothing, Z, or an offset such as -05:00");
        return false;
    }
    *instant = day * DAY_MS + (minute - offset) * MINUTE_MS + second * SECOND_MS;
    return true;
}

const char *ctl_when(const struct zone *zone, int64_t instant, char text[40])
{
    static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const int64_t offset = zone_offset(zone, instant) / MINUTE_MS;
    const int64_t east = offset < 0 ? -offset : offset;
    int32_t day;
    int32_t minute;
    char date[11];

    text[0] = '\0';
    if (instant == 0)
        return text;
    zone_local(zone, instant, &day, &minute);
    day_format(day, date);
    snprintf(text, 40, "%s %s %02d:%02d %c%02d:%02d", days[day_weekday(day)], date, minute / 60, minute % 60,
             offset < 0 ? '-' : '+', (int)(east / 60), (int)(east % 60));
    return text;
}
