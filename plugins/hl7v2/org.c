#include "hl7v2/org.h"
#include "hl7v2/segments.h"

#include <string.h>

/* HL7 table 0119. */
static const struct {
    const char *asked, *done, *unable;
} answers[] = {{"NW", "OK", "UA"}, {"XO", "XR", "UX"}, {"CA", "CR", "UC"}, {"DC", "DR", "UD"}};

static const char *control_of(const char *asked, enum hl7_outcome outcome)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (strcmp(answers[i].asked, asked) == 0)
            return outcome == HL7_TAKEN ? answers[i].done : answers[i].unable;
    return "";
}

void hl7_org_write(struct hl7_writer *writer, struct hl7_incoming *incoming, const struct hl7_reply *reply)
{
    struct hl7_segment *orc = hl7_segment_find(&incoming->message, "ORC", 1);
    const char *control = control_of(hl7_text(&incoming->message, orc, 1, 1, 1, 0), reply->outcome);

    if (control[0] == '\0' || reply->outcome == HL7_LATER || reply->outcome == HL7_REJECT)
        return;
    hl7_write_segment(writer, "ORC");
    hl7_write_field_text(writer, control);
    hl7_segments_sent(writer, incoming, orc, 2);
    hl7_write_field(writer);
    if (reply->status != NULL)
        hl7_segments_own_id(writer, reply->status);
    hl7_segments_sent(writer, incoming, orc, 4);
    hl7_write_end(writer);
}
