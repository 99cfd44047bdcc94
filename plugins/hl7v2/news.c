#include "hl7v2/news.h"
#include "hl7v2/segments.h"

#include <string.h>

const struct hl7_segment *hl7_news_segment(const struct hl7_telling *telling, const char *name)
{
    return telling->whole ? hl7_segment_find(&telling->incoming->message, name, 1) : NULL;
}

void hl7_news_placer(struct hl7_writer *writer, const struct hl7_telling *telling)
{
    const struct hl7_message *message = &telling->incoming->message;
    struct hl7_span sent = hl7_span_of(message, hl7_news_segment(telling, "ORC"), 2, 1, 0, 0);

    if (sent.size == 0)
        sent = hl7_span_of(message, hl7_news_segment(telling, "RF1"), 6, 1, 0, 0);
    if (sent.size > 0)
        hl7_write_raw(writer, sent);
    else
        hl7_segments_entity(writer, telling->referral->sender_referral_id);
}

void hl7_news_patient(struct hl7_writer *writer, const struct hl7_telling *telling)
{
    const struct hl7_segment *pid = hl7_news_segment(telling, "PID");

    if (pid != NULL)
        hl7_segments_as_sent(writer, pid);
    else
        hl7_segments_patient(writer, telling->referral);
}

static bool is_npi(const char *id)
{
    return strlen(id) == 10 && strspn(id, "0123456789") == 10;
}

/* XCN: number, name, and whose number it is. */
void hl7_news_therapist(struct hl7_writer *writer, const Fascia__Status *status)
{
    if (status->therapist[0] == '\0' && status->therapist_name[0] == '\0')
        return;
    hl7_segments_person(writer, status->therapist, status->therapist_name,
                        is_npi(status->therapist) ? "NPI" : "FASCIA");
}

bool hl7_news_write(struct hl7_writer *writer, const struct hl7_telling *telling, struct hl7_reply_header *header)
{
    const char *event = hl7_siu_event(telling->status);

    header->profile = "360X";
    if (event != NULL) {
        header->type = "SIU";
        header->event = event;
        header->structure = "SIU_S12"; /* of every event of SIU, by HL7 table 0354 */
        hl7_siu_write(writer, telling);
        return true;
    }
    header->type = "OSU";
    header->event = "O51";
    header->structure = "OSU_O51";
    return hl7_osu_write(writer, telling);
}
