#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* What is hashed begins with a letter for its kind, and each text with its length: no two lists of texts look alike. */
struct writing {
    uint8_t *bytes;
    size_t count, room;
};

static void write_bytes(struct writing *writing, const void *bytes, size_t size)
{
    writing->bytes = memory_grow(writing->bytes, &writing->room, writing->count + size, 1);
    memcpy(writing->bytes + writing->count, bytes, size);
    writing->count += size;
}

static void write_text(struct writing *writing, const char *text)
{
    uint64_t size = strlen(text);

    write_bytes(writing, &size, sizeof size);
    write_bytes(writing, text, size);
}

/* Names come in many cases and spacings; only letters, digits and bytes beyond ASCII count. */
static void write_name(struct writing *writing, const char *text)
{
    char letter;

    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || (unsigned char)*text >= 0x80) {
            letter = (char)tolower((unsigned char)*text);
            write_bytes(writing, &letter, 1);
        }
    }
    write_bytes(writing, "", 1);
}

static void hash(const struct engine *engine, struct writing *writing, uint8_t key[RECORD_KEY_BYTES])
{
    engine->hash.keyed(engine->hash.context, writing->bytes, writing->count, key);
    free(writing->bytes);
}

/* Not part of what a referral says: the message's own id and bytes, and what its source keeps for its answers. */
static void make_content_key(const struct engine *engine, const Fascia__Referral *referral,
                             uint8_t key[RECORD_KEY_BYTES])
{
    Fascia__Referral content = *referral;
    struct writing writing = {0};
    uint8_t *packed;
    size_t size;

    content.message_id = MESSAGE_EMPTY;
    content.original = (ProtobufCBinaryData){0};
    content.original_media_type = MESSAGE_EMPTY;
    content.n_reply = 0;
    content.reply = NULL;
    content.base.n_unknown_fields = 0;
    packed = message_pack(&content.base, &size);
    write_bytes(&writing, "c", 1);
    write_bytes(&writing, packed, size);
    free(packed);
    hash(engine, &writing, key);
}

static void make_sender_key(const struct engine *engine, const char *source, const Fascia__Referral *referral,
                            const uint8_t content[RECORD_KEY_BYTES], uint8_t key[RECORD_KEY_BYTES])
{
    struct writing writing = {0};
    bool by_referral = *referral->sender_referral_id != '\0';
    bool by_message = !by_referral && *referral->message_id != '\0';

    write_bytes(&writing, by_referral ? "r" : by_message ? "m" : "n", 1);
    write_text(&writing, source);
    write_text(&writing, referral->sender);
    if (by_referral)
        write_text(&writing, referral->sender_referral_id);
    else if (by_message)
        write_text(&writing, referral->message_id);
    else
        write_bytes(&writing, content, RECORD_KEY_BYTES);
    hash(engine, &writing, key);
}

static const Fascia__Identifier *first_identifier(const Fascia__Patient *patient)
{
    for (size_t i = 0; i < patient->n_identifiers; i++)
        if (*patient->identifiers[i]->value != '\0')
            return patient->identifiers[i];
    return NULL;
}

/* Name and date of birth, which all senders know alike; else the sender's own identifier; else nothing. */
static void make_patient_key(const struct engine *engine, const char *source, const Fascia__Referral *referral,
                             uint8_t key[RECORD_KEY_BYTES])
{
    const Fascia__Patient *patient = referral->patient;
    const Fascia__Identifier *identifier = patient == NULL ? NULL : first_identifier(patient);
    struct writing writing = {0};

    memset(key, 0, RECORD_KEY_BYTES);
    if (patient == NULL)
        return;
    if (*patient->family_name != '\0' && *patient->given_name != '\0' && strlen(patient->birth_date) >= 10) {
        write_bytes(&writing, "p", 1);
        write_name(&writing, patient->family_name);
        write_name(&writing, patient->given_name);
        write_name(&writing, patient->birth_date);
    } else if (identifier != NULL) {
        write_bytes(&writing, "i", 1);
        write_text(&writing, source);
        write_text(&writing, referral->sender);
        write_text(&writing, identifier->system);
        write_text(&writing, identifier->value);
    } else {
        return;
    }
    hash(engine, &writing, key);
}

void engine_make_keys(const struct engine *engine, const char *source, const Fascia__Referral *referral,
                      struct engine_keys *keys)
{
    make_content_key(engine, referral, keys->content);
    make_sender_key(engine, source, referral, keys->content, keys->sender);
    make_patient_key(engine, source, referral, keys->patient);
}
