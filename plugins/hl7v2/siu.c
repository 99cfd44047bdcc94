#include "hl7v2/news.h"
#include "hl7v2/segments.h"

#include <inttypes.h>
#include <string.h>

/* HL7 table 0003, 0278 (the appointment as the filler has it) and 0206 (what is done to each resource). */
static const struct event {
    const char *event, *reason, *filler_status, *action;
} events[] = {[FASCIA__APPOINTMENT_CHANGE__HOW__BOOKED] = {"S12", "Appointment booked", "Booked", "A"},
              [FASCIA__APPOINTMENT_CHANGE__HOW__MOVED] = {"S14", "Appointment moved to another time", "Booked", "U"},
              [FASCIA__APPOINTMENT_CHANGE__HOW__CANCELLED] = {"S15", "Appointment called off", "Cancelled", "D"},
              [FASCIA__APPOINTMENT_CHANGE__HOW__NO_SHOW] = {"S26", "The patient did not come", "Noshow", "U"}};

/* NULL: none that a calendar has. One that took place is told of the referral. */
static const struct event *event_of(const Fascia__Status *status)
{
    size_t how = status->appointment != NULL ? (size_t)status->appointment->how : 0;

    return how < sizeof events / sizeof events[0] && events[how].event != NULL ? &events[how] : NULL;
}

const char *hl7_siu_event(const Fascia__Status *status)
{
    const struct event *event = event_of(status);

    return event != NULL ? event->event : NULL;
}

static int64_t minutes_of(const Fascia__AppointmentChange *appointment)
{
    return appointment->to > appointment->from ? (appointment->to - appointment->from) / 60000 : 0;
}

static void write_minutes(struct hl7_writer *writer, const Fascia__AppointmentChange *appointment)
{
    hl7_write_field(writer);
    hl7_write_format(writer, "%" PRId64, minutes_of(appointment));
    hl7_write_field(writer);
    hl7_segments_coded(writer, "min", "minute", "UCUM");
}

/* EI: it is the same for as long as the appointment is, also when it is moved. */
static void write_appointment_id(struct hl7_writer *writer, const Fascia__Status *status)
{
    hl7_write_format(writer, "%" PRIu64 "-%u", status->referral, status->appointment->number);
    hl7_write_component(writer);
    hl7_write_text(writer, "FASCIA");
}

/* TQ of SCH-11: the duration in the third component, start and end in the fourth and fifth. */
static void write_times(struct hl7_writer *writer, const Fascia__AppointmentChange *appointment)
{
    hl7_write_component(writer);
    hl7_write_component(writer);
    hl7_write_format(writer, "M%" PRId64, minutes_of(appointment));
    hl7_write_component(writer);
    hl7_write_text(writer, hl7_timestamp(writer->arena, appointment->from));
    hl7_write_component(writer);
    hl7_write_text(writer, hl7_timestamp(writer->arena, appointment->to));
}

static void write_phone(struct hl7_writer *writer, const char *phone)
{
    hl7_write_field(writer);
    if (phone[0] == '\0')
        return;
    hl7_write_text(writer, phone);
    hl7_write_component(writer);
    hl7_write_text(writer, "WPN");
    hl7_write_component(writer);
    hl7_write_text(writer, "PH");
}

/* Of the message that is written: where it says when differs. */
static unsigned version_of(const struct hl7_telling *telling)
{
    const char *configured = telling->incoming->sender->status_version;
    unsigned version = configured[0] != '\0' ? hl7_version_number(configured) : telling->incoming->version;

    return version != 0 ? version : 251;
}

/* The sender has given the appointment no number: SCH-1 is that of what it asked for. The order is named again in SCH-26 and 27. */
static void write_sch(struct hl7_writer *writer, const struct hl7_telling *telling, const struct event *event)
{
    const Fascia__Status *status = telling->status;

    hl7_write_segment(writer, "SCH");
    hl7_write_field(writer);
    hl7_news_placer(writer, telling);
    hl7_write_field(writer);
    write_appointment_id(writer, status);
    hl7_write_fields_empty(writer, 4);
    hl7_write_text(writer, event->event);
    hl7_write_component(writer);
    hl7_write_text(writer, event->reason);
    hl7_write_fields_empty(writer, 2);
    write_minutes(writer, status->appointment);
    hl7_write_field(writer);
    if (version_of(telling) < 270) /* withdrawn in 2.7 */
        write_times(writer, status->appointment);
    hl7_write_fields_empty(writer, 5);
    hl7_news_therapist(writer, status); /* SCH-16 */
    write_phone(writer, status->therapist_phone);
    hl7_write_fields_empty(writer, 3);
    hl7_news_therapist(writer, status); /* SCH-20 is required; the appointment is the therapist's own */
    hl7_write_fields_empty(writer, 5);
    hl7_segments_coded(writer, event->filler_status, event->filler_status, "HL70278");
    hl7_write_field(writer);
    hl7_news_placer(writer, telling);
    hl7_write_field(writer);
    hl7_segments_own_id(writer, status);
    hl7_write_end(writer);
}

static void write_tq1(struct hl7_writer *writer, const Fascia__AppointmentChange *appointment)
{
    hl7_write_segment(writer, "TQ1");
    hl7_write_field_text(writer, "1");
    hl7_write_fields_empty(writer, 5);
    hl7_write_format(writer, "%" PRId64, minutes_of(appointment)); /* CQ */
    hl7_write_component(writer);
    hl7_write_text(writer, "min");
    hl7_write_field_text(writer, hl7_timestamp(writer->arena, appointment->from));
    hl7_write_field_text(writer, hl7_timestamp(writer->arena, appointment->to));
    hl7_write_end(writer);
}

static void write_note(struct hl7_writer *writer, unsigned number, const char *text, const char *value)
{
    hl7_write_segment(writer, "NTE");
    hl7_write_field(writer);
    hl7_write_format(writer, "%u", number);
    hl7_write_fields_empty(writer, 2);
    hl7_write_text(writer, text);
    hl7_write_text(writer, value);
    hl7_write_end(writer);
}

/* AIS-3 to 10 and AIP-3 to 12 end alike: when, how long, whether another may take its place, and how it stands. */
static void write_resource_time(struct hl7_writer *writer, const Fascia__AppointmentChange *appointment,
                                const struct event *event)
{
    hl7_write_field_text(writer, hl7_timestamp(writer->arena, appointment->from));
    hl7_write_fields_empty(writer, 2);
    write_minutes(writer, appointment);
    hl7_write_field_text(writer, "NO");
    hl7_write_field(writer);
    hl7_segments_coded(writer, event->filler_status, event->filler_status, "HL70278");
    hl7_write_end(writer);
}

static void write_resources(struct hl7_writer *writer, const struct hl7_telling *telling, const struct event *event)
{
    const struct hl7_segment *obr = hl7_news_segment(telling, "OBR");
    const Fascia__AppointmentChange *appointment = telling->status->appointment;

    hl7_write_segment(writer, "RGS");
    hl7_write_field_text(writer, "1");
    hl7_write_field_text(writer, event->action);
    hl7_write_end(writer);
    if (hl7_span_of(&telling->incoming->message, obr, 4, 0, 0, 0).size > 0) {
        hl7_write_segment(writer, "AIS");
        hl7_write_field_text(writer, "1");
        hl7_write_field_text(writer, event->action);
        hl7_segments_sent(writer, telling->incoming, obr, 4);
        write_resource_time(writer, appointment, event);
    }
    hl7_write_segment(writer, "AIP");
    hl7_write_field_text(writer, "1");
    hl7_write_field_text(writer, event->action);
    hl7_write_field(writer);
    hl7_news_therapist(writer, telling->status);
    hl7_write_field(writer);
    hl7_segments_coded(writer, "THERAPIST", "Therapist", "L");
    hl7_write_field(writer);
    write_resource_time(writer, appointment, event);
}

void hl7_siu_write(struct hl7_writer *writer, const struct hl7_telling *telling)
{
    const struct event *event = event_of(telling->status);
    const Fascia__Status *status = telling->status;
    unsigned notes = 0;

    write_sch(writer, telling, event);
    if (version_of(telling) >= 250)
        write_tq1(writer, status->appointment);
    if (status->text[0] != '\0')
        write_note(writer, ++notes, status->text, "");
    if (status->time_zone[0] != '\0')
        write_note(writer, ++notes, "Zone of the place: ", status->time_zone);
    hl7_news_patient(writer, telling);
    write_resources(writer, telling, event);
}
