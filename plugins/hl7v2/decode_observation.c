#include "hl7v2/decode.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- encapsulated data ------------------------------------------------------------------------------------------- */

static int base64_value(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* RFC 4648, line ends and spaces between allowed, padding optional at the end. false: not base64. */
static bool decode_base64(struct hl7_arena *arena, const char *text, uint8_t **bytes, size_t *size)
{
    uint8_t *out = hl7_arena_take(arena, strlen(text) / 4 * 3 + 3);
    uint32_t bits = 0;
    unsigned letters = 0, padding = 0;

    *size = 0;
    for (; *text != '\0'; text++) {
        int value = base64_value(*text);
        if (isspace((unsigned char)*text))
            continue;
        if (*text == '=') {
            padding++;
            continue;
        }
        if (value < 0 || padding > 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (++letters % 4 == 0) {
            out[(*size)++] = (uint8_t)(bits >> 16);
            out[(*size)++] = (uint8_t)(bits >> 8);
            out[(*size)++] = (uint8_t)bits;
            bits = 0;
        }
    }
    if (letters % 4 == 1 || padding > 2 || (padding > 0 && (letters + padding) % 4 != 0))
        return false;
    if (letters % 4 >= 2)
        out[(*size)++] = (uint8_t)(letters % 4 == 2 ? bits >> 4 : bits >> 10);
    if (letters % 4 == 3)
        out[(*size)++] = (uint8_t)(bits >> 2);
    *bytes = out;
    return true;
}

static bool decode_hex(struct hl7_arena *arena, const char *text, uint8_t **bytes, size_t *size)
{
    uint8_t *out = hl7_arena_take(arena, strlen(text) / 2 + 1);
    size_t digits = 0;

    for (; *text != '\0'; text++) {
        int value;
        if (isspace((unsigned char)*text))
            continue;
        if (!isxdigit((unsigned char)*text))
            return false;
        value = isdigit((unsigned char)*text) ? *text - '0' : toupper((unsigned char)*text) - 'A' + 10;
        out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | value);
        digits++;
    }
    *bytes = out;
    *size = digits / 2;
    return digits % 2 == 0;
}

/* ED.2 and ED.3 (HL7 tables 0191, 0291), as they are sent: TEXT^HTML, application^pdf, AP^PDF, IM^JPEG. */
static const char *media_type(struct hl7_arena *arena, const char *type, const char *subtype)
{
    static const char *const known[][2] = {{"HTML", "text/html"},
                                           {"HTM", "text/html"},
                                           {"XML", "text/xml"},
                                           {"PLAIN", "text/plain"},
                                           {"TXT", "text/plain"},
                                           {"TEXT", "text/plain"},
                                           {"RTF", "application/rtf"},
                                           {"PDF", "application/pdf"},
                                           {"JPEG", "image/jpeg"},
                                           {"JPG", "image/jpeg"},
                                           {"PNG", "image/png"},
                                           {"GIF", "image/gif"},
                                           {"TIFF", "image/tiff"},
                                           {"TIF", "image/tiff"},
                                           {"DICOM", "application/dicom"},
                                           {"BASIC", "audio/basic"},
                                           {"CDA", "text/xml"},
                                           {"X-HL7-CDA-LEVEL-ONE", "text/xml"},
                                           {"SGML", "text/sgml"},
                                           {"MS-WORD", "application/msword"},
                                           {"MSWORD", "application/msword"}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(subtype, known[i][0]) == 0)
            return known[i][1];
    if (strcasecmp(type, "TEXT") == 0 || strcasecmp(type, "FT") == 0)
        return "text/plain";
    if (strchr(subtype, '/') != NULL)
        return subtype;
    return type[0] != '\0' && subtype[0] != '\0' ? hl7_arena_format(arena, "%.40s/%.40s", type, subtype)
                                                 : "application/octet-stream";
}

/* The name of what was observed; its code, where both were sent, is kept. */
static const char *title_of(struct hl7_decoder *decoder, struct hl7_segment *obx)
{
    const char *text = hl7_text(decoder->message, obx, 3, 1, 2, 0);

    return text[0] != '\0' ? text : hl7_text(decoder->message, obx, 3, 1, 1, 0);
}

static void read_attachment(struct hl7_decoder *decoder, struct hl7_segment *obx, uint32_t repetition)
{
    struct hl7_message *message = decoder->message;
    struct hl7_span type = hl7_span_of(message, obx, 5, repetition, 2, 0);
    struct hl7_span subtype = hl7_span_of(message, obx, 5, repetition, 3, 0);
    struct hl7_span encoding = hl7_span_of(message, obx, 5, repetition, 4, 0);
    const char *how = hl7_arena_text(decoder->arena, encoding.at, encoding.size), *data;
    Fascia__Attachment *attachment = hl7_arena_take(decoder->arena, sizeof *attachment);
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool good;

    fascia__attachment__init(attachment);
    attachment->location = hl7_arena_format(decoder->arena, "OBX[%u]-5[%u]", obx->number, repetition);
    data = hl7_text(message, obx, 5, repetition, 5, 0);
    if (strcasecmp(how, "Base64") == 0)
        good = decode_base64(decoder->arena, data, &bytes, &size);
    else if (strcasecmp(how, "Hex") == 0)
        good = decode_hex(decoder->arena, data, &bytes, &size);
    else {
        good = how[0] == '\0' || strcasecmp(how, "A") == 0;
        bytes = (uint8_t *)(uintptr_t)data;
        size = strlen(data);
    }
    if (!good) {
        hl7_find(decoder->arena, &decoder->incoming->findings, HL7_DATA_TYPE, true, "attachments",
                 "the data are not encoded as component 4 says; they were kept as they came", "OBX[%u]-5[%u].5",
                 obx->number, repetition);
        bytes = (uint8_t *)(uintptr_t)data;
        size = strlen(data);
    }
    attachment->title = (char *)(uintptr_t)title_of(decoder, obx);
    attachment->media_type =
        good ? (char *)(uintptr_t)media_type(decoder->arena, hl7_arena_text(decoder->arena, type.at, type.size),
                                             hl7_arena_text(decoder->arena, subtype.at, subtype.size))
             : (char *)(uintptr_t) "application/octet-stream";
    attachment->content = (ProtobufCBinaryData){size, bytes};
    for (uint32_t component = 1; component <= 4; component++)
        hl7_text(message, obx, 5, repetition, component, 0);
    HL7_PUSH(decoder->arena, decoder->referral->attachments, decoder->referral->n_attachments, attachment);
}

/* ---- coded and textual values ------------------------------------------------------------------------------------ */

enum answer { ANSWER_OTHER, ANSWER_YES, ANSWER_NO };

/* A question answered yes is a finding, answered no is none: HL7 table 0136, LOINC answers, plain words. */
static enum answer answer_of(const char *code, const char *text)
{
    static const char *const yes[] = {"Y", "YES", "TRUE", "LA33-6", "373066001", "POSITIVE", "POS", "PRESENT"};
    static const char *const no[] = {"N", "NO", "FALSE", "LA32-8", "373067005", "NEGATIVE", "NEG", "ABSENT", "NONE"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        if (strcasecmp(code, yes[i]) == 0 || (code[0] == '\0' && strcasecmp(text, yes[i]) == 0))
            return ANSWER_YES;
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strcasecmp(code, no[i]) == 0 || (code[0] == '\0' && strcasecmp(text, no[i]) == 0))
            return ANSWER_NO;
    return ANSWER_OTHER;
}

static void add_flag(struct hl7_decoder *decoder, Fascia__Code *code)
{
    if (code != NULL)
        HL7_PUSH(decoder->arena, decoder->referral->flags, decoder->referral->n_flags, code);
}

static void add_result(struct hl7_decoder *decoder, struct hl7_segment *obx, const char *text)
{
    const char *title = title_of(decoder, obx);
    const char *unit = hl7_text(decoder->message, obx, 6, 1, 1, 0);

    if (text[strspn(text, " \t\n")] == '\0')
        return;
    if (unit[0] != '\0')
        text = hl7_arena_format(decoder->arena, "%s %s", text, unit);
    if (title[0] != '\0')
        text = hl7_arena_format(decoder->arena, "%s: %s", title, text);
    hl7_decode_note(decoder, "result", text, hl7_arena_format(decoder->arena, "OBX[%u]-5", obx->number));
}

static void read_coded(struct hl7_decoder *decoder, struct hl7_segment *obx)
{
    uint32_t count = hl7_repetitions(decoder->message, obx, 5);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        const char *code = hl7_text(decoder->message, obx, 5, repetition, 1, 0);
        const char *text = hl7_text(decoder->message, obx, 5, repetition, 2, 0);
        enum answer answer = answer_of(code, text);
        if (answer == ANSWER_YES)
            add_flag(decoder, hl7_decode_code(decoder, obx, 3, 1, 0));
        else if (answer == ANSWER_OTHER)
            add_flag(decoder, hl7_decode_code(decoder, obx, 5, repetition, 0));
        if (answer != ANSWER_OTHER)
            hl7_text(decoder->message, obx, 5, repetition, 3, 0);
        /* A note is read by people, and for flags: not a bare LA32-8. */
        if (text[0] == '\0')
            text = answer == ANSWER_YES ? "yes" : answer == ANSWER_NO ? "no" : code;
        add_result(decoder, obx, text);
    }
}

static void read_textual(struct hl7_decoder *decoder, struct hl7_segment *obx)
{
    const char *text = hl7_free_text(decoder->message, obx, 5);

    if (answer_of(text, "") == ANSWER_YES)
        add_flag(decoder, hl7_decode_code(decoder, obx, 3, 1, 0));
    add_result(decoder, obx, text);
}

static bool one_of(const char *word, const char *words)
{
    size_t size = strlen(word);

    for (const char *at = words; size > 0 && (at = strstr(at, word)) != NULL; at += size)
        if (at[-1] == '|' && at[size] == '|')
            return true;
    return false;
}

void hl7_decode_observation(struct hl7_decoder *decoder, struct hl7_segment *obx)
{
    const char *type = hl7_text(decoder->message, obx, 2, 1, 1, 0);
    uint32_t count = hl7_repetitions(decoder->message, obx, 5);

    hl7_ask(obx, 1);
    if (strcmp(type, "ED") == 0)
        for (uint32_t repetition = 1; repetition <= count; repetition++)
            read_attachment(decoder, obx, repetition);
    else if (one_of(type, "|CE|CWE|CNE|CF|"))
        read_coded(decoder, obx);
    else if (type[0] == '\0' || one_of(type, "|ST|TX|FT|NM|SN|DT|TM|TS|DTM|ID|IS|SI|NA|"))
        read_textual(decoder, obx);
    else /* a type that is not understood: its value is kept; the title tells what it is */
        title_of(decoder, obx);
}
