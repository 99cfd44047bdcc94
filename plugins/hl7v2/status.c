#include "hl7v2/status.h"
#include "hl7v2/mllp.h"
#include "hl7v2/news.h"
#include "hl7v2/reply.h"
#include "hl7v2/rri.h"

#include <inttypes.h>
#include <string.h>

/* MSH-10 of a status: the same at each attempt, so that its receiver can do it once. */
static const char *control_id(struct hl7_arena *arena, uint64_t outbox)
{
    return hl7_arena_format(arena, "F%" PRIu64, outbox);
}

static const char *reply_value(const Fascia__Referral *referral, const char *key)
{
    for (size_t i = 0; i < referral->n_reply; i++)
        if (strcmp(referral->reply[i]->key, key) == 0)
            return referral->reply[i]->value;
    return "";
}

/* The message as last sent; its header alone when the message is gone. true: the message. */
static bool read_sent(struct hl7_incoming *incoming, const struct hl7_settings *settings, struct hl7_charsets *charsets,
                      struct hl7_arena *arena, const Fascia__Referral *referral)
{
    const char *msh = reply_value(referral, "msh");

    if (referral->original.len > 0) {
        hl7_incoming_read(incoming, arena, charsets, settings, referral->original.data, referral->original.len);
        if (incoming->msh != NULL && incoming->decodable)
            return true;
    }
    hl7_incoming_again(incoming, arena, charsets, settings, hl7_charset_utf8(), msh, strlen(msh));
    return false;
}

/* RRI, with the answer to the referral's last message. */
static void write_rri(struct hl7_writer *body, const struct hl7_telling *telling, struct hl7_reply_header *header)
{
    struct hl7_incoming *incoming = telling->incoming;

    header->type = "RRI";
    header->event = "I12";
    header->structure = "RRI_I12";
    if (incoming->control_id[0] != '\0')
        hl7_reply_msa(body, incoming, "AA", NULL);
    if (telling->whole && incoming->kind == HL7_KIND_REFERRAL)
        hl7_rri_write(body, incoming, telling->status, telling->referral->sender_referral_id, NULL);
    else
        hl7_rri_write_decoded(body, telling->referral, telling->status);
}

/* false: this sender is not told of it. */
static bool write_body(struct hl7_writer *body, const struct hl7_telling *telling, struct hl7_reply_header *header)
{
    const Fascia__AppointmentChange *appointment = telling->status->appointment;

    switch (telling->incoming->sender->statuses) {
    case HL7_STATUSES_360X:
        return hl7_news_write(body, telling, header);
    case HL7_STATUSES_RRI:
        if (appointment != NULL && appointment->alone) /* the status of what caused it follows */
            return false;
        write_rri(body, telling, header);
        return true;
    case HL7_STATUSES_NONE:
        break;
    }
    return false;
}

void hl7_status_compose(const struct hl7_settings *settings, struct hl7_charsets *charsets, struct hl7_arena *arena,
                        const Fascia__StatusNotice *notice, int64_t now, Fascia__Outbound *outbound)
{
    struct hl7_reply_header header = {.now = now};
    struct hl7_incoming incoming;
    struct hl7_telling telling = {.incoming = &incoming, .referral = notice->referral, .status = notice->status};
    struct hl7_writer body;
    struct hl7_span frame;

    outbound->kind = FASCIA__OUTBOUND__KIND__NOTHING;
    if (notice->referral == NULL || notice->status == NULL)
        return;
    telling.whole = read_sent(&incoming, settings, charsets, arena, notice->referral);
    if (incoming.sender->status_to[0] == '\0')
        return;
    hl7_write_begin(&body, arena, &incoming.message.separators);
    if (!write_body(&body, &telling, &header))
        return;
    header.control_id = control_id(arena, notice->outbox);
    header.version = incoming.sender->status_version;
    header.accept = incoming.sender->status_commit ? "AL" : "";
    header.apply = incoming.sender->status_commit ? "NE" : "";
    frame = hl7_reply_frame(settings, &incoming, &header, &body);
    outbound->kind = FASCIA__OUTBOUND__KIND__STREAM;
    outbound->address = (char *)(uintptr_t)incoming.sender->status_to;
    outbound->payload = (ProtobufCBinaryData){frame.size, (uint8_t *)(uintptr_t)frame.at};
    outbound->answer_timeout = incoming.sender->status_timeout;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

/* Codes 200 to 203: the receiver can't take such messages, now or later. */
static bool says_unsupported(struct hl7_message *message)
{
    struct hl7_segment *err = hl7_segment_find(message, "ERR", 1), *msa = hl7_segment_find(message, "MSA", 1);
    const char *codes[] = {hl7_text(message, err, 3, 1, 1, 0), hl7_text(message, err, 1, 1, 4, 1),
                           hl7_text(message, msa, 6, 1, 1, 0)};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strlen(codes[i]) == 3 && memcmp(codes[i], "20", 2) == 0 && codes[i][2] >= '0' && codes[i][2] <= '3')
            return true;
    return false;
}

Fascia__Verdict__Kind hl7_status_verdict(struct hl7_arena *arena, uint64_t outbox, const uint8_t *answer, size_t size,
                                         const char **reason)
{
    static const char *const codes[] = {"AA", "CA", "AE", "CE", "AR", "CR"};
    struct hl7_message message = {.arena = arena, .separators = hl7_separators_default};
    struct hl7_segment *msa;
    const char *code;
    size_t i = 0;

    *reason = "not-ours";
    if (size > 0 && answer[0] == HL7_FRAME_START) {
        answer++;
        size--;
    }
    if (size == 0 || hl7_message_parse(&message, (const char *)answer, size) != HL7_PARSE_OK)
        return FASCIA__VERDICT__KIND__UNRELATED;
    msa = hl7_segment_find(&message, "MSA", 1);
    if (msa == NULL || strcmp(hl7_text(&message, msa, 2, 1, 0, 0), control_id(arena, outbox)) != 0)
        return FASCIA__VERDICT__KIND__UNRELATED;
    code = hl7_text(&message, msa, 1, 1, 1, 0);
    while (i < 6 && strcmp(codes[i], code) != 0)
        i++;
    *reason = i < 6 ? codes[i] : "MSA-1";
    if (i < 2)
        return FASCIA__VERDICT__KIND__DELIVERED;
    /* A rejection for a reason unrelated to the message (chapter 2.9.2.2) may pass; one of the message's kind will not. */
    return (i == 4 || i == 5) && says_unsupported(&message) ? FASCIA__VERDICT__KIND__GIVE_UP
                                                            : FASCIA__VERDICT__KIND__RETRY;
}
