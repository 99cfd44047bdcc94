/*
 * The rule of a TZif footer: "EST5EDT,M3.2.0,M11.1.0" (POSIX.1-2017 section 8.3, with the hours of RFC 8536 section 3.3.1).
 */
#ifndef FASCIA_CORE_ZONE_RULE_H
#define FASCIA_CORE_ZONE_RULE_H

#include "core/fault.h"
#include "core/zone_data.h"

enum zone_rule_form { RULE_MONTH_WEEK_DAY, RULE_JULIAN, RULE_ZERO_BASED };

struct zone_rule_day {
    enum zone_rule_form form;
    int month, week, day; /* Mm.w.d with day 0 for Sunday; Jn and n use day alone */
    int32_t time;         /* seconds of local time after midnight; may be negative or past the day's end */
};

struct zone_rule {
    int32_t standard, daylight; /* seconds east of Greenwich */
    bool has_daylight;
    struct zone_rule_day start, end; /* of daylight time */
};

MUST_CHECK bool zone_rule_parse(const char *text, struct zone_rule *rule, struct fault *fault);
/* Adds the changes that the rule makes after the instant, up to the last year kept. */
void zone_rule_lay_out(const struct zone_rule *rule, struct zone *zone, int64_t after);

#endif
