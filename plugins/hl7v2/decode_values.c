#include "hl7v2/decode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static unsigned digits(const char *text, size_t count)
{
    unsigned value = 0;

    for (size_t i = 0; i < count; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    return value;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* DT, TS, DTM (chapter 2A): YYYY[MM[DD[HHMM...]]]. A date is the day where it was written; its time and zone do not move it. */
const char *hl7_decode_date(struct hl7_arena *arena, const char *text)
{
    size_t count = strspn(text, "0123456789");
    unsigned year, month, day;

    if (count < 4 || count == 5 || count == 7 || (count < 8 && text[count] != '\0'))
        return NULL;
    if (text[count] != '\0' && strchr(".+-", text[count]) == NULL)
        return NULL;
    year = digits(text, 4);
    if (year < 1800 || year > 2999)
        return NULL;
    if (count == 4)
        return hl7_arena_format(arena, "%04u", year);
    month = digits(text + 4, 2);
    if (month < 1 || month > 12)
        return NULL;
    if (count == 6)
        return hl7_arena_format(arena, "%04u-%02u", year, month);
    day = digits(text + 6, 2);
    if (day < 1 || day > month_days(year, month))
        return NULL;
    return hl7_arena_format(arena, "%04u-%02u-%02u", year, month, day);
}

bool hl7_decode_number(const char *text, uint32_t *number)
{
    size_t count = strspn(text, "0123456789");

    if (count == 0 || count > 7)
        return false;
    /* NM allows decimals; a count with none but zeros after the point is still one. */
    if (text[count] == '.' && text[count + 1 + strspn(text + count + 1, "0")] != '\0')
        return false;
    if (text[count] != '.' && text[count] != '\0')
        return false;
    *number = digits(text, count);
    return *number <= 1000000;
}

/* ISO 639-2 and names that senders use, to BCP 47. */
const char *hl7_decode_language(struct hl7_arena *arena, const char *code, const char *text)
{
    static const char *const known[][3] = {
        {"en", "eng", "english"},       {"es", "spa", "spanish"},    {"fr", "fra", "french"},
        {"fr", "fre", "french"},        {"de", "deu", "german"},     {"de", "ger", "german"},
        {"it", "ita", "italian"},       {"pt", "por", "portuguese"}, {"zh", "zho", "chinese"},
        {"zh", "chi", "chinese"},       {"vi", "vie", "vietnamese"}, {"tl", "tgl", "tagalog"},
        {"ko", "kor", "korean"},        {"ru", "rus", "russian"},    {"ar", "ara", "arabic"},
        {"hi", "hin", "hindi"},         {"pl", "pol", "polish"},     {"ja", "jpn", "japanese"},
        {"fa", "fas", "persian"},       {"uk", "ukr", "ukrainian"},  {"el", "ell", "greek"},
        {"el", "gre", "greek"},         {"nl", "nld", "dutch"},      {"nl", "dut", "dutch"},
        {"tr", "tur", "turkish"},       {"ht", "hat", "haitian"},    {"pa", "pan", "punjabi"},
        {"ur", "urd", "urdu"},          {"bn", "ben", "bengali"},    {"he", "heb", "hebrew"},
        {"th", "tha", "thai"},          {"so", "som", "somali"},     {"am", "amh", "amharic"},
        {"sw", "swa", "swahili"},       {"ne", "nep", "nepali"},     {"hmn", "hmn", "hmong"},
        {"ase", "sgn", "sign language"}};
    const char *tried[] = {code, text};
    size_t size = strlen(code);

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        for (size_t j = 0; j < 2; j++)
            if (strcasecmp(tried[j], known[i][1]) == 0 || strcasecmp(tried[j], known[i][2]) == 0)
                return known[i][0];
    if ((size == 2 || size == 3 || (size > 3 && (code[2] == '-' || code[3] == '-'))) && size <= 35) {
        char *language = hl7_arena_text(arena, code, size);
        for (size_t i = 0; i < size; i++) {
            if (!isalnum((unsigned char)code[i]) && code[i] != '-')
                return NULL;
            language[i] = (char)tolower((unsigned char)code[i]);
        }
        return language;
    }
    return NULL;
}

/* XTN: components 5-8 since 2.3, 12 unformatted since 2.5, 1 formatted before. */
const char *hl7_decode_phone(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field,
                             uint32_t repetition, bool *email)
{
    struct hl7_message *message = decoder->message;
    const char *part[13] = {""};
    const char *text;

    for (uint32_t component = 1; component <= 12; component++)
        part[component] = component == 9 || component == 10 || component == 11
                              ? ""
                              : hl7_text(message, segment, field, repetition, component, 0);
    *email = true;
    if (strchr(part[4], '@') != NULL)
        return part[4];
    if (strchr(part[1], '@') != NULL)
        return part[1];
    *email = false;
    if (part[1][0] != '\0' || part[12][0] != '\0')
        return part[1][0] != '\0' ? part[1] : part[12];
    if (part[7][0] == '\0')
        return part[4];
    text = part[7];
    if (part[6][0] != '\0')
        text = hl7_arena_format(decoder->arena, "%s %s", part[6], text);
    if (part[5][0] != '\0')
        text = hl7_arena_format(decoder->arena, "+%s %s", part[5][0] == '+' ? part[5] + 1 : part[5], text);
    if (part[8][0] != '\0')
        text = hl7_arena_format(decoder->arena, "%s x%s", text, part[8]);
    return text;
}

/* HL7 table 0396 and what is sent in its place. I10 is the WHO's list by the table; US senders mean the clinical modification. */
const char *hl7_decode_system(struct hl7_arena *arena, const char *name)
{
    static const char *const systems[][2] = {{"ICD-10-CM", "|I10|I10C|ICD10|ICD10CM|I10CM|10|ICD|"},
                                             {"ICD-9-CM", "|I9|I9C|I9CM|I9CDX|ICD9|ICD9CM|"},
                                             {"SNOMED", "|SCT|SNM|SNOMED|SNOMEDCT|SNM3|SCTUS|SCTAU|2168401138836.96|"},
                                             {"CPT", "|C4|C5|CPT|CPT4|CPT5|CPTM|"},
                                             {"HCPCS", "|HCPCS|HPC|HCPT|"},
                                             {"LOINC", "|LN|LOINC|LNC|"},
                                             {"NUCC", "|NUCC|NUCCPT|NUCCPROVIDERTAXONOMY|"}};
    char key[24] = "|";
    size_t used = 1;

    if (name[0] == '\0')
        return "";
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at))
            continue;
        if (used == sizeof key - 2)
            return hl7_arena_format(arena, "local:%.60s", name);
        key[used++] = (char)toupper((unsigned char)*at);
    }
    key[used++] = '|';
    key[used] = '\0';
    for (size_t i = 0; used > 2 && i < sizeof systems / sizeof systems[0]; i++)
        if (strstr(systems[i][1], key) != NULL)
            return systems[i][0];
    return hl7_arena_format(arena, "local:%.60s", name);
}

static int system_rank(const char *system)
{
    return system[0] == '\0' ? 1 : strncmp(system, "local:", 6) == 0 ? 0 : 2;
}

Fascia__Code *hl7_decode_code(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field,
                              uint32_t repetition, uint32_t field_text)
{
    struct hl7_message *message = decoder->message;
    const char *own = hl7_decode_system(decoder->arena, hl7_text(message, segment, field, repetition, 3, 0));
    struct hl7_span other = hl7_span_of(message, segment, field, repetition, 4, 0);
    struct hl7_span mine = hl7_span_of(message, segment, field, repetition, 1, 0);
    uint32_t first = 1, stands;
    Fascia__Code *code = hl7_arena_take(decoder->arena, sizeof *code);

    fascia__code__init(code);
    /* Components 4 to 6 say the same in another system: take the one that tables know; the other is kept. */
    if (other.size > 0) {
        struct hl7_span name = hl7_span_of(message, segment, field, repetition, 6, 0);
        const char *system = hl7_decode_system(decoder->arena, hl7_arena_text(decoder->arena, name.at, name.size));
        if (mine.size == 0 || system_rank(system) > system_rank(own)) {
            first = 4;
            hl7_text(message, segment, field, repetition, 6, 0);
            own = system;
        }
    }
    code->system = (char *)(uintptr_t)own;
    code->code = (char *)(uintptr_t)hl7_text(message, segment, field, repetition, first, 0);
    code->text = (char *)(uintptr_t)hl7_text(message, segment, field, repetition, first + 1, 0);
    stands = code->code[0] != '\0' ? first : first + 1;
    if (code->text[0] == '\0' && field_text != 0) {
        code->text = (char *)(uintptr_t)hl7_text(message, segment, field_text, 1, 1, 0);
        if (code->code[0] == '\0') {
            field = field_text;
            stands = 1;
        }
    }
    if (code->code[0] == '\0' && code->text[0] == '\0')
        return NULL;
    code->location = repetition == 1 ? hl7_arena_format(decoder->arena, "%s[%u]-%u.%u", segment->name, segment->number,
                                                        field, stands)
                                     : hl7_arena_format(decoder->arena, "%s[%u]-%u[%u].%u", segment->name,
                                                        segment->number, field, repetition, stands);
    return code;
}

void hl7_decode_note(struct hl7_decoder *decoder, const char *kind, const char *text, const char *location)
{
    Fascia__Note *note;

    if (text[strspn(text, " \t\n")] == '\0')
        return;
    note = hl7_arena_take(decoder->arena, sizeof *note);
    fascia__note__init(note);
    note->kind = (char *)(uintptr_t)kind;
    note->text = (char *)(uintptr_t)text;
    note->location = (char *)(uintptr_t)location;
    HL7_PUSH(decoder->arena, decoder->referral->notes, decoder->referral->n_notes, note);
}
