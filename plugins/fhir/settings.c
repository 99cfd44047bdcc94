#include "fhir/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(kind, word, text) .size = sizeof(struct fascia_option), .type = (kind), .name = (word), .help = (text)

const struct fascia_option fhir_options[FHIR_OPTION_COUNT] = {
    {ROW(FASCIA_OPTION_TEXT, "publisher", "Name of the organization that runs this node, as FHIR's clients see it"),
     .default_value = "fascia", .maximum = 200},
    {ROW(FASCIA_OPTION_INTEGER, "page", "How many resources a page of a search has that names no _count"),
     .default_value = "20", .minimum = 1, .maximum = 200},
    {ROW(FASCIA_OPTION_INTEGER, "page_most", "The greatest _count that is given"), .default_value = "200", .minimum = 1,
     .maximum = 500},
    {ROW(FASCIA_OPTION_BOOLEAN, "performer_is_therapist",
         "Whether a person in ServiceRequest.performer is the therapist who is asked for; else it is only noted"),
     .default_value = "true"},
};

static const Fascia__OptionValue *find(const Fascia__Options *options, const char *name)
{
    for (size_t i = 0; i < options->n_values; i++)
        if (strcmp(options->values[i]->name, name) == 0)
            return options->values[i];
    return NULL;
}

static uint32_t number_of(const Fascia__Options *options, const char *name, uint32_t otherwise)
{
    const Fascia__OptionValue *value = find(options, name);

    return value != NULL && value->value_case == FASCIA__OPTION_VALUE__VALUE_NUMBER ? (uint32_t)value->number
                                                                                    : otherwise;
}

bool fhir_settings_init(struct fhir_settings *settings, const Fascia__Options *options, char *fault, size_t fault_size)
{
    const Fascia__OptionValue *publisher = find(options, "publisher");
    const Fascia__OptionValue *performer = find(options, "performer_is_therapist");
    const char *name =
        publisher != NULL && publisher->value_case == FASCIA__OPTION_VALUE__VALUE_TEXT ? publisher->text : "fascia";

    settings->page_default = number_of(options, "page", 20);
    settings->page_most = number_of(options, "page_most", 200);
    settings->performer_is_therapist =
        performer == NULL || performer->value_case != FASCIA__OPTION_VALUE__VALUE_FLAG || performer->flag;
    settings->body_bytes = FHIR_BODY_BYTES;
    if (settings->page_default > settings->page_most) {
        snprintf(fault, fault_size, "page is greater than page_most");
        return false;
    }
    settings->publisher = strdup(name);
    if (settings->publisher == NULL)
        abort();
    return true;
}

void fhir_settings_finish(struct fhir_settings *settings)
{
    free(settings->publisher);
}
