#include "ctl/need.h"

#include "core/memory.h"
#include "ctl/show.h"
#include "ctl/words.h"

#include <stdlib.h>

#define ANY_DISTANCE 20016000 /* metres: half way round the earth */

static void show_place(struct ctl_call *call, const Fascia__Need *need)
{
    char word[64];

    if (need->visit_mode != FASCIA__VISIT_MODE__VISIT_MODE_UNSPECIFIED)
        ctl_show_field(call, "visit", "%u minutes, %s", need->duration_minutes,
                       ctl_word(&fascia__visit_mode__descriptor, (int)need->visit_mode, word));
    else
        ctl_show_field(call, "visit", "%u minutes", need->duration_minutes);
    if (need->max_distance >= ANY_DISTANCE)
        ctl_show_field(call, "where", "%s, at any distance", need->jurisdiction);
    else
        ctl_show_field(call, "where", "%s, within %.1f km%s", need->jurisdiction, need->max_distance / 1000.0,
                       need->position_known ? "" : " of a place that is not known");
}

void ctl_write_window(FILE *out, const Fascia__Window *window)
{
    static const char *const days[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const bool every = window->weekdays == 0 || (window->weekdays & 0x7f) == 0x7f;
    bool first = true;

    for (int day = 0; day < 7 && !every; day++)
        if ((window->weekdays >> day & 1) != 0) {
            fprintf(out, "%s%s", first ? "" : ",", days[day]);
            first = false;
        }
    fprintf(out, "%s%02u:%02u-%02u:%02u", first ? "" : " ", window->from_minute / 60, window->from_minute % 60,
            window->to_minute / 60, window->to_minute % 60);
}

static void show_time(struct ctl_call *call, const Fascia__Need *need)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    fprintf(out, "from %s%s%s", need->not_before, need->not_after[0] != '\0' ? " to " : "", need->not_after);
    for (size_t i = 0; i < need->n_windows; i++) {
        fputs("; ", out);
        ctl_write_window(out, need->windows[i]);
    }
    fclose(out);
    ctl_show_field(call, "when", "%s (%s)", text, need->time_zone);
    free(text);
}

static void show_certifications(struct ctl_call *call, const Fascia__Need *need)
{
    for (size_t i = 0; i < need->n_certifications; i++) {
        const Fascia__Alternatives *group = need->certifications[i];

        ctl_show_list(call, i == 0 ? "certifications" : "and", group->any_of, group->n_any_of);
        ctl_show_field(call, "because of", "%s", group->because);
    }
}

void ctl_show_need(struct ctl_call *call, const Fascia__Need *need)
{
    char word[64];

    fputs("asked for\n", call->out);
    ctl_show_list(call, "conditions", need->conditions, need->n_conditions);
    ctl_show_list(call, "techniques", need->techniques_required, need->n_techniques_required);
    ctl_show_list(call, need->n_techniques_required > 0 ? "and one of" : "one of", need->techniques_suitable,
                  need->n_techniques_suitable);
    ctl_show_list(call, "avoid", need->techniques_avoided, need->n_techniques_avoided);
    show_certifications(call, need);
    ctl_show_list(call, "professions", need->professions, need->n_professions);
    ctl_show_list(call, "payers", need->payers, need->n_payers);
    ctl_show_list(call, "languages", need->languages, need->n_languages);
    if (need->therapist_gender != FASCIA__GENDER__GENDER_UNSPECIFIED)
        ctl_show_field(call, "gender", "%s", ctl_word(&fascia__gender__descriptor, (int)need->therapist_gender, word));
    ctl_show_field(call, "named", "%s", need->therapist);
    show_place(call, need);
    show_time(call, need);
    if (need->visits_authorised > 0)
        ctl_show_field(call, "visits authorised", "%u", need->visits_authorised);
}
