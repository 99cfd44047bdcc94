#include "core/memory.h"
#include "core/message.h"
#include "core/screen_parts.h"

#include <ctype.h>
#include <string.h>

#define KIND(kind)       FASCIA__PROBLEM__KIND__##kind
#define TEXT_LONGEST     128     /* of a payer or language code; longer ones match nothing */
#define DISTANCE_LONGEST 1000000 /* metres */

static void read_jurisdiction(struct screen *screen, const Fascia__Address *address)
{
    const char *jurisdiction = NULL;

    if (address != NULL && *address->state != '\0')
        jurisdiction = codes_jurisdiction(screen->codes, address->country, address->state);
    if (jurisdiction != NULL)
        message_set(&screen->need->jurisdiction, jurisdiction);
    else if (address == NULL || *address->state == '\0')
        screen_hold(screen, KIND(MISSING), "", "patient.address.state",
                    "the patient's state or province is missing: it decides which licence the therapist needs");
    else
        screen_hold(screen, KIND(UNKNOWN_CODE), "", "patient.address.state",
                    "the patient's state or province is not in the table of jurisdictions: send its postal "
                    "abbreviation, with the country if it is another");
}

static void set_position(Fascia__Need *need, int32_t latitude, int32_t longitude)
{
    need->position = memory_allocate(1, sizeof *need->position);
    fascia__position__init(need->position);
    need->position->latitude = latitude;
    need->position->longitude = longitude;
    need->position_known = true;
}

static bool is_position(const Fascia__Position *position)
{
    return position != NULL && (position->latitude != 0 || position->longitude != 0) &&
           position->latitude >= -90000000 && position->latitude <= 90000000 && position->longitude >= -180000000 &&
           position->longitude <= 180000000;
}

static void read_position(struct screen *screen, const Fascia__Patient *patient, const Fascia__Address *address)
{
    struct codes_place place;

    if (patient != NULL && is_position(patient->position)) {
        set_position(screen->need, patient->position->latitude, patient->position->longitude);
        return;
    }
    if (address != NULL && *address->postal_code != '\0' &&
        codes_place(screen->codes, address->country, address->postal_code, &place)) {
        set_position(screen->need, place.latitude, place.longitude);
        return;
    }
    if (screen->need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE)
        return;
    if (address == NULL || *address->postal_code == '\0')
        screen_hold(screen, KIND(MISSING), "", "patient.address.postal_code",
                    "the patient's postal code is missing: without it nobody near can be found; send it, or a "
                    "position, or ask for a remote visit");
    else
        screen_hold(screen, KIND(UNKNOWN_CODE), "", "patient.address.postal_code",
                    "the patient's postal code is not in the table of places: check it, or send a position");
}

void screen_place(struct screen *screen)
{
    const Fascia__Patient *patient = screen->referral->patient;
    const Fascia__Address *address = patient != NULL ? patient->address : NULL;
    const Fascia__Preferences *wishes = screen->referral->preferences;
    uint32_t distance = wishes != NULL ? wishes->max_distance : 0;

    if (wishes != NULL && wishes->visit_mode <= FASCIA__VISIT_MODE__VISIT_MODE_REMOTE)
        screen->need->visit_mode = wishes->visit_mode;
    if (distance == 0)
        distance = screen->input->settings->default_max_distance;
    screen->need->max_distance = distance > DISTANCE_LONGEST ? DISTANCE_LONGEST : distance;
    read_jurisdiction(screen, address);
    read_position(screen, patient, address);
}

/* Without space around it, in one case; false when nothing is left. */
static bool fold(const char *text, int (*to_case)(int), char folded[TEXT_LONGEST + 1])
{
    size_t size;

    while (isspace((unsigned char)*text))
        text++;
    size = strnlen(text, TEXT_LONGEST);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        size--;
    for (size_t i = 0; i < size; i++)
        folded[i] = (char)to_case((unsigned char)text[i]);
    folded[size] = '\0';
    return size > 0;
}

static int same_case(int letter)
{
    return letter;
}

static void add_folded(char ***list, size_t *count, const char *text, int (*to_case)(int))
{
    char folded[TEXT_LONGEST + 1];

    if (*count < SCREEN_REPEATS && fold(text, to_case, folded) && !message_has_text(*list, *count, folded))
        message_push_text(list, count, folded);
}

static void read_payers(struct screen *screen)
{
    Fascia__Need *need = screen->need;

    for (size_t i = 0; i < screen->referral->n_coverages; i++) {
        const Fascia__Coverage *coverage = screen->referral->coverages[i];

        add_folded(&need->payers, &need->n_payers, *coverage->payer != '\0' ? coverage->payer : coverage->payer_name,
                   toupper);
    }
    if (need->n_payers == 0 && screen->input->settings->payer_required)
        screen_hold(screen, KIND(MISSING), "", "coverages.payer",
                    "no payer is named: send the patient's coverage, or say that the patient pays");
}

void screen_wishes(struct screen *screen)
{
    const Fascia__Referral *referral = screen->referral;
    const Fascia__Preferences *wishes = referral->preferences;
    Fascia__Need *need = screen->need;
    char folded[TEXT_LONGEST + 1];

    read_payers(screen);
    need->priority =
        referral->priority == FASCIA__PRIORITY__PRIORITY_URGENT || referral->priority == FASCIA__PRIORITY__PRIORITY_STAT
            ? referral->priority
            : FASCIA__PRIORITY__PRIORITY_ROUTINE;
    if (referral->authorization != NULL)
        need->visits_authorised = referral->authorization->visits_authorised;
    if (wishes == NULL)
        return;
    for (size_t i = 0; i < wishes->n_languages; i++)
        add_folded(&need->languages, &need->n_languages, wishes->languages[i], tolower);
    if (wishes->therapist_gender <= FASCIA__GENDER__GENDER_OTHER)
        need->therapist_gender = wishes->therapist_gender;
    if (strnlen(wishes->therapist, TEXT_LONGEST) > RECORD_NAME_BYTES)
        screen_hold(screen, KIND(UNKNOWN_KEY), "", "preferences.therapist",
                    "the therapist's identifier is longer than 64 bytes: send one of the directory's, or none");
    else if (fold(wishes->therapist, same_case, folded))
        message_set(&need->therapist, folded);
}
