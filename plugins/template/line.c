#include "line.h"

#include <stdio.h>
#include <string.h>

/* ---- framing: the host buffers, we only say where a line ends --------------------------------------------------------- */

void line_frame(struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    static const uint8_t too_long[] = "NO||line|is longer than 8192 bytes\n";
    const uint8_t *end = NULL;
    size_t start = 0, from = 0;

    /* Empty lines between messages are noise: the host throws skip bytes away. */
    while (start < buffered.size && (buffered.data[start] == '\n' || buffered.data[start] == '\r'))
        start++;
    frame->skip = start;
    /* What was looked at the last time need not be looked at again, however slowly the bytes trickle in. */
    from = already > start ? already : start;
    if (from < buffered.size)
        end = memchr(buffered.data + from, '\n', buffered.size - from);
    if (end == NULL) {
        frame->scanned = buffered.size;
        frame->result = FASCIA_FRAME_MORE;
    } else {
        size_t length = (size_t)(end - buffered.data) - start;
        frame->total = start + length + 1;
        frame->payload_offset = start;
        frame->payload_size = buffered.data[start + length - 1] == '\r' ? length - 1 : length;
        frame->result = FASCIA_FRAME_COMPLETE;
    }
    /* There is no telling where the next line would begin, so the stream ends here, with an answer in our own words. */
    if (end == NULL ? buffered.size - start > LINE_LONGEST : frame->payload_size > LINE_LONGEST) {
        frame->result = FASCIA_FRAME_INVALID;
        frame->reply = (struct fascia_bytes){too_long, sizeof too_long - 1};
    }
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

/* A string field of protobuf is UTF-8; what a sender sends may be anything. Follows the table of RFC 3629, section 4. */
static size_t character_size(const uint8_t *at, size_t left)
{
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    if (size == 1)
        return at[0] >= ' ' && at[0] != 0x7f ? 1 : at[0] == '\t' ? 1 : 0;
    if (at[0] < 0xc2 || at[0] > 0xf4 || size > left)
        return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
        (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

static bool is_text(struct fascia_bytes bytes)
{
    for (size_t at = 0, size = 0; at < bytes.size; at += size)
        if ((size = character_size(bytes.data + at, bytes.size - at)) == 0)
            return false;
    return true;
}

static bool refuse(struct line_problem *problem, const char *column, const char *advice)
{
    *problem = (struct line_problem){column, advice};
    return false;
}

static bool split(struct line *line, struct fascia_bytes bytes, struct line_problem *problem)
{
    static char empty[1];

    line->column_count = 0;
    line->text[0] = '\0';
    for (size_t i = 0; i < LINE_COLUMNS; i++)
        line->columns[i] = empty;
    if (bytes.size > LINE_LONGEST)
        return refuse(problem, "line", "is longer than 8192 bytes");
    if (!is_text(bytes))
        return refuse(problem, "line", "is no UTF-8 text, or holds a control character");
    memcpy(line->text, bytes.data, bytes.size);
    line->text[bytes.size] = '\0';
    for (char *at = line->text; at != NULL;) {
        char *bar = strchr(at, '|');
        if (line->column_count == LINE_COLUMNS)
            return refuse(problem, "line", "has more columns than it can have");
        if (bar != NULL)
            *bar++ = '\0';
        line->columns[line->column_count++] = at;
        at = bar;
    }
    return true;
}

static bool read_role(struct line *line, struct line_problem *problem)
{
    static const struct {
        const char *word;
        Fascia__Role role;
    } roles[] = {{"physician", FASCIA__ROLE__ROLE_PHYSICIAN},
                 {"chiropractor", FASCIA__ROLE__ROLE_CHIROPRACTOR},
                 {"physiotherapist", FASCIA__ROLE__ROLE_PHYSIOTHERAPIST}};

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(line->columns[2], roles[i].word) == 0) {
            line->referrer.role = roles[i].role;
            return true;
        }
    return refuse(problem, "role", "write physician, chiropractor or physiotherapist");
}

static void fill_people(struct line *line)
{
    fascia__identifier__init(&line->npi);
    line->npi.type = "NPI";
    line->npi.value = line->columns[4];
    line->npis[0] = &line->npi;
    line->referrer.name = line->columns[3];
    line->referrer.identifiers = line->npis;
    line->referrer.n_identifiers = line->columns[4][0] != '\0';

    fascia__address__init(&line->address);
    line->address.state = line->columns[8];
    line->address.postal_code = line->columns[9];
    fascia__patient__init(&line->patient);
    line->patient.family_name = line->columns[5];
    line->patient.given_name = line->columns[6];
    line->patient.birth_date = line->columns[7];
    line->patient.address = &line->address;
    line->referral.patient = &line->patient;
}

static size_t fill_code(Fascia__Code *code, Fascia__Code **codes, char *value, char *system, char *location)
{
    fascia__code__init(code);
    code->system = system;
    code->code = value;
    code->location = location; /* so that an error about this code can be told in the sender's own words */
    codes[0] = code;
    return value[0] != '\0';
}

static void fill_request(struct line *line)
{
    line->referral.conditions = line->diagnoses;
    line->referral.n_conditions =
        fill_code(&line->diagnosis, line->diagnoses, line->columns[10], "ICD-10-CM", "diagnosis");
    line->referral.procedures = line->treatments;
    line->referral.n_procedures = fill_code(&line->treatment, line->treatments, line->columns[11], "CPT", "treatment");

    fascia__coverage__init(&line->coverage);
    line->coverage.payer = line->columns[12];
    line->coverages[0] = &line->coverage;
    line->referral.coverages = line->coverages;
    line->referral.n_coverages = line->columns[12][0] != '\0';

    fascia__note__init(&line->note);
    line->note.kind = "reason";
    line->note.text = line->columns[13];
    line->notes[0] = &line->note;
    line->referral.notes = line->notes;
    line->referral.n_notes = line->columns[13][0] != '\0';
}

/* What every verb has: who sends, and which referral is meant. */
static void fill_common(struct line *line, struct fascia_bytes bytes, const char *sender)
{
    fascia__submission__init(&line->submission);
    fascia__submit__init(&line->submit);
    fascia__referral__init(&line->referral);
    fascia__referrer__init(&line->referrer);
    line->submission.submit = &line->submit;
    line->submit.referral = &line->referral;
    line->referral.sender = (char *)sender; /* packing only reads it */
    line->referral.sender_referral_id = line->columns[1];
    line->referral.original = (ProtobufCBinaryData){bytes.size, (uint8_t *)bytes.data};
    line->referral.original_media_type = "text/x-referral-line";
}

static bool read_refer(struct line *line, struct line_problem *problem)
{
    if (!read_role(line, problem))
        return false;
    /* The same id with other content is a correction: this format has no verb for one. */
    line->submit.update_if_changed = true;
    line->referral.referrer = &line->referrer;
    fill_people(line);
    fill_request(line);
    return true;
}

bool line_read(struct line *line, struct fascia_bytes bytes, const char *sender, struct line_problem *problem)
{
    static const struct {
        const char *word;
        size_t columns; /* at most */
        Fascia__Submit__Action action;
    } verbs[] = {{"REFER", LINE_COLUMNS, FASCIA__SUBMIT__ACTION__NEW},
                 {"CANCEL", 3, FASCIA__SUBMIT__ACTION__CANCEL},
                 {"ASK", 2, FASCIA__SUBMIT__ACTION__STATUS}};
    size_t verb = 0;

    if (!split(line, bytes, problem))
        return false;
    while (verb < 3 && strcmp(line->columns[0], verbs[verb].word) != 0)
        verb++;
    if (verb == 3)
        return refuse(problem, "line", "begin it with REFER|id|..., CANCEL|id|reason or ASK|id");
    if (line->column_count > verbs[verb].columns)
        return refuse(problem, "line", "has more columns than it can have");
    if (line->columns[1][0] == '\0')
        return refuse(problem, "id", "write the referral's id in your program, without which it can't be found again");
    fill_common(line, bytes, sender);
    line->submit.action = verbs[verb].action;
    if (verbs[verb].action == FASCIA__SUBMIT__ACTION__NEW)
        return read_refer(line, problem);
    line->submit.reason = line->columns[2];
    return true;
}

const char *line_id(const struct line *line)
{
    return line->columns[1];
}

/* ---- answering --------------------------------------------------------------------------------------------------------- */

static size_t ended(char *answer, size_t room, int length)
{
    size_t size = length < 1 ? 1 : (size_t)length;

    /* Cut to what fits; an answer must always end its line. */
    size = size >= room ? room - 1 : size;
    for (size_t i = 0; i + 1 < size; i++)
        if (answer[i] == '\n' || answer[i] == '\r')
            answer[i] = ' ';
    answer[size - 1] = '\n';
    return size;
}

size_t line_answer_problem(char *answer, size_t room, const char *id, const struct line_problem *problem)
{
    return ended(answer, room, snprintf(answer, room, "NO|%s|%s|%s\n", id, problem->column, problem->advice));
}

size_t line_answer_later(char *answer, size_t room, const char *id)
{
    return ended(answer, room, snprintf(answer, room, "LATER|%s\n", id));
}

/* A problem names a place in the sender's own words when it is about a code (Code.location, as fill_code set it), and fascia's field otherwise: those
 * that this format has are told as its columns. */
static const char *column_of(const Fascia__Problem *problem)
{
    static const char *const columns[][2] = {
        {"sender_referral_id", "id"},
        {"referrer.role", "role"},
        {"patient", "family"},
        {"patient.birth_date", "birth"},
        {"patient.address.state", "state"},
        {"patient.address.postal_code", "postal code"},
        {"conditions", "diagnosis"},
        {"procedures", "treatment"},
        {"coverages.payer", "payer"},
    };

    if (problem->location[0] != '\0')
        return problem->location;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (strcmp(problem->field, columns[i][0]) == 0)
            return columns[i][1];
    return problem->field;
}

static size_t answer_refused(char *answer, size_t room, const char *id, const Fascia__Result *result)
{
    const Fascia__Problem *problem = NULL;

    for (size_t i = 0; problem == NULL && i < result->n_problems; i++)
        if (result->problems[i]->severity == FASCIA__PROBLEM__SEVERITY__ERROR)
            problem = result->problems[i];
    if (problem != NULL)
        return ended(answer, room, snprintf(answer, room, "NO|%s|%s|%s\n", id, column_of(problem), problem->message));
    return ended(answer, room,
                 snprintf(answer, room, "NO|%s|id|%s\n", id,
                          result->verdict == FASCIA__RESULT__VERDICT__NOT_FOUND
                              ? "no referral of this id is known"
                              : "the referral's state does not allow this"));
}

size_t line_answer_result(char *answer, size_t room, const char *id, const Fascia__Result *result)
{
    switch (result->verdict) {
    case FASCIA__RESULT__VERDICT__OK:
    case FASCIA__RESULT__VERDICT__DUPLICATE:
        return ended(answer, room,
                     snprintf(answer, room, "OK|%s|%llu|%s\n", id, (unsigned long long)result->referral,
                              result->status != NULL ? result->status->text : ""));
    case FASCIA__RESULT__VERDICT__BUSY:
    case FASCIA__RESULT__VERDICT__FAILED:
        return line_answer_later(answer, room, id);
    default:
        return answer_refused(answer, room, id, result);
    }
}
