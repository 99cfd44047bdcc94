/*
 * A policy: a clinic's own list of therapists whom it would rather send patients to, or not at all.
 *
 * Pure: an answer depends on the question and the options alone. README.md says what the lists mean.
 */
#include <fascia/plugin.h>
#include <fascia/v1/plugin.pb-c.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCORE_MOST 1000
#define ENTRIES    10000

struct house {
    const struct fascia_host *host;
    Fascia__Options *options;
    const Fascia__OptionList *favoured;                          /* groups of therapist and score */
    const Fascia__TextList *barred, *conditions, *jurisdictions; /* NULL: none */
};

#define ROW .size = sizeof(struct fascia_option)
static const struct fascia_option favoured_options[] = {
    {ROW, .type = FASCIA_OPTION_TEXT, .name = "therapist", .help = "The therapist's identifier", .minimum = 1,
     .maximum = 64, .flags = FASCIA_OPTION_REQUIRED},
    {ROW, .type = FASCIA_OPTION_INTEGER, .name = "score",
     .help = "From -1000 (rather not) to 1000 (rather than others), in thousandths of the policy's weight",
     .default_value = "1000", .minimum = -SCORE_MOST, .maximum = SCORE_MOST},
};
static const struct fascia_option options[] = {
    {ROW, .type = FASCIA_OPTION_GROUP, .name = "favoured", .help = "Who is rather sent to, or rather not",
     .maximum = ENTRIES, .children = favoured_options,
     .child_count = sizeof favoured_options / sizeof favoured_options[0]},
    {ROW, .type = FASCIA_OPTION_TEXTS, .name = "barred", .help = "Identifiers of therapists who are not sent to",
     .maximum = ENTRIES},
    {ROW, .type = FASCIA_OPTION_TEXTS, .name = "conditions",
     .help = "Only for referrals with one of these conditions, as fascia's tables name them; without it for all",
     .maximum = ENTRIES},
    {ROW, .type = FASCIA_OPTION_TEXTS, .name = "jurisdictions",
     .help = "Only for referrals from one of these, such as US-KY; without it from all", .maximum = ENTRIES},
};

static const Fascia__OptionValue *option(const Fascia__Options *given, const char *name)
{
    for (size_t i = 0; i < given->n_values; i++)
        if (strcmp(given->values[i]->name, name) == 0)
            return given->values[i];
    return NULL;
}

static const Fascia__TextList *texts(const Fascia__Options *given, const char *name)
{
    const Fascia__OptionValue *value = option(given, name);

    return value != NULL ? value->texts : NULL;
}

static void house_close(void *instance)
{
    struct house *house = instance;

    fascia__options__free_unpacked(house->options, NULL);
    free(house);
}

static enum fascia_status house_open(const struct fascia_host *host, struct fascia_bytes bytes, void **instance,
                                     char *fault, size_t fault_size)
{
    Fascia__Options *given = fascia__options__unpack(NULL, bytes.size, bytes.data);
    struct house *house = calloc(1, sizeof *house);

    if (given == NULL || house == NULL) {
        snprintf(fault, fault_size, "there is no memory for this policy");
        fascia__options__free_unpacked(given, NULL);
        free(house);
        return FASCIA_E_INTERNAL;
    }
    house->host = host;
    house->options = given;
    house->favoured = option(given, "favoured") != NULL ? option(given, "favoured")->list : NULL;
    house->barred = texts(given, "barred");
    house->conditions = texts(given, "conditions");
    house->jurisdictions = texts(given, "jurisdictions");
    *instance = house;
    return FASCIA_OK;
}

/* ---- judging ---------------------------------------------------------------------------------------------------------- */

static bool is_listed(const Fascia__TextList *list, const char *text)
{
    for (size_t i = 0; list != NULL && i < list->n_items; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static bool is_concerned(const struct house *house, const Fascia__Question *question)
{
    bool treats = house->conditions == NULL || house->conditions->n_items == 0;

    for (size_t i = 0; i < question->n_conditions; i++)
        treats = treats || is_listed(house->conditions, question->conditions[i]);
    return treats && (house->jurisdictions == NULL || house->jurisdictions->n_items == 0 ||
                      is_listed(house->jurisdictions, question->jurisdiction));
}

static int32_t score_of(const struct house *house, const char *therapist)
{
    for (size_t i = 0; house->favoured != NULL && i < house->favoured->n_items; i++) {
        const Fascia__Options *entry = house->favoured->items[i];

        if (strcmp(option(entry, "therapist")->text, therapist) == 0)
            return (int32_t)option(entry, "score")->number;
    }
    return 0;
}

static bool rule(const struct house *house, char *therapist, Fascia__Ruling *ruling)
{
    fascia__ruling__init(ruling);
    ruling->therapist = therapist;
    ruling->fails = is_listed(house->barred, therapist);
    ruling->score = score_of(house, therapist);
    ruling->reason = ruling->fails ? "barred" : ruling->score > 0 ? "favoured" : "disfavoured";
    return ruling->fails || ruling->score != 0;
}

static void complete(const struct house *house, uint64_t token, const Fascia__Judgement *judgement)
{
    uint8_t *packed = malloc(fascia__judgement__get_packed_size(judgement) + 1);

    if (packed == NULL)
        return; /* the host waits no longer than it said */
    house->host->complete(house->host->context, token,
                          (struct fascia_bytes){packed, fascia__judgement__pack(judgement, packed)});
    free(packed);
}

static void house_judge(void *instance, uint64_t token, struct fascia_bytes message)
{
    const struct house *house = instance;
    Fascia__Question *question = fascia__question__unpack(NULL, message.size, message.data);
    const size_t count = question != NULL && is_concerned(house, question) ? question->n_candidates : 0;
    Fascia__Ruling *rulings = calloc(count + 1, sizeof *rulings);
    Fascia__Ruling **said = calloc(count + 1, sizeof(Fascia__Ruling *));
    Fascia__Judgement judgement = FASCIA__JUDGEMENT__INIT;

    if (rulings != NULL && said != NULL) {
        judgement.rulings = said;
        for (size_t i = 0; i < count; i++)
            if (rule(house, question->candidates[i]->therapist, &rulings[i]))
                said[judgement.n_rulings++] = &rulings[i];
        complete(house, token, &judgement);
    }
    free(said);
    free(rulings);
    fascia__question__free_unpacked(question, NULL);
}

static void house_abandon(void *instance, uint64_t token)
{
    (void)instance;
    (void)token;
}

static const struct fascia_plugin described = {
    .magic = FASCIA_PLUGIN_MAGIC,
    .size = sizeof(struct fascia_plugin),
    .abi_major = FASCIA_ABI_MAJOR,
    .abi_minor = FASCIA_ABI_MINOR,
    .kind = FASCIA_KIND_POLICY,
    .option_count = sizeof options / sizeof options[0],
    .name = "house-list",
    .version = "1.0",
    .summary = "A clinic's own list of therapists whom it favours, or does not send to",
    .options = options,
    .open = house_open,
    .close = house_close,
    .abandon = house_abandon,
    .judge = house_judge,
};

const struct fascia_plugin *fascia_plugin(void)
{
    return &described;
}
