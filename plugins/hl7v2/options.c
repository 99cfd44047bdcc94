#include "hl7v2/options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(kind, word, text) .size = sizeof(struct fascia_option), .type = (kind), .name = (word), .help = (text)

/* 360X could not be had from its publisher: what it says in ORC-1 and ORC-5 is configuration, and these are only the defaults. They follow
 * HL7 tables 0119 and 0038. */
#define CODE_ACCEPTED     "SC^IP"
#define CODE_DECLINED     "SC^CA"
#define CODE_CANCELLED    "CR^CA"
#define CODE_COMPLETED    "SC^CM"
#define CODE_WAITING      "SC^HD"
#define CODE_IN_TREATMENT "none"

#define CODE_ROW(word, text, absent)                                                                                   \
    {                                                                                                                  \
        ROW(FASCIA_OPTION_TEXT, word, text), .maximum = HL7_CODE_BYTES - 1, .default_value = (absent)                  \
    }

static const struct fascia_option sender_options[] = {
    {ROW(FASCIA_OPTION_TEXT, "application",
         "MSH-3 of this sender's messages, first component; * or absent matches any"),
     .maximum = 227},
    {ROW(FASCIA_OPTION_TEXT, "facility", "MSH-4 of this sender's messages, first component; * or absent matches any"),
     .maximum = 227},
    {ROW(FASCIA_OPTION_CHOICE, "role", "profession of the referrer where a message does not tell by taxonomy code"),
     .choices = "physician|chiropractor|physiotherapist"},
    {ROW(FASCIA_OPTION_TEXT, "referrer_name", "referrer of messages that name none (no PRD segment)"), .maximum = 200},
    {ROW(FASCIA_OPTION_TEXT, "referrer_npi", "National Provider Identifier of that referrer"), .maximum = 10},
    {ROW(FASCIA_OPTION_ADDRESS, "status_to", "where this sender listens for statuses; absent: it is told nothing")},
    {ROW(FASCIA_OPTION_TEXT, "status_version", "HL7 version of the statuses sent to it; absent: as its referral's"),
     .maximum = 20},
    {ROW(FASCIA_OPTION_CHOICE, "status_acknowledgement",
         "acknowledgement asked for each status: application (original mode) or commit (enhanced mode)"),
     .choices = "application|commit", .default_value = "application"},
    {ROW(FASCIA_OPTION_DURATION, "status_timeout",
         "how long a status waits for its acknowledgement; 0s: the node's own"),
     .default_value = "0s", .maximum = 600000},
    {ROW(FASCIA_OPTION_CHOICE, "answer", "what a referral is answered with; absent: as the source's answer"),
     .choices = "ack|rri"},
    {ROW(FASCIA_OPTION_CHOICE, "acknowledgement",
         "auto follows MSH-15 and MSH-16, original ignores them, commit sends the commit acknowledgement alone"),
     .choices = "auto|original|commit", .default_value = "auto"},
    {ROW(FASCIA_OPTION_TEXT, "character_set", "set of messages whose MSH-18 is empty, as MSH-18 would name it"),
     .maximum = 40},
    {ROW(FASCIA_OPTION_CHOICE, "statuses",
         "what status_to is sent: RRI, or as 360X has it OSU for the referral and SIU for its appointments, or "
         "nothing"),
     .choices = "rri|360x|none", .default_value = "rri"},
    {ROW(FASCIA_OPTION_CHOICE, "requests",
         "what is taken from it: referrals (REF), orders (OMG, and OSU to cancel; 360X), or both; absent: both where "
         "statuses is 360x, else referrals"),
     .choices = "referrals|orders|both"},
    {ROW(FASCIA_OPTION_CHOICE, "order_answer",
         "what an order is answered with: org (ORG^O20, as the standard pairs it with OMG^O19) or ack"),
     .choices = "org|ack", .default_value = "org"},
    CODE_ROW("code_accepted", "ORC-1 and ORC-5 of the OSU that says accepted; none: it is not sent", CODE_ACCEPTED),
    CODE_ROW("code_declined", "the same for declined, with the reason in ORC-16", CODE_DECLINED),
    CODE_ROW("code_cancelled", "the same for cancelled as the referrer asked, with the reason in ORC-16",
             CODE_CANCELLED),
    CODE_ROW("code_completed", "the same for completed, with the outcome", CODE_COMPLETED),
    CODE_ROW("code_waiting", "the same for a referral that waits: for information, for a therapist, for another one",
             CODE_WAITING),
    CODE_ROW("code_in_treatment", "the same for a visit that took place", CODE_IN_TREATMENT),
};

const struct fascia_option hl7_options[HL7_OPTION_COUNT] = {
    {ROW(FASCIA_OPTION_TEXT, "application", "MSH-3 of answers to messages whose MSH-5 is empty"),
     .default_value = "FASCIA", .maximum = 180},
    {ROW(FASCIA_OPTION_TEXT, "facility", "MSH-4 of answers to messages whose MSH-6 is empty"), .maximum = 180},
    {ROW(FASCIA_OPTION_TEXT, "processing_ids",
         "MSH-11 values that are taken: any of P (production), T (training) and D (debugging)"),
     .default_value = "P", .maximum = 3},
    {ROW(FASCIA_OPTION_CHOICE, "answer",
         "what a referral that was taken is answered with: an ACK, or an RRI that says where it stands"),
     .choices = "ack|rri", .default_value = "ack"},
    {ROW(FASCIA_OPTION_CHOICE, "changed_new",
         "an I12 with a known RF1-6 and other content changes the referral, or is refused with code 205"),
     .choices = "update|refuse", .default_value = "update"},
    {ROW(FASCIA_OPTION_BOOLEAN, "warnings",
         "put what was doubtful in a message that was taken into ERR segments of severity W (HL7 2.5 and later)"),
     .default_value = "true"},
    {ROW(FASCIA_OPTION_CHOICE, "payer", "where the payer's code stands: IN1-2 (plan) or IN1-3 (company)"),
     .choices = "plan|company", .default_value = "plan"},
    {ROW(FASCIA_OPTION_CHOICE, "referred_to",
         "the provider in PRD with role RT or IR is noted, or is the therapist asked for"),
     .choices = "note|therapist", .default_value = "note"},
    {ROW(FASCIA_OPTION_TEXT, "preferences_segment", "name of the segment that carries the patient's wishes"),
     .default_value = "ZRF", .maximum = 3},
    {ROW(FASCIA_OPTION_GROUP, "senders", "what is known of each sender; the first that matches MSH-3 and MSH-4 counts"),
     .children = sender_options, .child_count = sizeof sender_options / sizeof sender_options[0], .maximum = 10000},
};

/* ---- reading values ---------------------------------------------------------------------------------------------- */

static const Fascia__OptionValue *find(const Fascia__Options *options, const char *name)
{
    for (size_t i = 0; i < options->n_values; i++)
        if (strcmp(options->values[i]->name, name) == 0)
            return options->values[i];
    return NULL;
}

static const char *text_of(struct hl7_arena *arena, const Fascia__Options *options, const char *name,
                           const char *absent)
{
    const Fascia__OptionValue *value = find(options, name);

    if (value == NULL || value->value_case != FASCIA__OPTION_VALUE__VALUE_TEXT)
        return absent;
    return hl7_arena_text(arena, value->text, strlen(value->text));
}

static bool is(const char *value, const char *word)
{
    return strcmp(value, word) == 0;
}

static bool check_npi(const char *number)
{
    size_t size = strlen(number);

    return size == 0 || (size == 10 && strspn(number, "0123456789") == 10);
}

static Fascia__Role role_of(const char *word)
{
    if (is(word, "physician"))
        return FASCIA__ROLE__ROLE_PHYSICIAN;
    if (is(word, "chiropractor"))
        return FASCIA__ROLE__ROLE_CHIROPRACTOR;
    return is(word, "physiotherapist") ? FASCIA__ROLE__ROLE_PHYSIOTHERAPIST : FASCIA__ROLE__ROLE_UNSPECIFIED;
}

static enum hl7_statuses statuses_of(const char *word)
{
    if (is(word, "360x"))
        return HL7_STATUSES_360X;
    return is(word, "none") ? HL7_STATUSES_NONE : HL7_STATUSES_RRI;
}

static unsigned requests_of(const char *word, enum hl7_statuses statuses)
{
    if (is(word, ""))
        word = statuses == HL7_STATUSES_360X ? "both" : "referrals";
    if (is(word, "orders"))
        return HL7_TAKES_ORDERS;
    return is(word, "both") ? HL7_TAKES_REFERRALS | HL7_TAKES_ORDERS : HL7_TAKES_REFERRALS;
}

static bool is_code(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)text[i]))
            return false;
    return size > 0;
}

/* "SC^IP"; "none" or nothing gives two empty texts. */
static bool read_code(struct hl7_arena *arena, const Fascia__Options *options, const char *name, const char *absent,
                      struct hl7_order_code *code, char *fault, size_t fault_size)
{
    const char *text = text_of(arena, options, name, absent), *caret = strchr(text, '^');

    *code = (struct hl7_order_code){"", ""};
    if (text[0] == '\0' || is(text, "none"))
        return true;
    if (caret == NULL || !is_code(text, (size_t)(caret - text)) || !is_code(caret + 1, strlen(caret + 1))) {
        snprintf(fault, fault_size,
                 "senders: %s '%.20s' is neither ORC-1 and ORC-5 with ^ between, such as SC^IP, nor none", name, text);
        return false;
    }
    code->control = hl7_arena_text(arena, text, (size_t)(caret - text));
    code->status = hl7_arena_text(arena, caret + 1, strlen(caret + 1));
    return true;
}

static bool read_orders(struct hl7_arena *arena, const Fascia__Options *options, struct hl7_sender *sender, char *fault,
                        size_t fault_size)
{
    static const struct {
        const char *name, *absent;
    } codes[HL7_NEWS_COUNT] = {[HL7_NEWS_ACCEPTED] = {"code_accepted", CODE_ACCEPTED},
                               [HL7_NEWS_DECLINED] = {"code_declined", CODE_DECLINED},
                               [HL7_NEWS_CANCELLED] = {"code_cancelled", CODE_CANCELLED},
                               [HL7_NEWS_COMPLETED] = {"code_completed", CODE_COMPLETED},
                               [HL7_NEWS_WAITING] = {"code_waiting", CODE_WAITING},
                               [HL7_NEWS_IN_TREATMENT] = {"code_in_treatment", CODE_IN_TREATMENT}};

    sender->statuses = statuses_of(text_of(arena, options, "statuses", "rri"));
    sender->requests = requests_of(text_of(arena, options, "requests", ""), sender->statuses);
    sender->orders_acknowledged = is(text_of(arena, options, "order_answer", "org"), "ack");
    for (size_t i = 0; i < HL7_NEWS_COUNT; i++)
        if (!read_code(arena, options, codes[i].name, codes[i].absent, &sender->codes[i], fault, fault_size))
            return false;
    return true;
}

static bool read_sender(struct hl7_settings *settings, const Fascia__Options *options, enum hl7_answer_form answer,
                        struct hl7_sender *sender, char *fault, size_t fault_size)
{
    struct hl7_arena *arena = &settings->arena;
    const char *charset = text_of(arena, options, "character_set", ""), *word;
    const Fascia__OptionValue *timeout = find(options, "status_timeout");

    sender->application = text_of(arena, options, "application", "");
    sender->facility = text_of(arena, options, "facility", "");
    sender->role = role_of(text_of(arena, options, "role", ""));
    sender->referrer_name = text_of(arena, options, "referrer_name", "");
    sender->referrer_npi = text_of(arena, options, "referrer_npi", "");
    sender->status_to = text_of(arena, options, "status_to", "");
    sender->status_version = text_of(arena, options, "status_version", "");
    sender->status_commit = is(text_of(arena, options, "status_acknowledgement", "application"), "commit");
    if (timeout != NULL && timeout->value_case == FASCIA__OPTION_VALUE__VALUE_NUMBER && timeout->number > 0)
        sender->status_timeout = (uint32_t)timeout->number;
    word = text_of(arena, options, "answer", "");
    sender->answer = is(word, "") ? answer : is(word, "rri") ? HL7_ANSWER_RRI : HL7_ANSWER_ACK;
    word = text_of(arena, options, "acknowledgement", "auto");
    sender->mode = is(word, "original") ? HL7_MODE_ORIGINAL : is(word, "commit") ? HL7_MODE_COMMIT : HL7_MODE_AUTO;
    sender->charset = charset[0] != '\0' ? hl7_charset_find(charset) : NULL;
    if (charset[0] != '\0' && (sender->charset == NULL || hl7_charset_is_wide(sender->charset))) {
        snprintf(fault, fault_size,
                 "senders: character_set '%.40s' is not a set of HL7 table 0211 that MLLP can carry; for example "
                 "'UNICODE UTF-8' or '8859/1'",
                 charset);
        return false;
    }
    if (!check_npi(sender->referrer_npi)) {
        snprintf(fault, fault_size, "senders: referrer_npi '%.40s' is not ten digits", sender->referrer_npi);
        return false;
    }
    return read_orders(arena, options, sender, fault, fault_size);
}

static bool read_senders(struct hl7_settings *settings, const Fascia__Options *options, enum hl7_answer_form answer,
                         char *fault, size_t fault_size)
{
    const Fascia__OptionValue *value = find(options, "senders");
    const Fascia__OptionList *list =
        value != NULL && value->value_case == FASCIA__OPTION_VALUE__VALUE_LIST ? value->list : NULL;

    settings->unknown = (struct hl7_sender){.application = "",
                                            .facility = "",
                                            .referrer_name = "",
                                            .referrer_npi = "",
                                            .status_to = "",
                                            .status_version = "",
                                            .answer = answer,
                                            .requests = HL7_TAKES_REFERRALS};
    if (list == NULL)
        return true;
    settings->senders = hl7_arena_take(&settings->arena, list->n_items * sizeof *settings->senders);
    settings->sender_count = list->n_items;
    for (size_t i = 0; i < list->n_items; i++)
        if (!read_sender(settings, list->items[i], answer, &settings->senders[i], fault, fault_size))
            return false;
    return true;
}

static bool check_texts(const struct hl7_settings *settings, char *fault, size_t fault_size)
{
    const char *name = settings->preferences_segment, *ids = settings->processing_ids;

    if (ids[0] == '\0' || ids[strspn(ids, "PTD")] != '\0') {
        snprintf(fault, fault_size, "processing_ids '%.3s' must be one or more of the letters P, T and D", ids);
        return false;
    }
    if (strlen(name) != 3 || name[0] != 'Z' || !isalnum((unsigned char)name[1]) || !isalnum((unsigned char)name[2])) {
        snprintf(fault, fault_size,
                 "preferences_segment '%.3s' must be three letters or digits of which the first is Z", name);
        return false;
    }
    return true;
}

struct hl7_settings *hl7_settings_create(const Fascia__Options *options, char *fault, size_t fault_size)
{
    struct hl7_settings *settings = hl7_allocate(sizeof *settings);
    struct hl7_arena *arena = &settings->arena;
    const Fascia__OptionValue *warnings = find(options, "warnings");
    enum hl7_answer_form answer = is(text_of(arena, options, "answer", "ack"), "rri") ? HL7_ANSWER_RRI : HL7_ANSWER_ACK;

    settings->application = text_of(arena, options, "application", "FASCIA");
    settings->facility = text_of(arena, options, "facility", "");
    settings->processing_ids = text_of(arena, options, "processing_ids", "P");
    settings->preferences_segment = text_of(arena, options, "preferences_segment", "ZRF");
    settings->update_if_changed = !is(text_of(arena, options, "changed_new", "update"), "refuse");
    settings->payer_is_company = is(text_of(arena, options, "payer", "plan"), "company");
    settings->referred_to_is_therapist = is(text_of(arena, options, "referred_to", "note"), "therapist");
    settings->warnings = warnings == NULL || warnings->value_case != FASCIA__OPTION_VALUE__VALUE_FLAG || warnings->flag;
    if (!check_texts(settings, fault, fault_size) || !read_senders(settings, options, answer, fault, fault_size)) {
        hl7_settings_destroy(settings);
        return NULL;
    }
    return settings;
}

void hl7_settings_destroy(struct hl7_settings *settings)
{
    struct hl7_arena arena;

    if (settings == NULL)
        return;
    arena = settings->arena;
    hl7_arena_finish(&arena);
    free(settings);
}

static bool matches(const char *pattern, const char *value)
{
    return pattern[0] == '\0' || is(pattern, "*") || is(pattern, value);
}

const struct hl7_sender *hl7_settings_sender(const struct hl7_settings *settings, const char *application,
                                             const char *facility)
{
    for (size_t i = 0; i < settings->sender_count; i++)
        if (matches(settings->senders[i].application, application) && matches(settings->senders[i].facility, facility))
            return &settings->senders[i];
    return &settings->unknown;
}
