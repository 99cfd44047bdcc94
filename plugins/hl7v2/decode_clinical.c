#include "hl7v2/decode.h"

#include <ctype.h>
#include <string.h>

/* What stood before: it tells whose an NTE is. */
struct position {
    const struct hl7_segment *owner; /* OBR, OBX, or the last of another kind; NULL at the start */
    bool has_procedures;             /* a PR1 or a wished technique says what is asked for */
};

static bool named(const struct hl7_segment *segment, const char *name)
{
    return segment != NULL && strcmp(segment->name, name) == 0;
}

static void read_diagnosis(struct hl7_decoder *decoder, struct hl7_segment *dg1)
{
    uint32_t count = hl7_repetitions(decoder->message, dg1, 3);
    Fascia__Code *code = NULL;
    const char *method;

    hl7_ask(dg1, 1);
    for (uint32_t repetition = 1; repetition <= (count > 0 ? count : 1); repetition++) {
        code = hl7_decode_code(decoder, dg1, 3, repetition, repetition == 1 ? 4 : 0);
        if (code == NULL)
            continue;
        /* DG1-2 named the system for all of the segment until 2.4. */
        if (code->system[0] == '\0') {
            method = hl7_text(decoder->message, dg1, 2, 1, 1, 0);
            code->system = (char *)(uintptr_t)hl7_decode_system(decoder->arena, method);
        }
        HL7_PUSH(decoder->arena, decoder->referral->conditions, decoder->referral->n_conditions, code);
    }
}

static void read_procedure(struct hl7_decoder *decoder, struct hl7_segment *pr1)
{
    Fascia__Code *code = hl7_decode_code(decoder, pr1, 3, 1, 4);
    const char *method;

    hl7_ask(pr1, 1);
    if (code == NULL)
        return;
    if (code->system[0] == '\0') {
        method = hl7_text(decoder->message, pr1, 2, 1, 1, 0);
        code->system = (char *)(uintptr_t)hl7_decode_system(decoder->arena, method);
    }
    HL7_PUSH(decoder->arena, decoder->referral->procedures, decoder->referral->n_procedures, code);
}

static void read_allergy(struct hl7_decoder *decoder, struct hl7_segment *al1)
{
    uint32_t count = hl7_repetitions(decoder->message, al1, 3);

    hl7_ask(al1, 1);
    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        Fascia__Code *code = hl7_decode_code(decoder, al1, 3, repetition, 0);
        if (code != NULL)
            HL7_PUSH(decoder->arena, decoder->referral->flags, decoder->referral->n_flags, code);
    }
}

/* Whether results stand under the order: then it reports, and does not ask. */
static bool has_results(const struct hl7_message *message, size_t order)
{
    for (size_t i = order + 1; i < message->segment_count; i++) {
        if (named(&message->segments[i], "OBX"))
            return true;
        if (!named(&message->segments[i], "NTE"))
            return false;
    }
    return false;
}

/* An order asks for treatment only where nothing else does: a billing code, or a name without results under it. */
static void read_order(struct hl7_decoder *decoder, size_t index, const struct position *position)
{
    struct hl7_segment *obr = &decoder->message->segments[index];
    struct hl7_span name = hl7_span_of(decoder->message, obr, 4, 1, 3, 0);
    const char *system = hl7_decode_system(decoder->arena, hl7_arena_text(decoder->arena, name.at, name.size));
    bool billing = strcmp(system, "CPT") == 0 || strcmp(system, "HCPCS") == 0;
    Fascia__Code *code;

    hl7_ask(obr, 1);
    hl7_decode_note(decoder, "reason", hl7_free_text(decoder->message, obr, 13),
                    hl7_arena_format(decoder->arena, "OBR[%u]-13", obr->number));
    /* In an order what is observed stands under what is asked for. */
    if (hl7_incoming_is_order(decoder->incoming))
        hl7_decode_order_reasons(decoder, obr);
    else if (!billing && has_results(decoder->message, index))
        return;
    if (position->has_procedures || strcmp(system, "LOINC") == 0)
        return;
    code = hl7_decode_code(decoder, obr, 4, 1, 0);
    if (code != NULL)
        HL7_PUSH(decoder->arena, decoder->referral->procedures, decoder->referral->n_procedures, code);
}

/* HL7 table 0364 tells instructions from remarks. */
static void read_note(struct hl7_decoder *decoder, struct hl7_segment *nte, const struct position *position)
{
    const char *type = hl7_peek(decoder->message, nte, 4, 1, 1, 0);
    bool instruction = strcmp(type, "PI") == 0 || strcmp(type, "GI") == 0 || strcmp(type, "AI") == 0;
    const char *kind = instruction ? "instruction" : named(position->owner, "OBX") ? "result" : "comment";

    if (instruction || strcmp(type, "RE") == 0) /* another type is kept */
        hl7_text(decoder->message, nte, 4, 1, 1, 0);
    hl7_ask(nte, 1);
    hl7_decode_note(decoder, kind, hl7_free_text(decoder->message, nte, 3),
                    hl7_arena_format(decoder->arena, "NTE[%u]-3", nte->number));
}

void hl7_decode_clinical(struct hl7_decoder *decoder)
{
    struct hl7_message *message = decoder->message;
    struct position position = {NULL,
                                decoder->referral->n_procedures > 0 || hl7_segment_find(message, "PR1", 1) != NULL};

    for (size_t i = 0; i < message->segment_count; i++) {
        struct hl7_segment *segment = &message->segments[i];
        if (named(segment, "DG1"))
            read_diagnosis(decoder, segment);
        else if (named(segment, "PR1"))
            read_procedure(decoder, segment);
        else if (named(segment, "AL1"))
            read_allergy(decoder, segment);
        else if (named(segment, "OBR"))
            read_order(decoder, i, &position);
        else if (named(segment, "OBX"))
            hl7_decode_observation(decoder, segment);
        else if (named(segment, "NTE"))
            read_note(decoder, segment, &position);
        if (!named(segment, "NTE"))
            position.owner = segment;
    }
}
