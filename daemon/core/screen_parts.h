/*
 * What the parts of screening share: the input, what was made of it so far, and where problems go.
 *
 * Each part fills its own fields of the need and adds its own problems; screen.c calls them in the order below.
 */
#ifndef FASCIA_CORE_SCREEN_PARTS_H
#define FASCIA_CORE_SCREEN_PARTS_H

#include "core/screen.h"

/* More than this of anything that a sender can repeat is not looked at; sources bound messages long before. */
#define SCREEN_REPEATS 256

struct screen {
    const struct screen_input *input;
    const Fascia__Referral *referral;
    const struct codes *codes;
    Fascia__Screened *screened;
    Fascia__Need *need;
    const struct zone *zone;
    int32_t today;
    bool refused;
    bool general; /* massage or manual therapy was asked for without saying which */
};

void screen_hold(struct screen *screen, Fascia__Problem__Kind kind, const char *location, const char *field,
                 const char *text);
void screen_warn(struct screen *screen, Fascia__Problem__Kind kind, const char *location, const char *field,
                 const char *text);

/* screen_codes.c: conditions, techniques and the certifications that they imply. */
void screen_codes(struct screen *screen);
void screen_certifications(struct screen *screen);
/* screen_time.c: zone, windows, dates, duration. */
void screen_time(struct screen *screen);
/* screen_place.c: jurisdiction, position, payers and the rest of what the referrer asked for. */
void screen_place(struct screen *screen);
void screen_wishes(struct screen *screen);
/* screen_caution.c: flags, and what the caution rules say of them. */
void screen_cautions(struct screen *screen);

#endif
