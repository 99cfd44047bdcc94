#include "ctl/question.h"

#include "core/memory.h"
#include "core/message.h"
#include "core/week.h"
#include "ctl/columns.h"
#include "ctl/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WINDOWS_MOST 64
#define ITEM_LONGEST 128
#define WITHIN_MOST  21000000 /* metres: half way round the earth, and more */

/* ---- lists: "a,b, c" ---- */

typedef void (*item_taker)(Fascia__TryMatch *question, const char *item, size_t number);

static char *trim(char *text)
{
    size_t size;

    while (isspace((unsigned char)*text))
        text++;
    size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    return text;
}

static bool read_items(struct ctl_call *call, const char *option, const char *list, item_taker take,
                       Fascia__TryMatch *question)
{
    char *copy, *rest;
    size_t number = 0;
    bool good = true;

    if (list == NULL)
        return true;
    copy = rest = memory_text(list);
    for (char *item; good && (item = strsep(&rest, ",")) != NULL;) {
        item = trim(item);
        good = item[0] != '\0' && strlen(item) <= ITEM_LONGEST;
        if (good)
            take(question, item, ++number);
        else
            (void)ctl_usage(call, "--%s: items have ',' between them, and each 1 to %d bytes", option, ITEM_LONGEST);
    }
    free(copy);
    return good;
}

/* Whether it is a code or words, the tables know. */
static Fascia__Code *new_code(const char *item, const char *option, size_t number)
{
    Fascia__Code *code = memory_allocate(1, sizeof *code);
    char location[64];

    fascia__code__init(code);
    message_set(&code->code, item);
    message_set(&code->text, item);
    snprintf(location, sizeof location, "--%s %zu", option, number);
    message_set(&code->location, location);
    return code;
}

static void take_condition(Fascia__TryMatch *question, const char *item, size_t number)
{
    message_push(&question->asked->conditions, &question->asked->n_conditions, new_code(item, "condition", number));
}

static void take_technique(Fascia__TryMatch *question, const char *item, size_t number)
{
    message_push(&question->asked->procedures, &question->asked->n_procedures, new_code(item, "technique", number));
}

static void take_payer(Fascia__TryMatch *question, const char *item, size_t number)
{
    Fascia__Coverage *coverage = memory_allocate(1, sizeof *coverage);

    (void)number;
    fascia__coverage__init(coverage);
    message_set(&coverage->payer, item);
    message_push(&question->asked->coverages, &question->asked->n_coverages, coverage);
}

static void take_language(Fascia__TryMatch *question, const char *item, size_t number)
{
    (void)number;
    message_push_text(&question->asked->preferences->languages, &question->asked->preferences->n_languages, item);
}

static void take_certification(Fascia__TryMatch *question, const char *item, size_t number)
{
    (void)number;
    message_push_text(&question->certifications, &question->n_certifications, item);
}

static void take_without(Fascia__TryMatch *question, const char *item, size_t number)
{
    (void)number;
    message_push_text(&question->without, &question->n_without, item);
}

static bool read_lists(struct ctl_call *call, Fascia__TryMatch *question)
{
    return read_items(call, "condition", call->condition, take_condition, question) &&
           read_items(call, "technique", call->technique, take_technique, question) &&
           read_items(call, "payer", call->payer, take_payer, question) &&
           read_items(call, "language", call->language, take_language, question) &&
           read_items(call, "certification", call->certification, take_certification, question) &&
           read_items(call, "without", call->without, take_without, question);
}

/* ---- weights: "distance=500,load=0" ---- */

static bool read_weight(char *item, Fascia__TryMatch *question)
{
    char *equals = strchr(item, '=');
    Fascia__ScorePart *part;
    char *end = NULL;
    long points;

    if (equals == NULL)
        return false;
    *equals = '\0';
    points = strtol(equals + 1, &end, 10);
    if (!isdigit((unsigned char)equals[1]) || *end != '\0' || points > 10000)
        return false;
    part = memory_allocate(1, sizeof *part);
    fascia__score_part__init(part);
    message_set(&part->name, trim(item));
    part->points = (int32_t)points;
    message_push(&question->weights, &question->n_weights, part);
    return true;
}

static bool read_weights(struct ctl_call *call, Fascia__TryMatch *question)
{
    char *copy, *rest;
    bool good = true;

    if (call->weights == NULL)
        return true;
    copy = rest = memory_text(call->weights);
    for (char *item; good && (item = strsep(&rest, ",")) != NULL;)
        good = read_weight(trim(item), question);
    free(copy);
    if (!good)
        (void)ctl_usage(call, "--weights is, for example, distance=500,load=0; a weight is 0 to 10000");
    return good;
}

/* ---- words of enums ---- */

static bool read_word(struct ctl_call *call, const char *option, const char *word, const ProtobufCEnumDescriptor *type,
                      int *value)
{
    char list[160];

    if (word == NULL || ctl_word_value(type, word, value))
        return true;
    ctl_words(type, list, sizeof list);
    (void)ctl_usage(call, "--%s is one of %s", option, list);
    return false;
}

static bool read_words(struct ctl_call *call, Fascia__Preferences *wishes)
{
    int gender = 0, mode = 0;

    if (!read_word(call, "gender", call->gender, &fascia__gender__descriptor, &gender) ||
        !read_word(call, "mode", call->mode, &fascia__visit_mode__descriptor, &mode))
        return false;
    wishes->therapist_gender = (Fascia__Gender)gender;
    wishes->visit_mode = (Fascia__VisitMode)mode;
    return true;
}

/* ---- where ---- */

static Fascia__Address *address_of(Fascia__TryMatch *question)
{
    Fascia__Patient *patient = question->asked->patient;

    if (patient->address == NULL) {
        patient->address = memory_allocate(1, sizeof *patient->address);
        fascia__address__init(patient->address);
    }
    return patient->address;
}

static bool read_position(struct ctl_call *call, Fascia__TryMatch *question)
{
    Fascia__Position *position;
    char *copy, *longitude;
    bool good;

    if (call->position == NULL)
        return true;
    position = question->asked->patient->position = memory_allocate(1, sizeof *position);
    fascia__position__init(position);
    copy = memory_text(call->position);
    longitude = strchr(copy, ',');
    if (longitude != NULL)
        *longitude++ = '\0';
    good = longitude != NULL && ctl_degrees_parse(trim(copy), 90, &position->latitude) &&
           ctl_degrees_parse(trim(longitude), 180, &position->longitude);
    free(copy);
    if (!good)
        (void)ctl_usage(call, "--position is latitude and longitude in degrees, such as 37.7479,-84.2947");
    return good;
}

/* "KY", or "US-KY" with its country. */
static void read_jurisdiction(const char *text, Fascia__Address *address)
{
    char country[3] = "";

    if (isalpha((unsigned char)text[0]) && isalpha((unsigned char)text[1]) && text[2] == '-') {
        memcpy(country, text, 2);
        message_set(&address->country, country);
        text += 3;
    }
    message_set(&address->state, text);
}

static bool read_place(struct ctl_call *call, Fascia__TryMatch *question)
{
    int64_t within = 0;

    if (!read_position(call, question))
        return false;
    if (call->jurisdiction != NULL)
        read_jurisdiction(call->jurisdiction, address_of(question));
    if (call->postal_code != NULL)
        message_set(&address_of(question)->postal_code, call->postal_code);
    if (call->within == NULL)
        return true;
    if (!ctl_kilometres_parse(call->within, WITHIN_MOST, &within) || within == 0) {
        (void)ctl_usage(call, "--within is kilometres, more than 0 and at most 21000, such as 25 or 7.5");
        return false;
    }
    question->asked->preferences->max_distance = (uint32_t)within;
    return true;
}

/* ---- when ---- */

static bool read_date(struct ctl_call *call, const char *option, const char *text, char **field)
{
    int32_t day;

    if (text == NULL)
        return true;
    if (!day_parse(text, &day)) {
        (void)ctl_usage(call, "--%s is a date such as 2026-12-03", option);
        return false;
    }
    message_set(field, text);
    return true;
}

static bool read_windows(struct ctl_call *call, Fascia__Preferences *wishes)
{
    struct week_span spans[WINDOWS_MOST];
    struct fault fault = {{0}};
    size_t count = 0;

    if (call->window == NULL)
        return true;
    if (!week_parse(call->window, spans, WINDOWS_MOST, &count, &fault) || count == 0) {
        (void)ctl_usage(call, "--window is, for example, 'Mon-Fri 09:00-17:00; Sat 09:00-12:00'%s%s",
                        fault.text[0] != '\0' ? ": " : "", fault.text);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        Fascia__Window *window = memory_allocate(1, sizeof *window);

        fascia__window__init(window);
        window->weekdays = spans[i].weekdays;
        window->from_minute = spans[i].from_minute;
        window->to_minute = spans[i].to_minute;
        message_push(&wishes->windows, &wishes->n_windows, window);
    }
    return true;
}

static bool read_time(struct ctl_call *call, Fascia__Preferences *wishes)
{
    if (call->minutes > 0)
        wishes->duration_minutes = (uint32_t)call->minutes;
    /* Windows are by the clock of --zone, or of the referral, or of the node. */
    if (call->zone != NULL && call->window != NULL)
        message_set(&wishes->time_zone, call->zone);
    return read_date(call, "not-before", call->not_before, &wishes->not_before) &&
           read_date(call, "not-after", call->not_after, &wishes->not_after) && read_windows(call, wishes);
}

/* ---- door ---- */

Fascia__TryMatch *ctl_question_create(struct ctl_call *call, uint64_t referral)
{
    Fascia__TryMatch *question = memory_allocate(1, sizeof *question);
    Fascia__Referral *asked = memory_allocate(1, sizeof *asked);

    fascia__try_match__init(question);
    fascia__referral__init(asked);
    question->referral = referral;
    question->asked = asked;
    asked->patient = memory_allocate(1, sizeof *asked->patient);
    fascia__patient__init(asked->patient);
    asked->preferences = memory_allocate(1, sizeof *asked->preferences);
    fascia__preferences__init(asked->preferences);
    if (call->named != NULL)
        message_set(&asked->preferences->therapist, call->named);
    if (read_lists(call, question) && read_weights(call, question) && read_words(call, asked->preferences) &&
        read_place(call, question) && read_time(call, asked->preferences))
        return question;
    fascia__try_match__free_unpacked(question, NULL);
    return NULL;
}

const char *ctl_question_option(const char *field)
{
    static const struct {
        const char *field, *option;
    } options[] = {
        {"patient.address.state", "--jurisdiction"},   {"patient.address.postal_code", "--postal-code or --position"},
        {"preferences.not_before", "--not-before"},    {"preferences.not_after", "--not-after"},
        {"preferences.windows", "--window"},           {"preferences.time_zone", "--zone"},
        {"preferences.duration_minutes", "--minutes"}, {"preferences.therapist", "--named"}};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(options[i].field, field) == 0)
            return options[i].option;
    return NULL;
}
