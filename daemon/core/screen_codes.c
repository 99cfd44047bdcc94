#include "core/message.h"
#include "core/screen_parts.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND(kind) FASCIA__PROBLEM__KIND__##kind

static size_t bounded(size_t count)
{
    return count < SCREEN_REPEATS ? count : SCREEN_REPEATS;
}

static void add_once(char ***list, size_t *count, const char *text)
{
    if (!message_has_text(*list, *count, text))
        message_push_text(list, count, text);
}

/* Categories into the need; notes of the table become warnings. How many codes no table knows. */
static size_t read_conditions(struct screen *screen)
{
    size_t unknown = 0;

    for (size_t i = 0; i < bounded(screen->referral->n_conditions); i++) {
        const Fascia__Code *code = screen->referral->conditions[i];
        struct codes_condition condition = codes_condition(screen->codes, code);

        if (condition.note != NULL)
            screen_warn(screen, KIND(OTHER), code->location, "conditions", condition.note);
        if (condition.category == NULL)
            unknown++;
        else
            add_once(&screen->need->conditions, &screen->need->n_conditions, condition.category);
    }
    return unknown;
}

static size_t read_procedures(struct screen *screen)
{
    size_t unknown = 0;

    for (size_t i = 0; i < bounded(screen->referral->n_procedures); i++) {
        const Fascia__Code *code = screen->referral->procedures[i];
        const char *technique = codes_technique(screen->codes, code);

        if (technique != NULL)
            add_once(&screen->need->techniques_required, &screen->need->n_techniques_required, technique);
        else if (codes_is_general(screen->codes, code))
            screen->general = true;
        else
            unknown++;
    }
    return unknown;
}

static void name_unknown_conditions(struct screen *screen, bool hold)
{
    for (size_t i = 0; i < bounded(screen->referral->n_conditions); i++) {
        const Fascia__Code *code = screen->referral->conditions[i];

        if (codes_condition(screen->codes, code).category != NULL || codes_flag(screen->codes, code) != NULL)
            continue;
        if (hold)
            screen_hold(screen, KIND(UNKNOWN_CODE), code->location, "conditions",
                        "this code is in no condition table: send a diagnosis that massage or manual therapy treats, "
                        "or have the table extended");
        else
            screen_warn(screen, KIND(UNKNOWN_CODE), code->location, "conditions",
                        "this code is in no condition table; it was kept, and matching goes by the others");
    }
}

static void name_unknown_procedures(struct screen *screen, bool hold)
{
    for (size_t i = 0; i < bounded(screen->referral->n_procedures); i++) {
        const Fascia__Code *code = screen->referral->procedures[i];

        if (codes_technique(screen->codes, code) != NULL || codes_is_general(screen->codes, code))
            continue;
        if (hold)
            screen_hold(screen, KIND(UNKNOWN_CODE), code->location, "procedures",
                        "this code names no technique of massage or manual therapy that the tables know: name the "
                        "technique, or ask for massage or manual therapy in general (CPT 97124, 97140)");
        else
            screen_warn(screen, KIND(UNKNOWN_CODE), code->location, "procedures",
                        "this code names no technique that the tables know; it was kept, and matching goes by the "
                        "others");
    }
}

/* Nothing in the whole referral that this network does: it can never become one as it was sent. */
static void refuse_unasked(struct screen *screen)
{
    screen->refused = true;
    screen_hold(screen, KIND(MISSING), "", "procedures",
                "nothing in the referral asks for massage or manual therapy: send a condition that it treats, a "
                "technique, or both");
    name_unknown_conditions(screen, true);
    name_unknown_procedures(screen, true);
}

static void hold_without_condition(struct screen *screen)
{
    if (screen->referral->n_conditions == 0)
        screen_hold(screen, KIND(MISSING), "", "conditions",
                    "massage or manual therapy is asked for in general, but there is no diagnosis: send the condition "
                    "to be treated, or name the technique");
    else
        name_unknown_conditions(screen, true);
}

/* Techniques of the category, when none was named or massage was asked for in general beside the named ones. */
static void suggest_techniques(struct screen *screen)
{
    Fascia__Need *need = screen->need;

    if (need->n_techniques_required > 0 && !screen->general)
        return;
    for (size_t i = 0; i < need->n_conditions; i++) {
        const char *const *technique = codes_category_techniques(screen->codes, need->conditions[i]);

        for (; *technique != NULL; technique++)
            add_once(&need->techniques_suitable, &need->n_techniques_suitable, *technique);
    }
}

void screen_codes(struct screen *screen)
{
    Fascia__Need *need = screen->need;
    size_t unknown_conditions = read_conditions(screen);
    size_t unknown_procedures = read_procedures(screen);

    if (need->n_conditions == 0 && need->n_techniques_required == 0 && !screen->general) {
        refuse_unasked(screen);
        return;
    }
    if (need->n_conditions == 0 && need->n_techniques_required == 0)
        hold_without_condition(screen);
    else if (unknown_conditions > 0)
        name_unknown_conditions(screen, false);
    if (unknown_procedures > 0)
        name_unknown_procedures(screen, need->n_techniques_required == 0 && !screen->general);
    suggest_techniques(screen);
}

static bool same_group(const Fascia__Alternatives *group, const char *const *codes)
{
    for (size_t i = 0; i < group->n_any_of; i++, codes++)
        if (*codes == NULL || strcmp(group->any_of[i], *codes) != 0)
            return false;
    return *codes == NULL;
}

static void add_group(Fascia__Need *need, const char *const *codes, const char *kind, const char *what)
{
    Fascia__Alternatives *group;
    char because[160];

    if (*codes == NULL)
        return;
    for (size_t i = 0; i < need->n_certifications; i++)
        if (same_group(need->certifications[i], codes))
            return;
    group = memory_allocate(1, sizeof *group);
    fascia__alternatives__init(group);
    for (; *codes != NULL; codes++)
        message_push_text(&group->any_of, &group->n_any_of, *codes);
    snprintf(because, sizeof because, "%s %s", kind, what);
    message_set(&group->because, because);
    message_push(&need->certifications, &need->n_certifications, group);
}

void screen_certifications(struct screen *screen)
{
    Fascia__Need *need = screen->need;

    for (size_t i = 0; i < need->n_techniques_required; i++)
        add_group(need, codes_technique_certifications(screen->codes, need->techniques_required[i]), "technique",
                  need->techniques_required[i]);
    for (size_t i = 0; i < need->n_conditions; i++)
        add_group(need, codes_category_certifications(screen->codes, need->conditions[i]), "condition",
                  need->conditions[i]);
}

void screen_imply_certifications(const struct codes *codes, Fascia__Need *need)
{
    struct screen screen = {.codes = codes, .need = need};

    for (size_t i = 0; i < need->n_certifications; i++)
        fascia__alternatives__free_unpacked(need->certifications[i], NULL);
    free(need->certifications);
    need->certifications = NULL;
    need->n_certifications = 0;
    screen_certifications(&screen);
}
