#include "hl7v2/segments.h"
#include "hl7v2/reply.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

void hl7_segments_coded(struct hl7_writer *writer, const char *code, const char *text, const char *table)
{
    hl7_write_text(writer, code);
    hl7_write_component(writer);
    hl7_write_text(writer, text);
    hl7_write_component(writer);
    hl7_write_text(writer, table);
}

void hl7_segments_sent(struct hl7_writer *writer, const struct hl7_incoming *incoming,
                       const struct hl7_segment *segment, uint32_t field)
{
    hl7_write_field(writer);
    hl7_write_raw(writer, hl7_span_of(&incoming->message, segment, field, 0, 0, 0));
}

void hl7_segments_own_id(struct hl7_writer *writer, const Fascia__Status *status)
{
    hl7_write_format(writer, "%" PRIu64, status->referral);
    hl7_write_component(writer);
    hl7_write_text(writer, "FASCIA");
}

/* EI: id and assigning authority, as the decoder joined them. */
void hl7_segments_entity(struct hl7_writer *writer, const char *id)
{
    const char *authority = strchr(id, '^');

    if (authority == NULL) {
        hl7_write_text(writer, id);
        return;
    }
    hl7_write_text(writer, hl7_arena_text(writer->arena, id, (size_t)(authority - id)));
    hl7_write_component(writer);
    hl7_write_text(writer, authority + 1);
}

/* Letters behind a name ("LMT", "DC"): two to six capitals. */
static bool is_credential(const char *word, size_t size)
{
    if (size < 2 || size > 6)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!isupper((unsigned char)word[i]))
            return false;
    return true;
}

struct name {
    const char *family, *given, *degree;
};

/* Of a name in one piece: "Roe, Jane" or "Jane Roe LMT". */
static struct name split_name(struct hl7_arena *arena, const char *name)
{
    const char *comma = strchr(name, ','), *end = name + strlen(name), *degree = end, *space;

    if (comma != NULL && !is_credential(comma + 1 + strspn(comma + 1, " "), strlen(comma + 1 + strspn(comma + 1, " "))))
        return (struct name){hl7_arena_text(arena, name, (size_t)(comma - name)), comma + 1 + strspn(comma + 1, " "),
                             ""};
    while ((space = memrchr(name, ' ', (size_t)(degree - name))) != NULL &&
           memchr(name, ' ', (size_t)(space - name)) != NULL && is_credential(space + 1, (size_t)(degree - space - 1)))
        degree = space;
    space = memrchr(name, ' ', (size_t)(degree - name));
    return (struct name){
        hl7_arena_text(arena, space != NULL ? space + 1 : name, (size_t)(degree - (space != NULL ? space + 1 : name))),
        space != NULL ? hl7_arena_text(arena, name, (size_t)(space - name)) : "", degree < end ? degree + 1 : ""};
}

static void write_components(struct hl7_writer *writer, int count)
{
    while (count-- > 0)
        hl7_write_component(writer);
}

void hl7_segments_name(struct hl7_writer *writer, const char *name)
{
    struct name parts = split_name(writer->arena, name);

    hl7_write_text(writer, parts.family);
    hl7_write_component(writer);
    hl7_write_text(writer, parts.given);
    if (parts.degree[0] == '\0')
        return;
    write_components(writer, 4);
    hl7_write_text(writer, parts.degree);
}

void hl7_segments_person(struct hl7_writer *writer, const char *id, const char *name, const char *authority)
{
    struct name parts = split_name(writer->arena, name);

    hl7_write_text(writer, id);
    hl7_write_component(writer);
    hl7_write_text(writer, parts.family);
    hl7_write_component(writer);
    hl7_write_text(writer, parts.given);
    write_components(writer, 4);
    hl7_write_text(writer, parts.degree);
    write_components(writer, 2);
    hl7_write_text(writer, authority);
    if (strcmp(authority, "NPI") != 0)
        return;
    write_components(writer, 4);
    hl7_write_text(writer, authority);
}

void hl7_segments_as_sent(struct hl7_writer *writer, const struct hl7_segment *segment)
{
    hl7_write_raw(writer, segment->text);
    hl7_write_end(writer);
}

void hl7_segments_patient(struct hl7_writer *writer, const Fascia__Referral *referral)
{
    const Fascia__Patient *patient = referral->patient;

    hl7_write_segment(writer, "PID");
    hl7_write_fields_empty(writer, 3);
    for (size_t i = 0; patient != NULL && i < patient->n_identifiers && i < HL7_MAX_REPETITIONS; i++) {
        if (i > 0)
            hl7_write_repetition(writer);
        hl7_write_text(writer, patient->identifiers[i]->value);
        for (int component = 2; component <= 4; component++)
            hl7_write_component(writer);
        hl7_write_text(writer, patient->identifiers[i]->system);
        hl7_write_component(writer);
        hl7_write_text(writer, patient->identifiers[i]->type);
    }
    hl7_write_fields_empty(writer, 2);
    if (patient != NULL) {
        hl7_write_text(writer, patient->family_name);
        hl7_write_component(writer);
        hl7_write_text(writer, patient->given_name);
    }
    hl7_write_end(writer);
}

/* ---- NTE --------------------------------------------------------------------------------------------------------- */

static void begin_note(struct hl7_writer *writer, unsigned *number)
{
    hl7_write_segment(writer, "NTE");
    hl7_write_field(writer);
    hl7_write_format(writer, "%u", ++*number);
    hl7_write_fields_empty(writer, 2);
}

static void write_outcome(struct hl7_writer *writer, const Fascia__OutcomeReported *outcome, unsigned *number)
{
    begin_note(writer, number);
    hl7_write_text(writer, "Outcome: ");
    hl7_write_text(writer, outcome->summary);
    hl7_write_end(writer);
    begin_note(writer, number);
    hl7_write_format(writer, "Visits: %u", outcome->visits);
    if (outcome->pain_before >= 0 && outcome->pain_after >= 0)
        hl7_write_format(writer, "; pain before %d, after %d (of 10)", outcome->pain_before, outcome->pain_after);
    if (outcome->goal[0] != '\0')
        hl7_write_format(writer, "; goal %.20s", outcome->goal);
    hl7_write_end(writer);
}

static void write_problem(struct hl7_writer *writer, const char *location, const char *text, unsigned *number)
{
    begin_note(writer, number);
    if (location[0] != '\0')
        hl7_write_format(writer, "%.60s: ", location);
    hl7_write_text(writer, text);
    hl7_write_end(writer);
}

void hl7_segments_notes(struct hl7_writer *writer, const Fascia__Status *status, const struct hl7_findings *findings)
{
    unsigned number = 0;

    if (status->text[0] != '\0') {
        begin_note(writer, &number);
        hl7_write_text(writer, status->text);
        hl7_write_end(writer);
    }
    if (status->visit_from != 0) {
        begin_note(writer, &number);
        hl7_write_format(writer, "Appointment from %s", hl7_timestamp(writer->arena, status->visit_from));
        if (status->visit_to != 0)
            hl7_write_format(writer, " to %s", hl7_timestamp(writer->arena, status->visit_to));
        if (status->time_zone[0] != '\0')
            hl7_write_format(writer, " (place's zone: %.64s)", status->time_zone);
        hl7_write_end(writer);
    }
    if (status->outcome != NULL)
        write_outcome(writer, status->outcome, &number);
    for (size_t i = 0; i < status->n_problems && i < HL7_MAX_FINDINGS; i++)
        write_problem(writer, status->problems[i]->location, status->problems[i]->message, &number);
    /* What an answer found; a status carries its own. */
    for (size_t i = 0; findings != NULL && status->n_problems == 0 && i < findings->count; i++)
        write_problem(writer, findings->list[i].location, findings->list[i].text, &number);
}
