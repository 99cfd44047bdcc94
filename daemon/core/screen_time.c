#include "core/memory.h"
#include "core/message.h"
#include "core/screen_parts.h"

#include <string.h>

#define KIND(kind)       FASCIA__PROBLEM__KIND__##kind
#define WINDOWS_MOST     64
#define DURATION_LONGEST 480

static void read_zone(struct screen *screen, const Fascia__Preferences *wishes)
{
    const struct engine_settings *settings = screen->input->settings;
    const struct zone_source *zones = screen->input->zones;
    const char *name = wishes != NULL ? wishes->time_zone : "";

    if (*name != '\0') {
        screen->zone = zones->find(zones->context, name);
        if (screen->zone == NULL)
            screen_hold(screen, KIND(UNKNOWN_CODE), "", "preferences.time_zone",
                        "this time zone is not in the system's zone data: send an IANA name such as "
                        "America/New_York, or none");
    }
    if (screen->zone == NULL)
        screen->zone = zones->find(zones->context, settings->default_zone);
    if (screen->zone == NULL)
        screen->zone = zone_utc();
    message_set(&screen->need->time_zone, zone_name(screen->zone));
}

/* A date field: false when empty or wrong; wrong ones are named. */
static bool read_date(struct screen *screen, const char *text, const char *field, int32_t *day)
{
    if (*text == '\0')
        return false;
    if (day_parse(text, day))
        return true;
    screen_hold(screen, KIND(BAD_TYPE), "", field, "this is not a date of the form YYYY-MM-DD that exists");
    return false;
}

static void read_dates(struct screen *screen, const Fascia__Preferences *wishes)
{
    const Fascia__Authorization *authorization = screen->referral->authorization;
    int32_t first = screen->today, last = INT32_MAX, valid_from, valid_to;
    char text[11];

    if (wishes != NULL && read_date(screen, wishes->not_before, "preferences.not_before", &first) == false)
        first = screen->today;
    if (wishes != NULL && !read_date(screen, wishes->not_after, "preferences.not_after", &last))
        last = INT32_MAX;
    if (last < first)
        screen_hold(screen, KIND(BAD_TYPE), "", "preferences.not_after",
                    "the last date of treatment lies before the first: send dates that leave time between them");
    else if (last < screen->today)
        screen_hold(screen, KIND(BAD_TYPE), "", "preferences.not_after",
                    "the last date of treatment has passed: send a later one");
    if (authorization != NULL) {
        bool from = read_date(screen, authorization->valid_from, "authorization.valid_from", &valid_from);
        bool to = read_date(screen, authorization->valid_to, "authorization.valid_to", &valid_to);

        if (to && valid_to < screen->today)
            screen_hold(screen, KIND(BAD_TYPE), "", "authorization.valid_to",
                        "the payer's authorization has expired: have it renewed and send its new dates");
        else if (to && ((from && valid_from > valid_to) || valid_to < first))
            screen_hold(screen, KIND(BAD_TYPE), "", "authorization.valid_to",
                        "the authorization ends before it, or the treatment, may begin: send dates that agree");
        if (from && valid_from > first)
            first = valid_from;
        if (to && valid_to < last)
            last = valid_to;
    }
    day_format(first, text);
    message_set(&screen->need->not_before, text);
    if (last != INT32_MAX) {
        day_format(last, text);
        message_set(&screen->need->not_after, text);
    }
}

static void read_windows(struct screen *screen, const Fascia__Preferences *wishes)
{
    for (size_t i = 0; i < wishes->n_windows; i++) {
        const Fascia__Window *wish = wishes->windows[i];
        Fascia__Window *window;

        if (i == WINDOWS_MOST) {
            screen_hold(screen, KIND(BAD_TYPE), "", "preferences.windows",
                        "there are more than 64 windows of time: send fewer, wider ones");
            return;
        }
        if (wish->from_minute >= wish->to_minute || wish->to_minute > 1440) {
            screen_hold(screen, KIND(BAD_TYPE), "", "preferences.windows",
                        "a window of time ends before it begins, or after midnight");
            continue;
        }
        window = memory_allocate(1, sizeof *window);
        fascia__window__init(window);
        window->weekdays = (wish->weekdays & 0x7f) == 0 ? 0x7f : wish->weekdays & 0x7f;
        window->from_minute = wish->from_minute;
        window->to_minute = wish->to_minute;
        message_push(&screen->need->windows, &screen->need->n_windows, window);
    }
}

static void read_duration(struct screen *screen, const Fascia__Preferences *wishes)
{
    uint32_t minutes = wishes != NULL ? wishes->duration_minutes : 0;

    if (minutes > DURATION_LONGEST) {
        screen_hold(screen, KIND(BAD_TYPE), "", "preferences.duration_minutes", "a visit may last at most 480 minutes");
        minutes = DURATION_LONGEST;
    }
    if (minutes == 0)
        minutes = screen->input->settings->default_duration;
    minutes = (minutes + 14) / 15 * 15;
    if (minutes < 15)
        minutes = 15;
    screen->need->duration_minutes = minutes > DURATION_LONGEST ? DURATION_LONGEST : minutes;
}

/* The first day that a date, or its year and month, or its year, can mean. */
static bool first_day(const char *text, int32_t *day)
{
    const size_t size = strlen(text);
    char whole[11] = "0000-01-01";

    if (size != 4 && size != 7 && size != 10)
        return false;
    memcpy(whole, text, size);
    return day_parse(whole, day);
}

/* Who the patient is, and what rules about age say, hang on it: held until it is right. */
static void read_birth_date(struct screen *screen)
{
    const Fascia__Patient *patient = screen->referral->patient;
    int32_t day;

    if (patient == NULL || *patient->birth_date == '\0')
        return;
    if (!first_day(patient->birth_date, &day))
        screen_hold(screen, KIND(BAD_TYPE), "", "patient.birth_date",
                    "the birth date is not a date that exists: send it as YYYY-MM-DD, or as much of it as is known");
    else if (day > screen->today)
        screen_hold(screen, KIND(BAD_TYPE), "", "patient.birth_date", "the birth date lies in the future");
}

void screen_time(struct screen *screen)
{
    const Fascia__Preferences *wishes = screen->referral->preferences;
    int32_t minute;

    read_zone(screen, wishes);
    zone_local(screen->zone, screen->input->now, &screen->today, &minute);
    read_dates(screen, wishes);
    if (wishes != NULL)
        read_windows(screen, wishes);
    read_duration(screen, wishes);
    read_birth_date(screen);
}
