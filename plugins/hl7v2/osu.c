#include "hl7v2/news.h"
#include "hl7v2/segments.h"

#include <string.h>

/* Of the states, which piece of news each is to who ordered. Those of a visit come here only where its appointment is not known. */
static enum hl7_news news_of(const Fascia__Status *status)
{
    if (strcmp(status->rf1_status, "R") == 0) /* though it may still wait here, for somebody new */
        return HL7_NEWS_DECLINED;
    switch (status->state) {
    case FASCIA__STATE__STATE_ACCEPTED:
    case FASCIA__STATE__STATE_SCHEDULED:
        return HL7_NEWS_ACCEPTED;
    case FASCIA__STATE__STATE_IN_PROGRESS:
    case FASCIA__STATE__STATE_NO_SHOW:
    case FASCIA__STATE__STATE_VISIT_CANCELLED:
        return HL7_NEWS_IN_TREATMENT;
    case FASCIA__STATE__STATE_COMPLETED:
    case FASCIA__STATE__STATE_CLOSED:
        return HL7_NEWS_COMPLETED;
    case FASCIA__STATE__STATE_CANCELLED:
        return HL7_NEWS_CANCELLED;
    case FASCIA__STATE__STATE_REJECTED:
    case FASCIA__STATE__STATE_WITHDRAWN:
        return HL7_NEWS_DECLINED;
    default:
        return HL7_NEWS_WAITING;
    }
}

static void write_orc(struct hl7_writer *writer, const struct hl7_telling *telling, const struct hl7_order_code *code,
                      bool ended)
{
    const struct hl7_segment *orc = hl7_news_segment(telling, "ORC");
    const Fascia__Status *status = telling->status;

    hl7_write_segment(writer, "ORC");
    hl7_write_field_text(writer, code->control);
    hl7_write_field(writer);
    hl7_news_placer(writer, telling);
    hl7_write_field(writer);
    hl7_segments_own_id(writer, status);
    hl7_segments_sent(writer, telling->incoming, orc, 4);
    hl7_write_field_text(writer, code->status);
    hl7_write_fields_empty(writer, 4);
    hl7_write_text(writer, hl7_timestamp(writer->arena, status->at));
    hl7_write_fields_empty(writer, 2);
    hl7_segments_sent(writer, telling->incoming, orc, 12);
    hl7_write_fields_empty(writer, 4);
    if (ended) { /* ORC-16, a code without a table: its text */
        hl7_write_component(writer);
        hl7_write_text(writer, status->reason[0] != '\0' ? status->reason : status->text);
    }
    hl7_write_fields_empty(writer, 3);
    hl7_news_therapist(writer, status); /* ORC-19: who did what the control code says */
    hl7_write_end(writer);
}

bool hl7_osu_write(struct hl7_writer *writer, const struct hl7_telling *telling)
{
    enum hl7_news news = news_of(telling->status);
    const struct hl7_order_code *code = &telling->incoming->sender->codes[news];

    if (code->control[0] == '\0')
        return false;
    hl7_segments_notes(writer, telling->status, NULL);
    hl7_news_patient(writer, telling);
    write_orc(writer, telling, code, news == HL7_NEWS_DECLINED || news == HL7_NEWS_CANCELLED);
    return true;
}
