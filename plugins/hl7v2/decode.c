#include "hl7v2/decode.h"

#include <string.h>

#define OWNED(text) ((char *)(uintptr_t)(text))

/* A segment with more than this many fields that nobody understood is kept in one piece. */
enum { KEPT_FIELDS = 16 };

static void keep(struct hl7_decoder *decoder, const char *location, struct hl7_span content)
{
    Fascia__Kept *kept = hl7_arena_take(decoder->arena, sizeof *kept);

    fascia__kept__init(kept);
    kept->location = OWNED(location);
    kept->content = hl7_arena_text(decoder->arena, content.at, content.size);
    HL7_PUSH(decoder->arena, decoder->referral->kept, decoder->referral->n_kept, kept);
}

static void keep_segment(struct hl7_decoder *decoder, const struct hl7_segment *segment)
{
    uint32_t left = 0;

    for (uint32_t field = 1; field <= segment->field_count; field++)
        left += hl7_field_left(decoder->message, segment, field);
    if (left > KEPT_FIELDS || !hl7_segment_asked(segment)) {
        keep(decoder, hl7_arena_format(decoder->arena, "%s[%u]", segment->name, segment->number), segment->text);
        return;
    }
    for (uint32_t field = 1; left > 0 && field <= segment->field_count; field++)
        if (hl7_field_left(decoder->message, segment, field))
            keep(decoder, hl7_arena_format(decoder->arena, "%s[%u]-%u", segment->name, segment->number, field),
                 hl7_span_of(decoder->message, segment, field, 0, 0, 0));
}

/* EVN says again what MSH says; when it was recorded belongs to the message, and differs in a resend. */
static void ask_event(struct hl7_decoder *decoder)
{
    struct hl7_segment *evn = hl7_segment_find(decoder->message, "EVN", 1);

    hl7_ask(evn, 1);
    hl7_ask(evn, 2);
}

static void add_reply(struct hl7_decoder *decoder, const char *key, const char *value)
{
    Fascia__Referral__ReplyEntry *entry = hl7_arena_take(decoder->arena, sizeof *entry);

    fascia__referral__reply_entry__init(entry);
    entry->key = OWNED(key);
    entry->value = OWNED(value);
    HL7_PUSH(decoder->arena, decoder->referral->reply, decoder->referral->n_reply, entry);
}

static void begin(struct hl7_decoder *decoder)
{
    Fascia__Referral *referral = hl7_arena_take(decoder->arena, sizeof *referral);
    const struct hl7_incoming *incoming = decoder->incoming;
    struct hl7_span msh = incoming->msh->text;

    fascia__referral__init(referral);
    referral->referrer = hl7_arena_take(decoder->arena, sizeof *referral->referrer);
    fascia__referrer__init(referral->referrer);
    referral->patient = hl7_arena_take(decoder->arena, sizeof *referral->patient);
    fascia__patient__init(referral->patient);
    referral->preferences = hl7_arena_take(decoder->arena, sizeof *referral->preferences);
    fascia__preferences__init(referral->preferences);
    referral->sender = hl7_arena_format(decoder->arena, "%s|%s", incoming->application, incoming->facility);
    referral->message_id = OWNED(incoming->control_id);
    decoder->referral = referral;
    /* The rest of what a status needs is in the original message; the header has no patient data in it. */
    add_reply(decoder, "msh", hl7_arena_text(decoder->arena, msh.at, msh.size));
}

static Fascia__Submit__Action action_of(const char *event)
{
    switch (event[2]) {
    case '3':
        return FASCIA__SUBMIT__ACTION__MODIFY;
    case '4':
        return FASCIA__SUBMIT__ACTION__CANCEL;
    case '5':
        return FASCIA__SUBMIT__ACTION__STATUS;
    default:
        return FASCIA__SUBMIT__ACTION__NEW;
    }
}

static void decode_content(struct hl7_decoder *decoder)
{
    hl7_decode_providers(decoder);
    hl7_decode_patient(decoder);
    if (hl7_incoming_is_order(decoder->incoming))
        hl7_decode_timing(decoder);
    hl7_decode_insurance(decoder);
    hl7_decode_authorization(decoder);
    hl7_decode_wishes(decoder);
    hl7_decode_clinical(decoder);
    ask_event(decoder);
    for (size_t i = 0; i < decoder->message->segment_count; i++)
        keep_segment(decoder, &decoder->message->segments[i]);
}

static const char *reason_of(struct hl7_decoder *decoder)
{
    const char *reason = "";

    for (size_t i = 0; i < decoder->referral->n_notes && i < 20; i++) {
        const char *text = decoder->referral->notes[i]->text;
        reason = reason[0] == '\0' ? text : hl7_arena_format(decoder->arena, "%s\n%s", reason, text);
    }
    return reason;
}

static void read_cancel_notes(struct hl7_decoder *decoder)
{
    struct hl7_message *message = decoder->message;
    uint32_t number = 0;

    if (hl7_incoming_is_order(decoder->incoming))
        hl7_decode_reasons(decoder, hl7_segment_find(message, "ORC", 1), 16);
    for (struct hl7_segment *nte; number < 10 && (nte = hl7_segment_find(message, "NTE", number + 1)) != NULL;) {
        number++;
        hl7_decode_note(decoder, "reason", hl7_free_text(message, nte, 3),
                        hl7_arena_format(decoder->arena, "NTE[%u]-3", number));
    }
}

Fascia__Submission *hl7_decode(const struct hl7_settings *settings, struct hl7_incoming *incoming,
                               struct fascia_bytes original)
{
    struct hl7_decoder decoder = {
        .settings = settings, .incoming = incoming, .message = &incoming->message, .arena = incoming->message.arena};
    Fascia__Submission *submission;
    Fascia__Submit *submit;

    if (incoming->findings.errors > 0 || incoming->msh == NULL || !incoming->decodable)
        return NULL;
    submission = hl7_arena_take(decoder.arena, sizeof *submission);
    submit = hl7_arena_take(decoder.arena, sizeof *submit);
    fascia__submission__init(submission);
    fascia__submit__init(submit);
    begin(&decoder);
    hl7_decode_structure(&decoder);
    if (hl7_incoming_is_order(incoming)) {
        submit->action = hl7_decode_order(&decoder);
    } else {
        submit->action = action_of(incoming->event);
        hl7_decode_referral(&decoder);
    }
    if (submit->action == FASCIA__SUBMIT__ACTION__NEW || submit->action == FASCIA__SUBMIT__ACTION__MODIFY) {
        decode_content(&decoder);
        decoder.referral->original = (ProtobufCBinaryData){original.size, (uint8_t *)(uintptr_t)original.data};
        decoder.referral->original_media_type = OWNED("x-application/hl7-v2+er7");
    } else {
        read_cancel_notes(&decoder);
        submit->reason = OWNED(reason_of(&decoder));
    }
    submit->referral = decoder.referral;
    submit->update_if_changed = settings->update_if_changed;
    submission->submit = submit;
    return incoming->findings.errors > 0 ? NULL : submission;
}
