#include "core/memory.h"
#include "core/message.h"
#include "core/screen_parts.h"

#include <stdio.h>
#include <string.h>

/* Rules, severest first, over every technique in play and every category. What was asked for by name and what was only
 * suggested by the condition differ: a suggested technique that a caution rules out is left away, a named one holds. */

#define FLAGS_MOST 32

struct found {
    const char *flag[FLAGS_MOST];
    const char *location[FLAGS_MOST];
    size_t count;
};

static void add_flag(struct found *found, const char *flag, const char *location)
{
    if (flag == NULL)
        return;
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->flag[i], flag) == 0)
            return;
    if (found->count == FLAGS_MOST)
        return;
    found->flag[found->count] = flag;
    found->location[found->count++] = location;
}

static void add_flags_of_text(const struct screen *screen, struct found *found, const char *text, const char *location)
{
    const char *flags[FLAGS_MOST];
    size_t count = *text == '\0' ? 0 : codes_flags_in_text(screen->codes, text, flags, FLAGS_MOST);

    for (size_t i = 0; i < count; i++)
        add_flag(found, flags[i], location);
}

static void add_flags_of_codes(const struct screen *screen, struct found *found, Fascia__Code *const *codes,
                               size_t count)
{
    for (size_t i = 0; i < count && i < SCREEN_REPEATS; i++) {
        add_flag(found, codes_flag(screen->codes, codes[i]), codes[i]->location);
        add_flags_of_text(screen, found, codes[i]->text, codes[i]->location);
    }
}

static void find_flags(const struct screen *screen, struct found *found)
{
    const Fascia__Referral *referral = screen->referral;

    found->count = 0;
    add_flags_of_codes(screen, found, referral->flags, referral->n_flags);
    add_flags_of_codes(screen, found, referral->conditions, referral->n_conditions);
    for (size_t i = 0; i < referral->n_notes && i < SCREEN_REPEATS; i++)
        add_flags_of_text(screen, found, referral->notes[i]->text, referral->notes[i]->location);
}

/* A part of "YYYY-MM-DD" that may be cut short; 0 when it is not there. */
static int date_part(const char *date, size_t from, size_t size)
{
    int number = 0;

    for (size_t i = 0; i < size; i++) {
        if (strlen(date) < from + size || date[from + i] < '0' || date[from + i] > '9')
            return 0;
        number = number * 10 + (date[from + i] - '0');
    }
    return number;
}

/* In whole years; of less than a date, by what there is. -1: unknown. */
static int age_of(const struct screen *screen)
{
    const char *born = screen->referral->patient != NULL ? screen->referral->patient->birth_date : "";
    int year = date_part(born, 0, 4), month = date_part(born, 5, 2), day = date_part(born, 8, 2);
    int this_year, this_month, this_day, age;

    day_to_civil(screen->today, &this_year, &this_month, &this_day);
    age = this_year - year;
    if (month > this_month || (month == this_month && day > this_day))
        age--;
    return year == 0 || age < 0 || age > 150 ? -1 : age;
}

/* The severest rule of a flag for one technique (NULL: none is in play) over all categories. */
static struct codes_caution rule_for(const struct screen *screen, const char *flag, const char *technique, int age)
{
    const Fascia__Need *need = screen->need;
    struct codes_caution worst = {CODES_NOTHING, flag, ""};

    for (size_t i = 0; i < need->n_conditions || i == 0; i++) {
        const char *category = i < need->n_conditions ? need->conditions[i] : NULL;
        struct codes_caution rule = codes_caution(screen->codes, flag, technique, category, age);

        if (rule.action > worst.action)
            worst = rule;
    }
    return worst;
}

/* Whether a rule says to avoid the technique, whatever severer one stands beside it. */
static bool avoids(const struct screen *screen, const char *flag, const char *technique, int age)
{
    const Fascia__Need *need = screen->need;

    for (size_t i = 0; i < need->n_conditions || i == 0; i++)
        if (codes_avoids(screen->codes, flag, technique, i < need->n_conditions ? need->conditions[i] : NULL, age))
            return true;
    return false;
}

static void hold_flag(struct screen *screen, const struct codes_caution *rule, const char *flag, const char *location,
                      const char *what_then)
{
    char field[96];

    for (size_t i = 0; i < screen->input->cleared_count; i++)
        if (strcmp(screen->input->cleared[i], flag) == 0)
            return;
    snprintf(field, sizeof field, "flags.%s", flag);
    message_push(&screen->screened->problems, &screen->screened->n_problems,
                 problem_new(FASCIA__PROBLEM__SEVERITY__ERROR, FASCIA__PROBLEM__KIND__RED_FLAG, location, field,
                             "%s %s", rule->text, what_then));
}

static const char *what_then(enum codes_action action)
{
    switch (action) {
    case CODES_STOP:
        return "Matching has stopped: send a change without it, or have a named clinician clear it. This rule supports "
               "and does not replace clinical judgement";
    case CODES_CLEARANCE:
        return "A named clinician must clear it before matching goes on. This rule supports and does not replace "
               "clinical judgement";
    default:
        return "It rules out what was asked for: ask for another technique, or have a named clinician clear it. This "
               "rule supports and does not replace clinical judgement";
    }
}

/* The named techniques, and the case that none is in play. true when the flag holds the referral. */
static bool judge_required(struct screen *screen, const char *flag, const char *location, int age)
{
    const Fascia__Need *need = screen->need;
    struct codes_caution worst = {CODES_NOTHING, flag, ""};

    if (need->n_techniques_required == 0 && need->n_techniques_suitable == 0) {
        worst = rule_for(screen, flag, NULL, age);
        if (worst.action == CODES_AVOID)
            return false;
    }
    for (size_t i = 0; i < need->n_techniques_required; i++) {
        struct codes_caution rule = rule_for(screen, flag, need->techniques_required[i], age);

        if (rule.action > worst.action)
            worst = rule;
    }
    if (worst.action == CODES_NOTHING)
        return false;
    hold_flag(screen, &worst, flag, location, what_then(worst.action));
    return true;
}

/* Leaves away those of the suggested techniques that are marked, unless that leaves none. */
static void leave_away(Fascia__Need *need, const bool *marked, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        kept += !marked[i];
    if (kept == 0 || kept == count)
        return;
    kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (marked[i])
            message_push(&need->techniques_avoided, &need->n_techniques_avoided, need->techniques_suitable[i]);
        else
            need->techniques_suitable[kept++] = need->techniques_suitable[i];
    }
    need->n_techniques_suitable = kept;
}

/* What a flag rules out among the suggested techniques is left away; when it rules out or holds all, it holds the referral, and
 * what it rules out for good stays away when it is cleared. */
static void judge_suitable(struct screen *screen, const char *flag, const char *location, int age)
{
    Fascia__Need *need = screen->need;
    struct codes_caution mildest = {CODES_STOP, flag, ""};
    bool ruled[SCREEN_REPEATS], avoided[SCREEN_REPEATS];
    size_t count = need->n_techniques_suitable < SCREEN_REPEATS ? need->n_techniques_suitable : SCREEN_REPEATS;
    size_t ruled_out = 0;

    for (size_t i = 0; i < count; i++) {
        struct codes_caution rule = rule_for(screen, flag, need->techniques_suitable[i], age);

        ruled[i] = rule.action != CODES_NOTHING;
        avoided[i] = avoids(screen, flag, need->techniques_suitable[i], age);
        ruled_out += ruled[i];
        if (rule.action <= mildest.action)
            mildest = rule;
    }
    if (ruled_out > 0 && ruled_out == count)
        hold_flag(screen, &mildest, flag, location, what_then(mildest.action));
    leave_away(need, ruled_out == count ? avoided : ruled, count);
}

void screen_cautions(struct screen *screen)
{
    struct found found;
    int age = age_of(screen);

    find_flags(screen, &found);
    for (size_t i = 0; i < found.count; i++)
        if (!judge_required(screen, found.flag[i], found.location[i], age))
            judge_suitable(screen, found.flag[i], found.location[i], age);
}
