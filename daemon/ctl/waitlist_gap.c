/* What is missing, in words, from the need and the name of a gate. */
#include "ctl/waitlist.h"

#include "core/fault.h"

#include <stdio.h>
#include <string.h>

static void say_list(FILE *out, char *const *texts, size_t count, const char *between)
{
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? "" : between, texts[i]);
}

static void say_licence(FILE *out, const Fascia__Need *need)
{
    fprintf(out, "a licence in %s", need->jurisdiction[0] != '\0' ? need->jurisdiction : "a jurisdiction not known");
}

static void say_certification(FILE *out, const Fascia__Need *need)
{
    const char *between = "a certification ";

    for (size_t i = 0; i < need->n_certifications; i++) {
        if (need->certifications[i]->n_any_of == 0)
            continue;
        fputs(between, out);
        say_list(out, need->certifications[i]->any_of, need->certifications[i]->n_any_of, " or ");
        between = " and ";
    }
}

static void say_technique(FILE *out, const Fascia__Need *need)
{
    fputs("somebody who offers ", out);
    say_list(out, need->techniques_required, need->n_techniques_required, " and ");
    if (need->n_techniques_required > 0 && need->n_techniques_suitable > 0)
        fputs(" and one of ", out);
    say_list(out, need->techniques_suitable, need->n_techniques_suitable, " or ");
}

static void say_condition(FILE *out, const Fascia__Need *need)
{
    fputs("somebody who treats ", out);
    say_list(out, need->conditions, need->n_conditions, " and ");
}

static void say_payer(FILE *out, const Fascia__Need *need)
{
    fputs("somebody who accepts the payer ", out);
    say_list(out, need->payers, need->n_payers, " or ");
}

static void say_language(FILE *out, const Fascia__Need *need)
{
    fputs("somebody who speaks ", out);
    say_list(out, need->languages, need->n_languages, " or ");
}

static void say_profession(FILE *out, const Fascia__Need *need)
{
    fputs("a therapist of profession ", out);
    say_list(out, need->professions, need->n_professions, " or ");
}

static void say_gender(FILE *out, const Fascia__Need *need)
{
    fprintf(out, "a %stherapist",
            need->therapist_gender == FASCIA__GENDER__GENDER_FEMALE ? "female "
            : need->therapist_gender == FASCIA__GENDER__GENDER_MALE ? "male "
                                                                    : "");
}

static void say_mode(FILE *out, const Fascia__Need *need)
{
    fputs(need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_HOME     ? "somebody who visits at home"
          : need->visit_mode == FASCIA__VISIT_MODE__VISIT_MODE_REMOTE ? "somebody who treats by video"
                                                                      : "somebody who treats in a clinic",
          out);
}

static void say_time(FILE *out, const Fascia__Need *need)
{
    fprintf(out, "%u free minutes when the patient can come", need->duration_minutes);
}

static const struct {
    const char *gate;
    const char *plain; /* NULL: say */
    void (*say)(FILE *out, const Fascia__Need *need);
} gates[] = {
    {"named", "the therapist who was named", NULL},
    {"distance", "a therapist who is near enough", NULL},
    {"mode", NULL, say_mode},
    {"accepting", "therapists who accept patients again", NULL},
    {"declined", "somebody who has not declined", NULL},
    {"profession", NULL, say_profession},
    {"licence", NULL, say_licence},
    {"certification", NULL, say_certification},
    {"technique", NULL, say_technique},
    {"condition", NULL, say_condition},
    {"caution", "a technique that no caution rules out", NULL},
    {"payer", NULL, say_payer},
    {"language", NULL, say_language},
    {"gender", NULL, say_gender},
    {"capacity", "room for another case", NULL},
    {"time", NULL, say_time},
};

static void say_gate(FILE *out, const Fascia__Need *need, const char *name)
{
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
        if (strcmp(gates[i].gate, name) != 0)
            continue;
        if (gates[i].plain != NULL)
            fputs(gates[i].plain, out);
        else
            gates[i].say(out, need);
        return;
    }
    fputs(name, out);
}

char *waitlist_gap(const Fascia__Need *need, const Fascia__NearMiss *miss)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    for (size_t i = 0; i < miss->n_gates; i++) {
        if (i > 0)
            fputs(", and ", out);
        say_gate(out, need, miss->gates[i]);
    }
    fclose(out);
    return text;
}
