#include "core/screen.h"

#include "core/memory.h"
#include "core/message.h"
#include "core/screen_parts.h"

#include <string.h>

#define FLAG_FIELD "flags."

void screen_hold(struct screen *screen, Fascia__Problem__Kind kind, const char *location, const char *field,
                 const char *text)
{
    message_push(&screen->screened->problems, &screen->screened->n_problems,
                 problem_new(FASCIA__PROBLEM__SEVERITY__ERROR, kind, location, field, "%s", text));
}

void screen_warn(struct screen *screen, Fascia__Problem__Kind kind, const char *location, const char *field,
                 const char *text)
{
    message_push(&screen->screened->problems, &screen->screened->n_problems,
                 problem_new(FASCIA__PROBLEM__SEVERITY__WARNING, kind, location, field, "%s", text));
}

bool screen_holds(Fascia__Problem *const *problems, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (problems[i]->severity == FASCIA__PROBLEM__SEVERITY__ERROR)
            return true;
    return false;
}

const char *screen_flag_of(const Fascia__Problem *problem)
{
    if (problem->kind != FASCIA__PROBLEM__KIND__RED_FLAG ||
        strncmp(problem->field, FLAG_FIELD, sizeof FLAG_FIELD - 1) != 0)
        return NULL;
    return problem->field + sizeof FLAG_FIELD - 1;
}

/* As type (HL7 tables 0203 and 0338), as authority by name, by OID, or as FHIR names it. */
static bool is_npi(const Fascia__Identifier *identifier)
{
    static const char *const systems[] = {"NPI", "2.16.840.1.113883.4.6", "urn:oid:2.16.840.1.113883.4.6",
                                          "http://hl7.org/fhir/sid/us-npi"};

    if (strcmp(identifier->type, "NPI") == 0)
        return true;
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
        if (strcmp(identifier->system, systems[i]) == 0)
            return true;
    return false;
}

/* No rule asks for the number: a mistyped one is kept as it came, and people are told not to trust it. */
static void screen_npi(struct screen *screen, const Fascia__Referrer *referrer)
{
    for (size_t i = 0; i < referrer->n_identifiers && i < SCREEN_REPEATS; i++) {
        const Fascia__Identifier *identifier = referrer->identifiers[i];
        if (*identifier->value == '\0' || !is_npi(identifier) || codes_npi_valid(identifier->value))
            continue;
        screen_warn(screen, FASCIA__PROBLEM__KIND__BAD_TYPE, "", "referrer.identifiers",
                    "the referrer's NPI is no valid one (ten digits, the last of which checks the others): it was kept "
                    "as it came; check it before it is used");
        return;
    }
}

static void screen_referrer(struct screen *screen)
{
    const Fascia__Referrer *referrer = screen->referral->referrer;
    Fascia__Role role = referrer == NULL ? FASCIA__ROLE__ROLE_UNSPECIFIED : referrer->role;

    if (referrer != NULL)
        screen_npi(screen, referrer);
    if (role == FASCIA__ROLE__ROLE_UNSPECIFIED && referrer != NULL && *referrer->taxonomy != '\0')
        role = codes_role(screen->codes, referrer->taxonomy);
    if (role >= FASCIA__ROLE__ROLE_PHYSICIAN && role <= FASCIA__ROLE__ROLE_PHYSIOTHERAPIST)
        return;
    screen->refused = true;
    screen_hold(screen, FASCIA__PROBLEM__KIND__MISSING, "", "referrer.role",
                "the referrer must be a physician, chiropractor or physiotherapist: send the referrer's provider "
                "taxonomy (NUCC), or configure the role of this sender");
}

static bool has_identifier(const Fascia__Patient *patient)
{
    for (size_t i = 0; i < patient->n_identifiers; i++)
        if (*patient->identifiers[i]->value != '\0')
            return true;
    return false;
}

static void screen_patient(struct screen *screen)
{
    const Fascia__Patient *patient = screen->referral->patient;

    if (patient != NULL && (*patient->family_name != '\0' || *patient->given_name != '\0' || has_identifier(patient)))
        return;
    screen->refused = true;
    screen_hold(screen, FASCIA__PROBLEM__KIND__MISSING, "", "patient",
                "the patient has neither a name nor an identifier: send at least one of them");
}

static void begin(const struct screen_input *input, struct screen *screen)
{
    *screen = (struct screen){.input = input, .referral = input->referral, .codes = input->codes};
    screen->screened = memory_allocate(1, sizeof *screen->screened);
    fascia__screened__init(screen->screened);
    screen->need = memory_allocate(1, sizeof *screen->need);
    fascia__need__init(screen->need);
    screen->screened->need = screen->need;
}

static void screen_what(struct screen *screen, struct screening *screening)
{
    screen_codes(screen);
    screen_time(screen);
    screen_place(screen);
    screen_wishes(screen);
    screen_cautions(screen);
    screen_certifications(screen);
    screening->screened = screen->screened;
    screening->refused = screen->refused;
}

void screen_referral(const struct screen_input *input, struct screening *screening)
{
    struct screen screen;

    begin(input, &screen);
    screen_referrer(&screen);
    screen_patient(&screen);
    screen_what(&screen, screening);
}

void screen_question(const struct screen_input *input, struct screening *screening)
{
    struct screen screen;

    begin(input, &screen);
    screen_what(&screen, screening);
}
