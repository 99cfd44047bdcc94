/* What a submission must hold, whatever was sent. */
#include "check/patient.h"
#include "check/rig.h"
#include "check/says.h"
#include "core/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3629, section 4; 0 when no character begins here. */
static size_t character_size(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t first, last, size, second_from, second_to;
    } rows[] = {{0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
                {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
                {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (at[0] < rows[i].first || at[0] > rows[i].last)
            continue;
        if (rows[i].size > left || (rows[i].size > 1 && (at[1] < rows[i].second_from || at[1] > rows[i].second_to)))
            return 0;
        for (size_t byte = 2; byte < rows[i].size; byte++)
            if ((at[byte] & 0xc0) != 0x80)
                return 0;
        return rows[i].size;
    }
    return 0;
}

static bool is_text(const char *text)
{
    size_t left = text == NULL ? 0 : strlen(text);

    for (size_t size = 0; left > 0; text += size, left -= size)
        if ((size = character_size((const uint8_t *)text, left)) == 0)
            return false;
    return true;
}

void check_text_clean(char *text)
{
    for (size_t left = strlen(text), size = 0; left > 0; text += size, left -= size) {
        size = character_size((const uint8_t *)text, left);
        if (size == 0) {
            *text = '?';
            size = 1;
        }
    }
}

/* ---- walking a message by its descriptor ------------------------------------------------------------------------------ */

static const char *bad_text(const ProtobufCMessage *message);

static const char *bad_value(const ProtobufCFieldDescriptor *field, const void *value)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return is_text(*(char *const *)value) ? NULL : field->name;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && *(ProtobufCMessage *const *)value != NULL)
        return bad_text(*(ProtobufCMessage *const *)value);
    return NULL;
}

static bool is_there(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *at = (const uint8_t *)message + field->quantifier_offset;

    /* Of a oneof only the member that its case names. */
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 || *(const uint32_t *)(const void *)at == field->id;
}

/* The name of the first string field that is no UTF-8, or NULL. */
static const char *bad_text(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        const uint8_t *at = (const uint8_t *)message + field->offset;
        size_t size = message_value_size(field->type), count = 1;
        const char *bad = NULL;
        if (!is_there(message, field) ||
            (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            count = *(const size_t *)(const void *)((const uint8_t *)message + field->quantifier_offset);
            at = *(const uint8_t *const *)(const void *)at;
        }
        for (size_t j = 0; bad == NULL && j < count; j++)
            bad = bad_value(field, at + j * size);
        if (bad != NULL)
            return bad;
    }
    return NULL;
}

void rules_text(struct rig *rig, const ProtobufCMessage *message)
{
    const char *bad = bad_text(message);

    if (bad != NULL)
        check_find(rig->bench, SAYS_TEXT, "the field %s of a %s is no UTF-8", bad, message->descriptor->short_name);
}

/* ---- submissions -------------------------------------------------------------------------------------------------------- */

static void rules_item(struct rig *rig, const struct rig_token *token, uint32_t item)
{
    /* Most count upwards: then one look is enough, and a long file stays cheap. */
    if (token->count == 0 || item > token->submissions[token->count - 1].message->item)
        return;
    for (size_t i = 0; i < token->count; i++)
        if (token->submissions[i].message->item == item) {
            check_find(rig->bench, SAYS_ITEM, "two submissions of one delivery have the item %u", item);
            return;
        }
}

static void rules_place(struct rig *rig, const struct patient *patient, const char *what, const char *text)
{
    const char *marker = patient_found(patient, text, text == NULL ? 0 : strlen(text));

    if (marker != NULL)
        check_find(rig->bench, SAYS_PLACE, "%s holds the patient's %s", what, marker);
}

void rules_places(struct rig *rig, const Fascia__Referral *referral)
{
    struct patient patient;

    patient_read(&patient, referral);
    rules_place(rig, &patient, "referral.sender", referral->sender);
    rules_place(rig, &patient, "referral.message_id", referral->message_id);
    rules_place(rig, &patient, "referral.original_media_type", referral->original_media_type);
    for (size_t i = 0; i < referral->n_conditions; i++) {
        rules_place(rig, &patient, "conditions.location", referral->conditions[i]->location);
        rules_place(rig, &patient, "conditions.system", referral->conditions[i]->system);
    }
    for (size_t i = 0; i < referral->n_procedures; i++) {
        rules_place(rig, &patient, "procedures.location", referral->procedures[i]->location);
        rules_place(rig, &patient, "procedures.system", referral->procedures[i]->system);
    }
    for (size_t i = 0; i < referral->n_flags; i++)
        rules_place(rig, &patient, "flags.location", referral->flags[i]->location);
    for (size_t i = 0; i < referral->n_notes; i++)
        rules_place(rig, &patient, "notes.location", referral->notes[i]->location);
    for (size_t i = 0; i < referral->n_kept; i++)
        rules_place(rig, &patient, "kept.location", referral->kept[i]->location);
    for (size_t i = 0; i < referral->n_attachments; i++)
        rules_place(rig, &patient, "attachments.location", referral->attachments[i]->location);
    for (size_t i = 0; i < referral->n_reply; i++)
        rules_place(rig, &patient, "the reply map", referral->reply[i]->value);
}

void rules_submission(struct rig *rig, const struct rig_token *token, const Fascia__Submission *submission)
{
    rules_text(rig, &submission->base);
    rules_item(rig, token, submission->item);
}
