#include "hl7v2/rri.h"
#include "hl7v2/reply.h"
#include "hl7v2/segments.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static const char *status_text(const char *code)
{
    switch (code[0]) {
    case 'A':
        return "Accepted";
    case 'R':
        return "Rejected";
    case 'E':
        return "Expired";
    default:
        return "Pending";
    }
}

/* ---- RF1 --------------------------------------------------------------------------------------------------------- */

static void write_rf1(struct hl7_writer *writer, const struct hl7_incoming *incoming, const Fascia__Status *status,
                      const char *referral_id)
{
    const struct hl7_segment *rf1 = hl7_segment_find(&incoming->message, "RF1", 1);
    uint32_t last = rf1 != NULL && rf1->field_count > 11 ? rf1->field_count : 11;
    const char *code = status->rf1_status[0] != '\0' ? status->rf1_status : "P";

    hl7_write_segment(writer, "RF1");
    hl7_write_field(writer);
    hl7_segments_coded(writer, code, status_text(code), "HL70283");
    for (uint32_t field = 2; field <= last; field++) {
        struct hl7_span sent = hl7_span_of(&incoming->message, rf1, field, 0, 0, 0);
        if (field == 6 && sent.size == 0) {
            hl7_write_field_text(writer, referral_id);
        } else if (field == 7 && status->visit_from != 0) {
            hl7_write_field_text(writer, hl7_timestamp(writer->arena, status->visit_from));
        } else if (field == 11) {
            hl7_segments_sent(writer, incoming, rf1, field);
            if (sent.size > 0)
                hl7_write_repetition(writer);
            hl7_segments_own_id(writer, status);
        } else {
            hl7_segments_sent(writer, incoming, rf1, field);
        }
    }
    hl7_write_end(writer);
}

/* ---- PRD --------------------------------------------------------------------------------------------------------- */

static bool is_referred_to(const struct hl7_incoming *incoming, const struct hl7_segment *prd)
{
    uint32_t count = hl7_repetitions(&incoming->message, prd, 1);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        struct hl7_span role = hl7_span_of(&incoming->message, prd, 1, repetition, 1, 0);
        if (role.size == 2 && (memcmp(role.at, "RT", 2) == 0 || memcmp(role.at, "IR", 2) == 0))
            return true;
    }
    return false;
}

static void write_therapist(struct hl7_writer *writer, const Fascia__Status *status)
{
    const char *id = status->therapist;
    bool npi = strlen(id) == 10 && strspn(id, "0123456789") == 10;

    hl7_write_segment(writer, "PRD");
    hl7_write_field(writer);
    hl7_segments_coded(writer, "RT", "Referred to Provider", "HL70286");
    hl7_write_field(writer);
    hl7_segments_name(writer, status->therapist_name);
    hl7_write_fields_empty(writer, 3);
    if (status->therapist_phone[0] != '\0') {
        hl7_write_text(writer, status->therapist_phone);
        hl7_write_component(writer);
        hl7_write_text(writer, "WPN");
        hl7_write_component(writer);
        hl7_write_text(writer, "PH");
    }
    hl7_write_fields_empty(writer, 2);
    hl7_write_text(writer, id);
    if (npi) {
        hl7_write_component(writer);
        hl7_write_text(writer, "NPI");
    }
    hl7_write_end(writer);
}

/* ---- the message ------------------------------------------------------------------------------------------------- */

void hl7_rri_write(struct hl7_writer *writer, struct hl7_incoming *incoming, const Fascia__Status *status,
                   const char *referral_id, const struct hl7_findings *findings)
{
    const struct hl7_message *message = &incoming->message;
    const struct hl7_segment *pid = hl7_segment_find(message, "PID", 1);
    bool therapist = status->therapist[0] != '\0' || status->therapist_name[0] != '\0';

    write_rf1(writer, incoming, status, referral_id);
    for (size_t i = 0; i < message->segment_count; i++)
        if (strcmp(message->segments[i].name, "PRD") == 0 &&
            !(therapist && is_referred_to(incoming, &message->segments[i])))
            hl7_segments_as_sent(writer, &message->segments[i]);
    if (therapist)
        write_therapist(writer, status);
    if (pid != NULL)
        hl7_segments_as_sent(writer, pid);
    hl7_segments_notes(writer, status, findings);
}

void hl7_rri_write_decoded(struct hl7_writer *writer, const Fascia__Referral *referral, const Fascia__Status *status)
{
    const char *code = status->rf1_status[0] != '\0' ? status->rf1_status : "P";

    hl7_write_segment(writer, "RF1");
    hl7_write_field(writer);
    hl7_segments_coded(writer, code, status_text(code), "HL70283");
    hl7_write_fields_empty(writer, 5);
    hl7_segments_entity(writer, referral->sender_referral_id);
    hl7_write_fields_empty(writer, 5);
    hl7_segments_own_id(writer, status);
    hl7_write_end(writer);
    hl7_write_segment(writer, "PRD");
    hl7_write_field(writer);
    hl7_segments_coded(writer, "RP", "Referring Provider", "HL70286");
    hl7_write_field(writer);
    if (referral->referrer != NULL)
        hl7_segments_name(writer, referral->referrer->name);
    hl7_write_end(writer);
    if (status->therapist[0] != '\0' || status->therapist_name[0] != '\0')
        write_therapist(writer, status);
    hl7_segments_patient(writer, referral);
    hl7_segments_notes(writer, status, NULL);
}
