/* What is missing, in words, from the need and the name of a gate. Referrals with the same words are helped by the same deed, so all that the deed
 * must satisfy is said. */
#include "ctl/waitlist.h"

#include "core/fault.h"
#include "core/zone.h"

#include <stdio.h>
#include <string.h>

static void say_list(FILE *out, char *const *texts, size_t count, const char *between)
{
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? "" : between, texts[i]);
}

/* What is known of the gap: the need, the near miss, and the day on which it was matched. */
struct gap {
    const Fascia__Need *need;
    const Fascia__NearMiss *miss;
    int32_t today;
};

static void say_licence(FILE *out, const struct gap *gap)
{
    const char *jurisdiction = gap->need->jurisdiction;

    fprintf(out, "a licence in %s", jurisdiction[0] != '\0' ? jurisdiction : "a jurisdiction not known");
}

static void say_certification(FILE *out, const struct gap *gap)
{
    const Fascia__Need *need = gap->need;
    const char *between = "a certification ";

    for (size_t i = 0; i < need->n_certifications; i++) {
        if (need->certifications[i]->n_any_of == 0)
            continue;
        fputs(between, out);
        say_list(out, need->certifications[i]->any_of, need->certifications[i]->n_any_of, " or ");
        between = " and ";
    }
}

static void say_techniques(FILE *out, const Fascia__Need *need)
{
    say_list(out, need->techniques_required, need->n_techniques_required, " and ");
    if (need->n_techniques_required > 0 && need->n_techniques_suitable > 0)
        fputs(" and one of ", out);
    say_list(out, need->techniques_suitable, need->n_techniques_suitable, " or ");
}

static void say_technique(FILE *out, const struct gap *gap)
{
    fputs("somebody who offers ", out);
    say_techniques(out, gap->need);
}

static void say_condition(FILE *out, const struct gap *gap)
{
    fputs("somebody who treats ", out);
    say_list(out, gap->need->conditions, gap->need->n_conditions, " and ");
}

static bool is_avoided(const Fascia__Need *need, const char *technique)
{
    for (size_t i = 0; i < need->n_techniques_avoided; i++)
        if (strcmp(need->techniques_avoided[i], technique) == 0)
            return true;
    return false;
}

static size_t say_allowed(FILE *out, const Fascia__Need *need, char *const *techniques, size_t count, size_t said)
{
    for (size_t i = 0; i < count; i++)
        if (!is_avoided(need, techniques[i]))
            fprintf(out, "%s%s", said++ == 0 ? "somebody who offers " : " or ", techniques[i]);
    return said;
}

/* One technique that is asked for and not avoided; where none is asked for, any that is not avoided. */
static void say_caution(FILE *out, const struct gap *gap)
{
    const Fascia__Need *need = gap->need;
    size_t said = say_allowed(out, need, need->techniques_required, need->n_techniques_required, 0);

    said = say_allowed(out, need, need->techniques_suitable, need->n_techniques_suitable, said);
    if (said > 0)
        return;
    fputs(need->n_techniques_required + need->n_techniques_suitable == 0
              ? "somebody who offers more than "
              : "another technique to be asked for: a caution rules out ",
          out);
    say_list(out, need->techniques_avoided, need->n_techniques_avoided, " and ");
}

static void say_payer(FILE *out, const struct gap *gap)
{
    fputs("somebody who accepts the payer ", out);
    say_list(out, gap->need->payers, gap->need->n_payers, " or ");
}

static void say_language(FILE *out, const struct gap *gap)
{
    fputs("somebody who speaks ", out);
    say_list(out, gap->need->languages, gap->need->n_languages, " or ");
}

static void say_profession(FILE *out, const struct gap *gap)
{
    fputs("a therapist of profession ", out);
    say_list(out, gap->need->professions, gap->need->n_professions, " or ");
}

static void say_gender(FILE *out, const struct gap *gap)
{
    const Fascia__Gender gender = gap->need->therapist_gender;

    fprintf(out, "a %stherapist",
            gender == FASCIA__GENDER__GENDER_FEMALE ? "female "
            : gender == FASCIA__GENDER__GENDER_MALE ? "male "
                                                    : "");
}

static const char *visits_of(const Fascia__Need *need)
{
    return need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_HOME     ? "visits at home"
           : need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE ? "treats by video"
                                                                       : "treats in a clinic";
}

static void say_mode(FILE *out, const struct gap *gap)
{
    fprintf(out, "somebody who %s", visits_of(gap->need));
}

/* ---- all that a therapist must be ---- */

/* "somebody who treats back-pain, offers sports" */
struct phrase {
    FILE *out;
    size_t clauses;
};

static FILE *clause(struct phrase *phrase)
{
    fputs(phrase->clauses++ == 0 ? " who " : ", ", phrase->out);
    return phrase->out;
}

static void say_clause(struct phrase *phrase, const char *verb, char *const *texts, size_t count, const char *between)
{
    if (count == 0)
        return;
    fprintf(clause(phrase), "%s ", verb);
    say_list(phrase->out, texts, count, between);
}

static void say_skills(struct phrase *phrase, const Fascia__Need *need)
{
    say_clause(phrase, "treats", need->conditions, need->n_conditions, " and ");
    if (need->n_techniques_required + need->n_techniques_suitable > 0) {
        fputs("offers ", clause(phrase));
        say_techniques(phrase->out, need);
    }
    say_clause(phrase, "offers more than", need->techniques_avoided, need->n_techniques_avoided, " and ");
    for (size_t i = 0; i < need->n_certifications; i++)
        say_clause(phrase, "is certified", need->certifications[i]->any_of, need->certifications[i]->n_any_of, " or ");
}

/* Somebody new, who meets every gate. */
static void say_somebody(FILE *out, const Fascia__Need *need)
{
    struct phrase phrase = {out, 0};

    fputs("somebody", out);
    if (need->jurisdiction[0] != '\0')
        fprintf(out, " for %s", need->jurisdiction);
    if (need->n_professions > 0) {
        fputs(" of profession ", out);
        say_list(out, need->professions, need->n_professions, " or ");
    }
    if (need->visit_mode != FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED)
        fputs(visits_of(need), clause(&phrase));
    say_skills(&phrase, need);
    say_clause(&phrase, "accepts the payer", need->payers, need->n_payers, " or ");
    say_clause(&phrase, "speaks", need->languages, need->n_languages, " or ");
    if (need->therapist_gender == FASCIA__GENDER__GENDER_FEMALE)
        fputs("is female", clause(&phrase));
    if (need->therapist_gender == FASCIA__GENDER__GENDER_MALE)
        fputs("is male", clause(&phrase));
}

static void say_distance(FILE *out, const struct gap *gap)
{
    say_somebody(out, gap->need);
}

/* ---- when ---- */

static void say_window(FILE *out, const Fascia__Window *window)
{
    static const char *const days[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const uint32_t weekdays = (window->weekdays & 0x7f) == 0 ? 0x7f : window->weekdays & 0x7f;
    const char *between = "";

    for (int day = 0; day < 7 && weekdays != 0x7f; day++)
        if ((weekdays >> day & 1) != 0) {
            fprintf(out, "%s%s", between, days[day]);
            between = ",";
        }
    fprintf(out, "%s%02u:%02u-%02u:%02u", weekdays == 0x7f ? "" : " ", window->from_minute / 60,
            window->from_minute % 60, window->to_minute / 60, window->to_minute % 60);
}

/* A first date that was past when it was matched bounds nothing. */
static void say_dates(FILE *out, const struct gap *gap)
{
    const Fascia__Need *need = gap->need;
    int32_t first;

    if (day_parse(need->not_before, &first) && first > gap->today)
        fprintf(out, " from %s", need->not_before);
    if (need->not_after[0] != '\0')
        fprintf(out, " by %s", need->not_after);
}

static void say_time(FILE *out, const struct gap *gap)
{
    const Fascia__Need *need = gap->need;

    fprintf(out, "%u free minutes", need->duration_minutes);
    for (size_t i = 0; i < need->n_windows; i++) {
        fputs(i == 0 ? " on " : "; ", out);
        say_window(out, need->windows[i]);
    }
    if (need->n_windows > 0 && need->time_zone[0] != '\0')
        fprintf(out, " (%s)", need->time_zone);
    say_dates(out, gap);
    fputs(" with ", out);
    say_somebody(out, need);
}

/* ---- of one therapist ---- */

static const char *nearest_of(const struct gap *gap)
{
    return gap->miss->nearest[0] != '\0' ? gap->miss->nearest : "somebody";
}

static void say_named(FILE *out, const struct gap *gap)
{
    fprintf(out, "leave to ask another than %s, who was named", gap->need->therapist);
}

static void say_accepting(FILE *out, const struct gap *gap)
{
    fprintf(out, "%s to accept patients again", nearest_of(gap));
}

static void say_declined(FILE *out, const struct gap *gap)
{
    fprintf(out, "%s, who declined or let the offer expire, to think again", nearest_of(gap));
}

static void say_capacity(FILE *out, const struct gap *gap)
{
    fprintf(out, "%s to have room for another case", nearest_of(gap));
}

enum trait {
    OF_THERAPIST = 1, /* it is closed with one therapist, wherever the patient is */
    /* By asking the referrer or the patient to give way, or somebody nearer: not by adding to who is there. */
    ASKING = 2
};

static const struct known_gate {
    const char *gate;
    void (*say)(FILE *out, const struct gap *gap);
    unsigned traits;
} gates[] = {
    {"named", say_named, OF_THERAPIST | ASKING},
    {"distance", say_distance, ASKING},
    {"mode", say_mode, 0},
    {"accepting", say_accepting, OF_THERAPIST},
    {"declined", say_declined, OF_THERAPIST | ASKING},
    {"profession", say_profession, 0},
    {"licence", say_licence, 0},
    {"certification", say_certification, 0},
    {"technique", say_technique, 0},
    {"condition", say_condition, 0},
    {"caution", say_caution, 0},
    {"payer", say_payer, 0},
    {"language", say_language, 0},
    {"gender", say_gender, 0},
    {"capacity", say_capacity, OF_THERAPIST},
    {"time", say_time, 0},
};

static const struct known_gate *find_gate(const char *name)
{
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
        if (strcmp(gates[i].gate, name) == 0)
            return &gates[i];
    return NULL;
}

static bool any_gate_is(const Fascia__NearMiss *miss, enum trait trait)
{
    for (size_t i = 0; i < miss->n_gates; i++) {
        const struct known_gate *gate = find_gate(miss->gates[i]);

        if (gate != NULL && (gate->traits & trait) != 0)
            return true;
    }
    return false;
}

bool waitlist_gap_is_of_therapist(const Fascia__NearMiss *miss)
{
    return any_gate_is(miss, OF_THERAPIST);
}

bool waitlist_gap_is_asking(const Fascia__NearMiss *miss)
{
    return any_gate_is(miss, ASKING);
}

char *waitlist_gap(const Fascia__Need *need, const Fascia__NearMiss *miss, int64_t matched_at)
{
    const struct gap gap = {need, miss, (int32_t)(matched_at / DAY_MS)};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    for (size_t i = 0; i < miss->n_gates; i++) {
        const struct known_gate *gate = find_gate(miss->gates[i]);

        if (i > 0)
            fputs(", and ", out);
        if (gate != NULL)
            gate->say(out, &gap);
        else
            fputs(miss->gates[i], out);
    }
    fclose(out);
    return text;
}
