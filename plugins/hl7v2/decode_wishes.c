#include "hl7v2/decode.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define OWNED(text) ((char *)(uintptr_t)(text))

static void doubt(struct hl7_decoder *decoder, enum hl7_error_code code, const char *field, const char *text,
                  const struct hl7_segment *segment, unsigned number)
{
    hl7_find(decoder->arena, &decoder->incoming->findings, code, true, field, text, "%s[%u]-%u", segment->name,
             segment->number, number);
}

static void fault(struct hl7_decoder *decoder, enum hl7_error_code code, const char *field, const char *text,
                  const struct hl7_segment *segment, unsigned number)
{
    hl7_find(decoder->arena, &decoder->incoming->findings, code, false, field, text, "%s[%u]-%u", segment->name,
             segment->number, number);
}

/* ---- RF1 --------------------------------------------------------------------------------------------------------- */

/* Read, with what the sender calls it where it is a field of its own (CE, CWE). */
static void ask_priority(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field, uint32_t component)
{
    hl7_text(decoder->message, segment, field, 1, component, component == 1 ? 0 : 1);
    for (uint32_t name = 2; component == 1 && name <= 3; name++)
        hl7_text(decoder->message, segment, field, 1, name, 0);
}

void hl7_decode_priority(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field, uint32_t component)
{
    const char *code = hl7_peek(decoder->message, segment, field, 1, component, component == 1 ? 0 : 1);
    Fascia__Priority *priority = &decoder->referral->priority;

    if (code[0] == '\0')
        return;
    if (strcasecmp(code, "S") == 0 || strcasecmp(code, "STAT") == 0)
        *priority = FASCIA__PRIORITY__PRIORITY_STAT;
    else if (strcasecmp(code, "A") == 0 || strcasecmp(code, "ASAP") == 0 || strcasecmp(code, "URGENT") == 0)
        *priority = FASCIA__PRIORITY__PRIORITY_URGENT;
    else if (strcasecmp(code, "R") == 0 || strcasecmp(code, "ROUTINE") == 0)
        *priority = FASCIA__PRIORITY__PRIORITY_ROUTINE;
    else {
        doubt(decoder, HL7_TABLE_VALUE, "priority", "the priority is none of S, A and R and is treated as routine",
              segment, field);
        return;
    }
    ask_priority(decoder, segment, field, component);
}

const char *hl7_decode_day(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field, uint32_t component,
                           const char *name)
{
    const char *text = hl7_text(decoder->message, segment, field, 1, component, component == 1 ? 0 : 1), *date;

    if (text[0] == '\0')
        return "";
    date = hl7_decode_date(decoder->arena, text);
    if (date == NULL || strlen(date) != 10) {
        fault(decoder, HL7_DATA_TYPE, name, "this is not a date of the form YYYYMMDD", segment, field);
        return "";
    }
    return date;
}

void hl7_decode_reasons(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field)
{
    uint32_t count = hl7_repetitions(decoder->message, segment, field);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        const char *code = hl7_text(decoder->message, segment, field, repetition, 1, 0);
        const char *text = hl7_text(decoder->message, segment, field, repetition, 2, 0);
        const char *note = text[0] == '\0'   ? code
                           : code[0] == '\0' ? text
                                             : hl7_arena_format(decoder->arena, "%s (%s)", text, code);
        hl7_decode_note(decoder, "reason", note,
                        hl7_arena_format(decoder->arena, "%s[%u]-%u", segment->name, segment->number, field));
    }
}

/* With its assigning authority: engines pass on ids of several systems. */
const char *hl7_decode_entity(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field)
{
    const char *id = hl7_text(decoder->message, segment, field, 1, 1, 0);
    const char *space = hl7_text(decoder->message, segment, field, 1, 2, 0);
    const char *universal = hl7_text(decoder->message, segment, field, 1, 3, 0);

    hl7_text(decoder->message, segment, field, 1, 4, 0);
    if (id[0] == '\0')
        return "";
    if (space[0] == '\0')
        space = universal;
    return space[0] == '\0' ? id : hl7_arena_format(decoder->arena, "%s^%s", id, space);
}

/* FNV-1a. It tells a resend from another message of the same sender; no one has to be kept from making two alike. */
static uint64_t content_sum(const struct hl7_message *message)
{
    uint64_t sum = UINT64_C(14695981039346656037);

    for (size_t i = 1; i < message->segment_count; i++)
        for (size_t j = 0; j < message->segments[i].text.size; j++)
            sum = (sum ^ (uint8_t)message->segments[i].text.at[j]) * UINT64_C(1099511628211);
    return sum;
}

void hl7_decode_referral(struct hl7_decoder *decoder)
{
    struct hl7_segment *rf1 = hl7_segment_find(decoder->message, "RF1", 1);
    Fascia__Referral *referral = decoder->referral;
    bool is_new = strcmp(decoder->incoming->event, "I12") == 0;
    struct hl7_span sent;

    referral->sender_referral_id = OWNED(hl7_decode_entity(decoder, rf1, 6));
    if (referral->sender_referral_id[0] == '\0') {
        if (!is_new) {
            hl7_find(decoder->arena, &decoder->incoming->findings, HL7_REQUIRED, false, "sender_referral_id",
                     "without the originating referral identifier the referral can't be found", "RF1[1]-6");
            return;
        }
        /* A resend is the same message again: same MSH-10, same content. */
        referral->sender_referral_id = hl7_arena_format(decoder->arena, "%s#%016llx", referral->message_id,
                                                        (unsigned long long)content_sum(decoder->message));
    }
    if (rf1 == NULL)
        return;
    sent = hl7_span_of(decoder->message, rf1, 1, 1, 1, 0);
    if (sent.size == 1 && sent.at[0] == 'P') /* pending, as every referral is that is sent */
        hl7_ask(rf1, 1);
    hl7_decode_priority(decoder, rf1, 2, 1);
    referral->preferences->not_before = OWNED(hl7_decode_day(decoder, rf1, 7, 1, "preferences.not_before"));
    referral->preferences->not_after = OWNED(hl7_decode_day(decoder, rf1, 8, 1, "preferences.not_after"));
    hl7_decode_reasons(decoder, rf1, 10);
    hl7_decode_note(decoder, "reason", hl7_free_text(decoder->message, rf1, 14), "RF1[1]-14");
}

/* ---- AUT --------------------------------------------------------------------------------------------------------- */

/* false: nothing stands there. In a referral 0 is "not stated", so a 0 that was sent is said to the sender, and kept. */
static bool read_count(struct hl7_decoder *decoder, struct hl7_segment *segment, unsigned field, const char *name,
                       uint32_t *count)
{
    const char *sent = hl7_peek(decoder->message, segment, field, 1, 1, 0);
    uint32_t number = 0;

    if (sent[0] == '\0')
        return false;
    if (!hl7_decode_number(sent, &number))
        doubt(decoder, HL7_DATA_TYPE, name, "this is not a whole number and was not used", segment, field);
    else if (number == 0)
        doubt(decoder, HL7_TABLE_VALUE, name, "0 visits: no rule acts on that; it is kept for people to read", segment,
              field);
    else
        hl7_text(decoder->message, segment, field, 1, 1, 0);
    *count = number <= 1000000 ? number : 0;
    return true;
}

static const char *read_doubtful_day(struct hl7_decoder *decoder, struct hl7_segment *segment, unsigned field,
                                     const char *name)
{
    const char *sent = hl7_peek(decoder->message, segment, field, 1, 1, 0), *date;

    if (sent[0] == '\0')
        return "";
    date = hl7_decode_date(decoder->arena, sent);
    if (date == NULL || strlen(date) != 10) {
        doubt(decoder, HL7_DATA_TYPE, name, "this is not a date of the form YYYYMMDD and was not used", segment, field);
        return "";
    }
    hl7_text(decoder->message, segment, field, 1, 1, 0);
    return date;
}

/* The first AUT: the referral's own, or where there is none, that of a PR1. Others are kept. */
void hl7_decode_authorization(struct hl7_decoder *decoder)
{
    struct hl7_message *message = decoder->message;
    struct hl7_segment *aut = hl7_segment_find(message, "AUT", 1), *rf1 = hl7_segment_find(message, "RF1", 1);
    Fascia__Authorization *authorization = hl7_arena_take(decoder->arena, sizeof *authorization);
    bool authorised = false; /* the payer says of how many */

    fascia__authorization__init(authorization);
    if (aut != NULL) {
        authorization->number = OWNED(hl7_text(message, aut, 6, 1, 1, 0));
        authorization->valid_from = OWNED(read_doubtful_day(decoder, aut, 4, "authorization.valid_from"));
        authorization->valid_to = OWNED(read_doubtful_day(decoder, aut, 5, "authorization.valid_to"));
        (void)read_count(decoder, aut, 8, "authorization.visits_requested", &authorization->visits_requested);
        authorised = read_count(decoder, aut, 9, "authorization.visits_authorised", &authorization->visits_authorised);
    }
    if (!authorised && rf1 != NULL)
        (void)read_count(decoder, rf1, 15, "authorization.visits_authorised", &authorization->visits_authorised);
    if (aut != NULL || authorization->visits_authorised != 0)
        decoder->referral->authorization = authorization;
}

/* ---- the segment of wishes ---------------------------------------------------------------------------------------- */

/* "0900" or "09:00", up to 2400; minutes after midnight. */
static bool read_minute(const char *text, uint32_t *minute)
{
    char digits[5] = "";
    size_t used = 0;
    uint32_t value;

    for (; *text != '\0'; text++) {
        if (*text == ':' && used == 2)
            continue;
        if (!isdigit((unsigned char)*text) || used == 4)
            return false;
        digits[used++] = *text;
    }
    if (used != 4 || !hl7_decode_number(digits, &value))
        return false;
    *minute = value / 100 * 60 + value % 100;
    return value % 100 < 60 && *minute <= 1440;
}

/* "MO,WE,FR" "MO-FR"; empty: every day. */
static bool read_weekdays(const char *text, uint32_t *weekdays)
{
    static const char names[] = "MOTUWETHFRSASU";
    int from = -1;

    *weekdays = 0;
    while (*text != '\0') {
        int day = -1;
        for (int i = 0; i < 7; i++)
            if (toupper((unsigned char)text[0]) == names[2 * i] && toupper((unsigned char)text[1]) == names[2 * i + 1])
                day = i;
        if (day < 0)
            return false;
        for (int i = from >= 0 ? from : day;; i = (i + 1) % 7) {
            *weekdays |= UINT32_C(1) << i;
            if (i == day)
                break;
        }
        text += 2;
        from = *text == '-' ? day : -1;
        if (*text != '\0' && *text != '-' && *text != ',' && *text != ' ')
            return false;
        if (*text != '\0' && *++text == '\0')
            return false;
    }
    return true;
}

static void read_windows(struct hl7_decoder *decoder, struct hl7_segment *wishes)
{
    Fascia__Preferences *preferences = decoder->referral->preferences;
    uint32_t count = hl7_repetitions(decoder->message, wishes, 2);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        Fascia__Window *window = hl7_arena_take(decoder->arena, sizeof *window);
        const char *days = hl7_text(decoder->message, wishes, 2, repetition, 1, 0);
        const char *from = hl7_text(decoder->message, wishes, 2, repetition, 2, 0);
        const char *to = hl7_text(decoder->message, wishes, 2, repetition, 3, 0);
        fascia__window__init(window);
        if (!read_weekdays(days, &window->weekdays) || !read_minute(from, &window->from_minute) ||
            !read_minute(to, &window->to_minute) || window->from_minute >= window->to_minute) {
            hl7_find(decoder->arena, &decoder->incoming->findings, HL7_DATA_TYPE, false, "preferences.windows",
                     "a window is days, from, to: MO,WE^0900^1200", "%s[1]-2[%u]", wishes->name, repetition);
            return;
        }
        HL7_PUSH(decoder->arena, preferences->windows, preferences->n_windows, window);
    }
}

static void read_wished_languages(struct hl7_decoder *decoder, struct hl7_segment *wishes)
{
    Fascia__Preferences *preferences = decoder->referral->preferences;
    uint32_t count = hl7_repetitions(decoder->message, wishes, 4);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        const char *code = hl7_text(decoder->message, wishes, 4, repetition, 1, 0);
        const char *language =
            hl7_decode_language(decoder->arena, code, hl7_text(decoder->message, wishes, 4, repetition, 2, 0));
        if (language == NULL)
            fault(decoder, HL7_TABLE_VALUE, "preferences.languages", "a language is an ISO 639 code", wishes, 4);
        else
            HL7_PUSH(decoder->arena, preferences->languages, preferences->n_languages, OWNED(language));
    }
}

static void read_gender_and_mode(struct hl7_decoder *decoder, struct hl7_segment *wishes)
{
    Fascia__Preferences *preferences = decoder->referral->preferences;
    const char *gender = hl7_text(decoder->message, wishes, 5, 1, 1, 0);
    const char *mode = hl7_text(decoder->message, wishes, 6, 1, 1, 0);

    if (strcasecmp(gender, "F") == 0)
        preferences->therapist_gender = FASCIA__GENDER__GENDER_FEMALE;
    else if (strcasecmp(gender, "M") == 0)
        preferences->therapist_gender = FASCIA__GENDER__GENDER_MALE;
    else if (strcasecmp(gender, "O") == 0)
        preferences->therapist_gender = FASCIA__GENDER__GENDER_OTHER;
    else if (gender[0] != '\0')
        fault(decoder, HL7_TABLE_VALUE, "preferences.therapist_gender", "the therapist's gender is F, M or O", wishes,
              5);
    if (strcasecmp(mode, "CLINIC") == 0)
        preferences->visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_CLINIC;
    else if (strcasecmp(mode, "HOME") == 0)
        preferences->visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_HOME;
    else if (strcasecmp(mode, "REMOTE") == 0)
        preferences->visit_mode = FASCIA__VISIT_MODE__VISIT_MODE_REMOTE;
    else if (mode[0] != '\0')
        fault(decoder, HL7_TABLE_VALUE, "preferences.visit_mode", "the visit is CLINIC, HOME or REMOTE", wishes, 6);
}

/* CQ: quantity and unit; kilometres when no unit is named. */
static void read_distance(struct hl7_decoder *decoder, struct hl7_segment *wishes)
{
    const char *text = hl7_text(decoder->message, wishes, 7, 1, 1, 0);
    const char *unit = hl7_text(decoder->message, wishes, 7, 1, 2, 1);
    uint32_t quantity, metres = 0;

    if (text[0] == '\0')
        return;
    if (hl7_decode_number(text, &quantity) && quantity > 0 && quantity <= 20000) {
        if (unit[0] == '\0' || strcasecmp(unit, "km") == 0)
            metres = quantity * 1000;
        else if (strcasecmp(unit, "mi") == 0 || strcasecmp(unit, "[mi_i]") == 0)
            metres = (uint32_t)((uint64_t)quantity * 1609344 / 1000);
        else if (strcasecmp(unit, "m") == 0)
            metres = quantity;
    }
    if (metres == 0)
        fault(decoder, HL7_DATA_TYPE, "preferences.max_distance", "a distance is a whole number of km, mi or m", wishes,
              7);
    decoder->referral->preferences->max_distance = metres;
}

static void read_duration(struct hl7_decoder *decoder, struct hl7_segment *wishes)
{
    const char *text = hl7_text(decoder->message, wishes, 8, 1, 1, 0);
    uint32_t minutes = 0;

    if (text[0] == '\0')
        return;
    if (!hl7_decode_number(text, &minutes) || minutes < 15 || minutes > 480)
        fault(decoder, HL7_DATA_TYPE, "preferences.duration_minutes", "a visit takes 15 to 480 minutes", wishes, 8);
    else
        decoder->referral->preferences->duration_minutes = minutes;
}

void hl7_decode_wishes(struct hl7_decoder *decoder)
{
    struct hl7_segment *wishes = hl7_segment_find(decoder->message, decoder->settings->preferences_segment, 1);
    Fascia__Referral *referral = decoder->referral;
    uint32_t techniques = hl7_repetitions(decoder->message, wishes, 10);
    const char *therapist;

    if (wishes == NULL)
        return;
    hl7_ask(wishes, 1);
    read_windows(decoder, wishes);
    referral->preferences->time_zone = OWNED(hl7_text(decoder->message, wishes, 3, 1, 1, 0));
    read_wished_languages(decoder, wishes);
    read_gender_and_mode(decoder, wishes);
    read_distance(decoder, wishes);
    read_duration(decoder, wishes);
    therapist = hl7_text(decoder->message, wishes, 9, 1, 1, 0);
    if (therapist[0] != '\0')
        referral->preferences->therapist = OWNED(therapist);
    for (uint32_t repetition = 1; repetition <= techniques; repetition++) {
        Fascia__Code *code = hl7_decode_code(decoder, wishes, 10, repetition, 0);
        if (code != NULL)
            HL7_PUSH(decoder->arena, referral->procedures, referral->n_procedures, code);
    }
}
