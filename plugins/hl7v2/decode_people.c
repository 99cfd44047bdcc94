#include "hl7v2/decode.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define OWNED(text) ((char *)(uintptr_t)(text))

/* ---- PRD: who refers ------------------------------------------------------------------------------------------- */

enum { UNKNOWN_ROLE = 5 };

/* HL7 table 0286 with Australia's AP and IR. The lowest rank is the referrer; 0 never is. */
static int role_rank(const char *role)
{
    static const char *const ranks[] = {"RP", "AP", "CP", "PP"};

    if (strcmp(role, "RT") == 0 || strcmp(role, "IR") == 0)
        return 0;
    for (int i = 0; i < 4; i++)
        if (strcmp(role, ranks[i]) == 0)
            return i + 1;
    return UNKNOWN_ROLE;
}

/* 0 when one of the roles is that of who is referred to, or none can be the referrer's. */
static int provider_rank(struct hl7_decoder *decoder, const struct hl7_segment *prd, bool *referred_to)
{
    uint32_t count = hl7_repetitions(decoder->message, prd, 1);
    int best = count == 0 ? 6 : 7;

    *referred_to = false;
    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        struct hl7_span span = hl7_span_of(decoder->message, prd, 1, repetition, 1, 0);
        int rank = role_rank(hl7_arena_text(decoder->arena, span.at, span.size));
        if (rank == 0)
            *referred_to = true;
        else if (rank < best)
            best = rank;
    }
    return best == 7 || (*referred_to && best >= UNKNOWN_ROLE) ? 0 : best;
}

/* NUCC taxonomy: ten letters and digits, the first three digits, the last X. */
static bool is_taxonomy(const char *text)
{
    if (strlen(text) != 10 || text[9] != 'X')
        return false;
    for (int i = 0; i < 9; i++)
        if (i < 3 ? !isdigit((unsigned char)text[i]) : !isalnum((unsigned char)text[i]))
            return false;
    return true;
}

/* The roles of the referrer, with their names. false: one is not known, which is said, and all of them are kept. */
static bool read_roles(struct hl7_decoder *decoder, struct hl7_segment *prd)
{
    uint32_t count = hl7_repetitions(decoder->message, prd, 1);
    bool known = true;

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        const char *role = hl7_peek(decoder->message, prd, 1, repetition, 1, 0);
        if (role[0] == '\0' || is_taxonomy(role) || role_rank(role) != UNKNOWN_ROLE)
            continue;
        known = false;
        hl7_find(decoder->arena, &decoder->incoming->findings, HL7_TABLE_VALUE, true, "referrer.role",
                 "the role of the provider is none of RP, PP, CP, RT, AP and IR, and was not used", "PRD[%u]-1[%u]",
                 prd->number, repetition);
    }
    for (uint32_t repetition = 1; known && repetition <= count; repetition++)
        for (uint32_t component = 1; component <= 3; component++)
            hl7_text(decoder->message, prd, 1, repetition, component, 0);
    return known;
}

/* XPN: prefix given second family suffix degree. */
static const char *full_name(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field)
{
    static const uint32_t order[] = {5, 2, 3, 1, 4, 6};
    const char *name = "";

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        uint32_t component = order[i];
        const char *part = hl7_text(decoder->message, segment, field, 1, component, component == 1 ? 1 : 0);
        if (part[0] != '\0')
            name = name[0] == '\0' ? part : hl7_arena_format(decoder->arena, "%s %s", name, part);
    }
    return name;
}

static void add_identifier(struct hl7_decoder *decoder, Fascia__Identifier ***list, size_t *count, const char *value,
                           const char *system, const char *type)
{
    Fascia__Identifier *identifier = hl7_arena_take(decoder->arena, sizeof *identifier);

    fascia__identifier__init(identifier);
    identifier->value = OWNED(value);
    identifier->system = OWNED(system);
    identifier->type = OWNED(type);
    HL7_PUSH(decoder->arena, *list, *count, identifier);
    if (strcmp(type, "NPI") == 0) { /* first where known */
        memmove(*list + 1, *list, (*count - 1) * sizeof **list);
        (*list)[0] = identifier;
    }
}

/* PRD-7 (PLN): id, type, state, expiry. A taxonomy code stands among the ids, whatever its type says, or beside the role. */
static void read_provider_ids(struct hl7_decoder *decoder, struct hl7_segment *prd, Fascia__Referrer *referrer)
{
    bool known = read_roles(decoder, prd);
    uint32_t count = hl7_repetitions(decoder->message, prd, 7);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        const char *value = hl7_text(decoder->message, prd, 7, repetition, 1, 0);
        const char *type = hl7_text(decoder->message, prd, 7, repetition, 2, 0);
        const char *system = hl7_text(decoder->message, prd, 7, repetition, 3, 0);
        if (is_taxonomy(value) && referrer->taxonomy[0] == '\0')
            referrer->taxonomy = OWNED(value);
        else if (value[0] != '\0')
            add_identifier(decoder, &referrer->identifiers, &referrer->n_identifiers, value, system, type);
    }
    count = hl7_repetitions(decoder->message, prd, 1);
    for (uint32_t repetition = 1; repetition <= count; repetition++)
        for (uint32_t component = 1; component <= 6; component++) {
            struct hl7_span span = hl7_span_of(decoder->message, prd, 1, repetition, component, 0);
            const char *value = hl7_arena_text(decoder->arena, span.at, span.size);
            if (!is_taxonomy(value) || referrer->taxonomy[0] != '\0')
                continue;
            referrer->taxonomy = OWNED(value);
            if (known)
                hl7_text(decoder->message, prd, 1, repetition, component, 0);
        }
}

static Fascia__Role role_of_taxonomy(const char *taxonomy)
{
    if (strncmp(taxonomy, "20", 2) == 0)
        return FASCIA__ROLE__ROLE_PHYSICIAN;
    if (strncmp(taxonomy, "111N", 4) == 0)
        return FASCIA__ROLE__ROLE_CHIROPRACTOR;
    /* 2252 is an assistant: whether one may refer is for the table of professions to say. */
    return strncmp(taxonomy, "2251", 4) == 0 ? FASCIA__ROLE__ROLE_PHYSIOTHERAPIST : FASCIA__ROLE__ROLE_UNSPECIFIED;
}

/* Degrees in XPN.6, in any order: "MD" "M.D., PhD" "PT, DPT". */
static Fascia__Role role_of_degree(const char *degree)
{
    static const struct {
        const char *words;
        Fascia__Role role;
    } degrees[] = {{"|MD|DO|MBBS|MBCHB|MBBCH|", FASCIA__ROLE__ROLE_PHYSICIAN},
                   {"|DC|", FASCIA__ROLE__ROLE_CHIROPRACTOR},
                   {"|PT|DPT|MPT|RPT|MSPT|", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST}};
    char word[12] = "|";
    size_t used = 1;

    for (const char *at = degree;; at++) {
        if (isalpha((unsigned char)*at)) {
            if (used < sizeof word - 2)
                word[used++] = (char)toupper((unsigned char)*at);
            continue;
        }
        if (*at == '.')
            continue;
        word[used] = '|';
        word[used + 1] = '\0';
        for (size_t i = 0; used > 1 && i < sizeof degrees / sizeof degrees[0]; i++)
            if (strstr(degrees[i].words, word) != NULL)
                return degrees[i].role;
        used = 1;
        if (*at == '\0')
            return FASCIA__ROLE__ROLE_UNSPECIFIED;
    }
}

/* A taxonomy code of another profession is not overruled: the core names it. */
static void settle_role(struct hl7_decoder *decoder, Fascia__Role by_degree)
{
    Fascia__Referrer *referrer = decoder->referral->referrer;
    Fascia__Role configured = decoder->incoming->sender->role;

    if (referrer->taxonomy[0] != '\0')
        referrer->role = role_of_taxonomy(referrer->taxonomy);
    else
        referrer->role = configured != FASCIA__ROLE__ROLE_UNSPECIFIED ? configured : by_degree;
}

static void read_referrer(struct hl7_decoder *decoder, struct hl7_segment *prd)
{
    struct hl7_message *message = decoder->message;
    Fascia__Referrer *referrer = decoder->referral->referrer;
    uint32_t phones = hl7_repetitions(message, prd, 5);
    struct hl7_span degree = hl7_span_of(message, prd, 2, 1, 6, 0);

    referrer->name = OWNED(full_name(decoder, prd, 2));
    read_provider_ids(decoder, prd, referrer);
    settle_role(decoder, role_of_degree(hl7_arena_text(decoder->arena, degree.at, degree.size)));
    referrer->organisation = OWNED(hl7_text(message, prd, 10, 1, 1, 0));
    if (referrer->organisation[0] == '\0')
        referrer->organisation = OWNED(hl7_text(message, prd, 4, 1, 9, 0));
    if (referrer->organisation[0] == '\0')
        referrer->organisation = OWNED(hl7_text(message, prd, 4, 1, 4, 1));
    for (uint32_t repetition = 1; repetition <= phones; repetition++) {
        bool email;
        const char *phone = hl7_decode_phone(decoder, prd, 5, repetition, &email);
        if (phone[0] != '\0')
            HL7_PUSH(decoder->arena, referrer->phones, referrer->n_phones, OWNED(phone));
    }
}

static void read_referred_to(struct hl7_decoder *decoder, struct hl7_segment *prd)
{
    const char *name = full_name(decoder, prd, 2);
    const char *location = hl7_arena_format(decoder->arena, "PRD[%u]-2", prd->number);

    if (decoder->settings->referred_to_is_therapist && decoder->referral->preferences->therapist[0] == '\0')
        decoder->referral->preferences->therapist = OWNED(hl7_text(decoder->message, prd, 7, 1, 1, 0));
    if (name[0] != '\0')
        hl7_decode_note(decoder, "comment", hl7_arena_format(decoder->arena, "Referred to: %s", name), location);
}

static bool referrer_from_configuration(struct hl7_decoder *decoder)
{
    const struct hl7_sender *sender = decoder->incoming->sender;
    Fascia__Referrer *referrer = decoder->referral->referrer;

    if (sender->referrer_name[0] == '\0' && sender->referrer_npi[0] == '\0')
        return false;
    referrer->name = OWNED(sender->referrer_name);
    referrer->role = sender->role;
    if (sender->referrer_npi[0] != '\0')
        add_identifier(decoder, &referrer->identifiers, &referrer->n_identifiers, sender->referrer_npi, "NPI", "NPI");
    return true;
}

static void find_no_referrer(struct hl7_decoder *decoder, bool any)
{
    struct hl7_findings *findings = &decoder->incoming->findings;

    if (hl7_incoming_is_order(decoder->incoming) && !any)
        hl7_find(decoder->arena, findings, HL7_REQUIRED, false, "referrer",
                 "the ordering provider is missing (ORC-12 or OBR-16)", "ORC[1]-12");
    else
        hl7_find(decoder->arena, findings, any ? HL7_REQUIRED : HL7_SEQUENCE, false, "referrer",
                 any ? "no PRD segment has the role of a referrer (PRD-1: RP, or AP)"
                     : "the PRD segment of the referring provider is missing",
                 "%s", any ? "PRD[1]-1" : "PRD[1]");
}

void hl7_decode_providers(struct hl7_decoder *decoder)
{
    struct hl7_message *message = decoder->message;
    struct hl7_segment *referrer = NULL;
    bool any = false, referred_to;
    int best = 0;

    for (size_t i = 0; i < message->segment_count; i++) {
        struct hl7_segment *segment = &message->segments[i];
        int rank;
        if (strcmp(segment->name, "PRD") != 0)
            continue;
        any = true;
        rank = provider_rank(decoder, segment, &referred_to);
        if (rank != 0 && (referrer == NULL || rank < best)) {
            referrer = segment;
            best = rank;
        }
        if (referred_to && rank == 0)
            read_referred_to(decoder, segment);
    }
    if (referrer != NULL) {
        snprintf(decoder->incoming->referrer, HL7_LOCATION_BYTES, "PRD[%u]", referrer->number);
        read_referrer(decoder, referrer);
    } else if (!(hl7_incoming_is_order(decoder->incoming) && hl7_decode_ordering_provider(decoder)) &&
               !referrer_from_configuration(decoder)) {
        find_no_referrer(decoder, any);
    }
}

/* ---- XCN: who orders --------------------------------------------------------------------------------------------- */

/* XCN.9 (HD) and .13 say whose number it is; the OID is that of the National Provider Identifier. */
static const char *person_id_type(const char *system, const char *type)
{
    return strcmp(system, "NPI") == 0 || strcmp(system, "2.16.840.1.113883.4.6") == 0 ? "NPI" : type;
}

static void read_person_id(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field,
                           uint32_t repetition)
{
    struct hl7_message *message = decoder->message;
    Fascia__Referrer *referrer = decoder->referral->referrer;
    const char *value = hl7_text(message, segment, field, repetition, 1, 0);
    const char *system = hl7_text(message, segment, field, repetition, 9, 1);
    const char *universal = hl7_text(message, segment, field, repetition, 9, 2);
    const char *type = hl7_text(message, segment, field, repetition, 13, 0);

    hl7_text(message, segment, field, repetition, 9, 3);
    if (system[0] == '\0')
        system = universal;
    if (is_taxonomy(value) && referrer->taxonomy[0] == '\0')
        referrer->taxonomy = OWNED(value);
    else if (value[0] != '\0')
        add_identifier(decoder, &referrer->identifiers, &referrer->n_identifiers, value, system,
                       person_id_type(system, type));
}

/* Given second family suffix degree; 360X's own example has the degree where the prefix belongs. */
static void read_person_name(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field)
{
    static const uint32_t order[] = {6, 3, 4, 2, 5, 7};
    struct hl7_message *message = decoder->message;
    const char *prefix = hl7_text(message, segment, field, 1, 6, 0), *name = "";
    bool degree_first = role_of_degree(prefix) != FASCIA__ROLE__ROLE_UNSPECIFIED;
    Fascia__Role role = FASCIA__ROLE__ROLE_UNSPECIFIED;

    for (size_t i = degree_first ? 1 : 0; i < sizeof order / sizeof order[0]; i++) {
        const char *part = hl7_text(message, segment, field, 1, order[i], order[i] == 2 ? 1 : 0);
        if (part[0] != '\0')
            name = name[0] == '\0' ? part : hl7_arena_format(decoder->arena, "%s %s", name, part);
        if (order[i] == 7 || (order[i] == 5 && role == FASCIA__ROLE__ROLE_UNSPECIFIED))
            role = role_of_degree(part) != FASCIA__ROLE__ROLE_UNSPECIFIED ? role_of_degree(part) : role;
    }
    if (degree_first)
        name = hl7_arena_format(decoder->arena, "%s %s", name, prefix);
    if (role == FASCIA__ROLE__ROLE_UNSPECIFIED)
        role = role_of_degree(degree_first ? prefix : hl7_text(message, segment, field, 1, 21, 0));
    decoder->referral->referrer->name = OWNED(name);
    settle_role(decoder, role);
}

static bool same_span(struct hl7_span a, struct hl7_span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* One person may stand there under several numbers; another person of a later repetition is kept. */
bool hl7_decode_person(struct hl7_decoder *decoder, struct hl7_segment *segment, uint32_t field)
{
    struct hl7_message *message = decoder->message;
    struct hl7_span family = hl7_span_of(message, segment, field, 1, 2, 1);
    struct hl7_span number = hl7_span_of(message, segment, field, 1, 1, 0);
    uint32_t count = hl7_repetitions(message, segment, field);

    if (family.size == 0 && number.size == 0)
        return false;
    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        struct hl7_span other = hl7_span_of(message, segment, field, repetition, 2, 1);
        if (repetition > 1 && other.size > 0 && !same_span(family, other))
            continue;
        read_person_id(decoder, segment, field, repetition);
        for (uint32_t component = 2; repetition > 1 && component <= 7; component++)
            hl7_text(message, segment, field, repetition, component, component == 2 ? 1 : 0);
    }
    read_person_name(decoder, segment, field);
    snprintf(decoder->incoming->referrer, HL7_LOCATION_BYTES, "%s[%u]-%u", segment->name, segment->number, field);
    return true;
}

/* ---- PID --------------------------------------------------------------------------------------------------------- */

static void read_patient_ids(struct hl7_decoder *decoder, struct hl7_segment *pid, uint32_t field)
{
    Fascia__Patient *patient = decoder->referral->patient;
    uint32_t count = hl7_repetitions(decoder->message, pid, field);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        const char *value = hl7_text(decoder->message, pid, field, repetition, 1, 0);
        const char *system = hl7_text(decoder->message, pid, field, repetition, 4, 1);
        const char *type = hl7_text(decoder->message, pid, field, repetition, 5, 0);
        if (value[0] != '\0')
            add_identifier(decoder, &patient->identifiers, &patient->n_identifiers, value, system, type);
    }
}

/* The home address where there is one, else the first. */
static uint32_t choose_address(struct hl7_decoder *decoder, struct hl7_segment *pid)
{
    uint32_t count = hl7_repetitions(decoder->message, pid, 11);

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        struct hl7_span type = hl7_span_of(decoder->message, pid, 11, repetition, 7, 0);
        if (type.size == 1 && type.at[0] == 'H')
            return repetition;
    }
    return 1;
}

static void read_address(struct hl7_decoder *decoder, struct hl7_segment *pid)
{
    struct hl7_message *message = decoder->message;
    Fascia__Address *address = hl7_arena_take(decoder->arena, sizeof *address);
    uint32_t repetition = choose_address(decoder, pid);
    const char *lines[] = {hl7_text(message, pid, 11, repetition, 1, 1), hl7_text(message, pid, 11, repetition, 2, 0)};

    fascia__address__init(address);
    for (size_t i = 0; i < 2; i++)
        if (lines[i][0] != '\0')
            HL7_PUSH(decoder->arena, address->lines, address->n_lines, OWNED(lines[i]));
    address->city = OWNED(hl7_text(message, pid, 11, repetition, 3, 0));
    address->state = OWNED(hl7_text(message, pid, 11, repetition, 4, 0));
    address->postal_code = OWNED(hl7_text(message, pid, 11, repetition, 5, 0));
    address->country = OWNED(hl7_text(message, pid, 11, repetition, 6, 0));
    decoder->referral->patient->address = address;
}

static void read_contacts(struct hl7_decoder *decoder, struct hl7_segment *pid)
{
    static const uint32_t fields[] = {13, 14, 40};
    Fascia__Patient *patient = decoder->referral->patient;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint32_t count = hl7_repetitions(decoder->message, pid, fields[i]);
        for (uint32_t repetition = 1; repetition <= count; repetition++) {
            bool email;
            const char *text = hl7_decode_phone(decoder, pid, fields[i], repetition, &email);
            if (text[0] == '\0')
                continue;
            if (email)
                HL7_PUSH(decoder->arena, patient->emails, patient->n_emails, OWNED(text));
            else
                HL7_PUSH(decoder->arena, patient->phones, patient->n_phones, OWNED(text));
        }
    }
}

static void read_birth(struct hl7_decoder *decoder, struct hl7_segment *pid)
{
    Fascia__Patient *patient = decoder->referral->patient;
    const char *birth = hl7_text(decoder->message, pid, 7, 1, 1, 0);

    if (birth[0] != '\0') {
        const char *date = hl7_decode_date(decoder->arena, birth);
        if (date == NULL)
            hl7_find(decoder->arena, &decoder->incoming->findings, HL7_DATA_TYPE, false, "patient.birth_date",
                     "the birth date is not a date of the form YYYYMMDD", "PID[1]-7");
        else
            patient->birth_date = OWNED(date);
    }
}

/* HL7 table 0001, and the words that some send in its place. */
static void read_sex(struct hl7_decoder *decoder, struct hl7_segment *pid)
{
    static const struct {
        const char *sent;
        Fascia__Gender gender;
    } known[] = {{"F", FASCIA__GENDER__GENDER_FEMALE},     {"Female", FASCIA__GENDER__GENDER_FEMALE},
                 {"M", FASCIA__GENDER__GENDER_MALE},       {"Male", FASCIA__GENDER__GENDER_MALE},
                 {"O", FASCIA__GENDER__GENDER_OTHER},      {"A", FASCIA__GENDER__GENDER_OTHER},
                 {"X", FASCIA__GENDER__GENDER_OTHER},      {"U", FASCIA__GENDER__GENDER_UNSPECIFIED},
                 {"N", FASCIA__GENDER__GENDER_UNSPECIFIED}};
    const char *sex = hl7_peek(decoder->message, pid, 8, 1, 1, 0);

    if (sex[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(sex, known[i].sent) == 0) {
            decoder->referral->patient->gender = known[i].gender;
            hl7_text(decoder->message, pid, 8, 1, 1, 0);
            return;
        }
    hl7_find(decoder->arena, &decoder->incoming->findings, HL7_TABLE_VALUE, true, "patient.gender",
             "the sex is none of F, M, O, U, A, N and was not used", "PID[1]-8");
}

/* HL7 table 0200: the legal name (L, and D, how it is to be shown) before one that nothing is said of, and that before a maiden name, an alias ... */
static uint32_t choose_name(struct hl7_decoder *decoder, struct hl7_segment *pid)
{
    static const char *const ranks[] = {"L", "D", ""};
    uint32_t count = hl7_repetitions(decoder->message, pid, 5), best = 1;
    size_t best_rank = sizeof ranks / sizeof ranks[0] + 1;

    for (uint32_t repetition = 1; repetition <= count; repetition++) {
        const char *type = hl7_peek(decoder->message, pid, 5, repetition, 7, 0);
        size_t rank = 0;
        while (rank < sizeof ranks / sizeof ranks[0] && strcmp(type, ranks[rank]) != 0)
            rank++;
        if (rank < best_rank && hl7_span_of(decoder->message, pid, 5, repetition, 0, 0).size > 0) {
            best = repetition;
            best_rank = rank;
        }
    }
    return best;
}

static void read_language(struct hl7_decoder *decoder, struct hl7_segment *pid)
{
    Fascia__Patient *patient = decoder->referral->patient;
    const char *code = hl7_peek(decoder->message, pid, 15, 1, 1, 0);
    const char *text = hl7_peek(decoder->message, pid, 15, 1, 2, 0);
    const char *language = hl7_decode_language(decoder->arena, code, text);

    if (language != NULL) {
        HL7_PUSH(decoder->arena, patient->languages, patient->n_languages, OWNED(language));
        hl7_text(decoder->message, pid, 15, 1, 1, 0);
        hl7_text(decoder->message, pid, 15, 1, 2, 0);
    } else if (code[0] != '\0' || text[0] != '\0') {
        hl7_find(decoder->arena, &decoder->incoming->findings, HL7_TABLE_VALUE, true, "patient.languages",
                 "the language is not known here and was not used", "PID[1]-15");
    }
}

void hl7_decode_patient(struct hl7_decoder *decoder)
{
    struct hl7_message *message = decoder->message;
    struct hl7_segment *pid = hl7_segment_find(message, "PID", 1);
    Fascia__Patient *patient = decoder->referral->patient;
    uint32_t name;

    if (pid == NULL) {
        hl7_find(decoder->arena, &decoder->incoming->findings, HL7_SEQUENCE, false, "patient",
                 "the PID segment is missing", "PID[1]");
        return;
    }
    hl7_ask(pid, 1);
    read_patient_ids(decoder, pid, 3);
    read_patient_ids(decoder, pid, 2);
    name = choose_name(decoder, pid);
    patient->family_name = OWNED(hl7_text(message, pid, 5, name, 1, 1));
    patient->given_name = OWNED(hl7_text(message, pid, 5, name, 2, 0));
    read_birth(decoder, pid);
    read_sex(decoder, pid);
    read_address(decoder, pid);
    read_contacts(decoder, pid);
    read_language(decoder, pid);
}

/* ---- IN1 --------------------------------------------------------------------------------------------------------- */

static const char *first_text(const char *a, const char *b)
{
    return a[0] != '\0' ? a : b;
}

void hl7_decode_insurance(struct hl7_decoder *decoder)
{
    struct hl7_message *message = decoder->message;

    for (size_t i = 0; i < message->segment_count; i++) {
        struct hl7_segment *in1 = &message->segments[i];
        Fascia__Coverage *coverage;
        const char *plan, *company;
        if (strcmp(in1->name, "IN1") != 0)
            continue;
        hl7_ask(in1, 1);
        coverage = hl7_arena_take(decoder->arena, sizeof *coverage);
        fascia__coverage__init(coverage);
        plan = hl7_text(message, in1, 2, 1, 1, 0);
        /* The id that is not the payer's code stays among what is kept. */
        company = "";
        if (decoder->settings->payer_is_company || plan[0] == '\0')
            company = hl7_text(message, in1, 3, 1, 1, 0);
        coverage->payer =
            OWNED(decoder->settings->payer_is_company ? first_text(company, plan) : first_text(plan, company));
        coverage->payer_name = OWNED(hl7_text(message, in1, 4, 1, 1, 0));
        coverage->plan = OWNED(first_text(hl7_text(message, in1, 2, 1, 2, 0), plan));
        coverage->member_id = OWNED(hl7_text(message, in1, 36, 1, 1, 0));
        if (coverage->member_id[0] == '\0')
            coverage->member_id = OWNED(hl7_text(message, in1, 49, 1, 1, 0));
        HL7_PUSH(decoder->arena, decoder->referral->coverages, decoder->referral->n_coverages, coverage);
    }
}
