#include "hl7v2/decode.h"

#include <string.h>

#define OWNED(text) ((char *)(uintptr_t)(text))

static void fault(struct hl7_decoder *decoder, enum hl7_error_code code, const char *field, const char *text,
                  const char *location)
{
    hl7_find(decoder->arena, &decoder->incoming->findings, code, false, field, text, "%s", location);
}

/* ---- ORC --------------------------------------------------------------------------------------------------------- */

/* HL7 table 0119, as far as a placer says it to a filler of a referral. Cancelling and discontinuing differ in occurrences that are to
 * come, and a referral is all of its visits. */
static const struct {
    const char *control;
    Fascia__Submit__Action action;
} controls[] = {{"NW", FASCIA__SUBMIT__ACTION__NEW},
                {"XO", FASCIA__SUBMIT__ACTION__MODIFY},
                {"CA", FASCIA__SUBMIT__ACTION__CANCEL},
                {"DC", FASCIA__SUBMIT__ACTION__CANCEL}};

static Fascia__Submit__Action read_control(struct hl7_decoder *decoder, struct hl7_segment *orc)
{
    const char *control = hl7_text(decoder->message, orc, 1, 1, 1, 0);
    bool status = decoder->incoming->kind == HL7_KIND_ORDER_STATUS;

    if (control[0] == '\0') {
        fault(decoder, HL7_REQUIRED, "action", "ORC-1 does not say what is asked", "ORC[1]-1");
        return FASCIA__SUBMIT__ACTION__STATUS;
    }
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
        if (strcmp(controls[i].control, control) == 0 &&
            !(status && controls[i].action != FASCIA__SUBMIT__ACTION__CANCEL))
            return controls[i].action;
    fault(decoder, HL7_TABLE_VALUE, "action",
          status ? "of a status from a referrer, CA and DC are taken here: it cancels"
                 : "of order controls, NW, XO, CA and DC are taken here",
          "ORC[1]-1");
    return FASCIA__SUBMIT__ACTION__STATUS;
}

/* OBR-2 and OBR-3 say again what ORC-2 and ORC-3 say (chapter 4.5.3). */
static void ask_again(struct hl7_decoder *decoder, struct hl7_segment *orc, struct hl7_segment *obr, uint32_t field)
{
    struct hl7_span a = hl7_span_of(decoder->message, orc, field, 0, 0, 0);
    struct hl7_span b = hl7_span_of(decoder->message, obr, field, 0, 0, 0);

    if (obr != NULL && a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0))
        hl7_ask(obr, field);
}

Fascia__Submit__Action hl7_decode_order(struct hl7_decoder *decoder)
{
    struct hl7_segment *orc = hl7_segment_find(decoder->message, "ORC", 1);
    struct hl7_segment *obr = hl7_segment_find(decoder->message, "OBR", 1);
    Fascia__Submit__Action action;

    if (orc == NULL) {
        fault(decoder, HL7_SEQUENCE, "action", "the ORC segment of the order is missing", "ORC[1]");
        return FASCIA__SUBMIT__ACTION__STATUS;
    }
    action = read_control(decoder, orc);
    if (hl7_segment_find(decoder->message, "ORC", 2) != NULL)
        fault(decoder, HL7_APPLICATION, "", "one order is one referral: send each in a message of its own", "ORC[2]");
    if (obr == NULL && (action == FASCIA__SUBMIT__ACTION__NEW || action == FASCIA__SUBMIT__ACTION__MODIFY))
        fault(decoder, HL7_SEQUENCE, "procedures", "the OBR segment of the order is missing", "OBR[1]");
    hl7_ask(orc, 9); /* when it was sent on: of the message, like EVN-2 */
    decoder->referral->sender_referral_id = OWNED(hl7_decode_entity(decoder, orc, 2));
    if (decoder->referral->sender_referral_id[0] == '\0')
        decoder->referral->sender_referral_id = OWNED(hl7_decode_entity(decoder, obr, 2));
    else
        ask_again(decoder, orc, obr, 2);
    if (decoder->referral->sender_referral_id[0] == '\0')
        fault(decoder, HL7_REQUIRED, "sender_referral_id",
              "without the placer order number the referral can't be told apart from others, nor its status be told",
              "ORC[1]-2");
    return action;
}

/* ---- TQ1, and before 2.5 the quantity and timing of ORC and OBR ---------------------------------------------------- */

struct place {
    const char *segment;
    uint32_t field, component;
};
enum { PLACES = 4 };

static struct hl7_segment *first_filled(struct hl7_decoder *decoder, const struct place places[PLACES], size_t *which)
{
    for (size_t i = 0; i < PLACES && places[i].segment != NULL; i++) {
        struct hl7_segment *segment = hl7_segment_find(decoder->message, places[i].segment, 1);
        if (hl7_span_of(decoder->message, segment, places[i].field, 1, places[i].component, 0).size == 0)
            continue;
        *which = i;
        return segment;
    }
    return NULL;
}

static const char *read_day(struct hl7_decoder *decoder, const struct place places[PLACES], const char *name)
{
    size_t i = 0;
    struct hl7_segment *segment = first_filled(decoder, places, &i);

    return segment == NULL ? "" : hl7_decode_day(decoder, segment, places[i].field, places[i].component, name);
}

/* In 360X the end of TQ1 is the day by which the patient is to be seen. */
void hl7_decode_timing(struct hl7_decoder *decoder)
{
    static const struct place starts[PLACES] = {{"TQ1", 7, 1}, {"ORC", 7, 4}, {"OBR", 27, 4}, {0}};
    static const struct place ends[PLACES] = {{"TQ1", 8, 1}, {"ORC", 7, 5}, {"OBR", 27, 5}, {0}};
    static const struct place priorities[PLACES] = {{"TQ1", 9, 1}, {"ORC", 7, 6}, {"OBR", 27, 6}, {"OBR", 5, 1}};
    Fascia__Preferences *preferences = decoder->referral->preferences;
    struct hl7_segment *segment;
    size_t i = 0;

    hl7_ask(hl7_segment_find(decoder->message, "TQ1", 1), 1);
    preferences->not_before = OWNED(read_day(decoder, starts, "preferences.not_before"));
    preferences->not_after = OWNED(read_day(decoder, ends, "preferences.not_after"));
    segment = first_filled(decoder, priorities, &i);
    if (segment == NULL)
        return;
    hl7_decode_priority(decoder, segment, priorities[i].field, priorities[i].component);
}

/* ---- who orders -------------------------------------------------------------------------------------------------- */

static void read_phones(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field)
{
    Fascia__Referrer *referrer = decoder->referral->referrer;
    uint32_t count = hl7_repetitions(decoder->message, segment, field);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        bool email;
        const char *phone = hl7_decode_phone(decoder, segment, field, repetition, &email);
        if (phone[0] != '\0')
            HL7_PUSH(decoder->arena, referrer->phones, referrer->n_phones, OWNED(phone));
    }
}

/* ORC-12; where that is empty OBR-16, which says the same (chapter 4.5.3.16), or the referring doctor of the visit. */
bool hl7_decode_ordering_provider(struct hl7_decoder *decoder)
{
    struct hl7_segment *orc = hl7_segment_find(decoder->message, "ORC", 1);
    struct hl7_segment *obr = hl7_segment_find(decoder->message, "OBR", 1);
    struct hl7_span ordered = hl7_span_of(decoder->message, orc, 12, 0, 0, 0);
    struct hl7_span again = hl7_span_of(decoder->message, obr, 16, 0, 0, 0);

    if (!hl7_decode_person(decoder, orc, 12) && !hl7_decode_person(decoder, obr, 16) &&
        !hl7_decode_person(decoder, hl7_segment_find(decoder->message, "PV1", 1), 8))
        return false;
    if (ordered.size > 0 && ordered.size == again.size && memcmp(ordered.at, again.at, again.size) == 0)
        hl7_ask(obr, 16);
    decoder->referral->referrer->organisation = OWNED(hl7_text(decoder->message, orc, 21, 1, 1, 0));
    read_phones(decoder, orc, 14);
    read_phones(decoder, orc, 23);
    return true;
}

/* ---- why --------------------------------------------------------------------------------------------------------- */

/* A coded reason is a condition. Words alone are for people, and stand in for the condition where no DG1 names one. */
void hl7_decode_order_reasons(struct hl7_decoder *decoder, struct hl7_segment *obr)
{
    uint32_t count = hl7_repetitions(decoder->message, obr, 31);
    bool diagnosed = hl7_segment_find(decoder->message, "DG1", 1) != NULL;

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        Fascia__Code *code = hl7_decode_code(decoder, obr, 31, repetition, 0);
        if (code == NULL)
            continue;
        if (code->text[0] != '\0')
            hl7_decode_note(decoder, "reason", code->text,
                            hl7_arena_format(decoder->arena, "OBR[%u]-31[%u]", obr->number, repetition));
        if (code->code[0] != '\0' || !diagnosed)
            HL7_PUSH(decoder->arena, decoder->referral->conditions, decoder->referral->n_conditions, code);
    }
}
