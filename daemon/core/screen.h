/*
 * Screening: what a referral, read by the code tables, needs of a therapist; and what is wrong with it.
 *
 * Three endings. Refused: it can never become a referral as it was sent, and nothing is kept. Held: it is kept, and an
 * error among the problems says what must come before it can be matched. Otherwise it is ready, perhaps with warnings.
 * Problems name where in the message, which field and what to do, never what stood there. Pure; the caller's thread.
 */
#ifndef FASCIA_CORE_SCREEN_H
#define FASCIA_CORE_SCREEN_H

#include "core/codes.h"
#include "core/engine.h"
#include "core/zone.h"

struct screen_input {
    const Fascia__Referral *referral;
    const struct codes *codes;
    const struct zone_source *zones;
    const struct engine_settings *settings;
    int64_t now;
    const char *const *cleared; /* flags that a named clinician has cleared for this referral */
    size_t cleared_count;
};

struct screening {
    Fascia__Screened
        *screened; /* need and problems; need is set even when held, so that clearing needs no second look */
    bool refused;
};

/* screened is heap: fascia__screened__free_unpacked(). */
void screen_referral(const struct screen_input *input, struct screening *screening);
/* The same of a question that nobody sent ("what if?"): who refers it, and whose patient it is, are not asked. */
void screen_question(const struct screen_input *input, struct screening *screening);
/* The certifications of the need become those that its techniques and conditions imply. */
void screen_imply_certifications(const struct codes *codes, Fascia__Need *need);
/* Whether any problem is an error. */
bool screen_holds(Fascia__Problem *const *problems, size_t count);
/* The flag's code when the problem is one that a clinician can clear ("flags.<code>"); NULL. */
const char *screen_flag_of(const Fascia__Problem *problem);

#endif
