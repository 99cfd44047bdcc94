#include "hl7v2/decode.h"

#include <string.h>

/*
 * Which segments stand once. Order is not asked of a sender, but a second patient, or a second of what is read once, is another referral or another
 * person in the same frame: to take the first and keep the rest would answer for somebody whom nobody looks after.
 */

/* Chapters 11.6.3 (REF_I12) and 4.4.6 (OMG_O19), at their top level, in all versions from 2.3 to 2.9. */
static const struct {
    const char *name;
    bool referral, order;                  /* of which of the two */
    const char *inside;                    /* behind a segment of this name it is of a group that may repeat */
} singles[] = {{"PID", true, true, "OBR"}, /* of an order: of a prior result */
               {"RF1", true, false, NULL},  {"AUT", true, false, "PR1"}, /* each procedure has its own */
               {"ACC", true, false, NULL},  {"PV1", true, true, "OBR"},  {"PV2", true, true, "OBR"},
               {"PD1", false, true, "OBR"}, {"GT1", false, true, NULL}};

static bool same_patient(struct hl7_decoder *decoder, struct hl7_segment *pid, struct hl7_segment *other)
{
    struct hl7_span a = hl7_span_of(decoder->message, pid, 3, 0, 0, 0);
    struct hl7_span b = hl7_span_of(decoder->message, other, 3, 0, 0, 0);

    return a.size > 0 && a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* Whether the group that a segment of this name opens has begun at a place: only where that group can hold the single. */
static bool may_repeat(struct hl7_decoder *decoder, size_t single, struct hl7_segment *segment)
{
    const struct hl7_message *message = decoder->message;
    bool order = hl7_incoming_is_order(decoder->incoming), inside = false;

    if (singles[single].inside == NULL || (!order && strcmp(singles[single].inside, "OBR") == 0))
        return false;
    for (const struct hl7_segment *at = message->segments; at < segment && !inside; at++)
        inside = strcmp(at->name, singles[single].inside) == 0;
    if (!inside || strcmp(segment->name, "PID") != 0)
        return inside;
    return same_patient(decoder, hl7_segment_find(message, "PID", 1), segment);
}

static void check_single(struct hl7_decoder *decoder, size_t single, struct hl7_segment *segment)
{
    const bool patient = strcmp(segment->name, "PID") == 0;

    if (segment->number == 1 || may_repeat(decoder, single, segment))
        return;
    hl7_find(decoder->arena, &decoder->incoming->findings, HL7_SEQUENCE, false, patient ? "patient" : "",
             patient
                 ? "a message is of one patient; another PID segment stands in it: send each in a message of its own"
                 : "this segment stands once in a message, and here again",
             "%s[%u]", segment->name, segment->number);
}

void hl7_decode_structure(struct hl7_decoder *decoder)
{
    bool order = hl7_incoming_is_order(decoder->incoming);

    for (size_t i = 0; i < decoder->message->segment_count; i++) {
        struct hl7_segment *segment = &decoder->message->segments[i];
        for (size_t single = 0; single < sizeof singles / sizeof singles[0]; single++)
            if ((order ? singles[single].order : singles[single].referral) &&
                strcmp(singles[single].name, segment->name) == 0)
                check_single(decoder, single, segment);
    }
}
