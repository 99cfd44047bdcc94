/* Statuses of what was submitted, and what comes back for them. */
#include "check/patient.h"
#include "check/rig.h"
#include "check/says.h"
#include "core/notation.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define REFERRALS_MOST 8 /* of all samples together, for each state */

typedef void (*status_look)(struct rig *rig, const Fascia__Referral *referral);

/* Each referral that the samples make, at most so many; skipped when there is none. */
static void each_referral(struct check_bench *bench, status_look look)
{
    struct rig rig;
    struct check_deliveries all;
    size_t seen = 0;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count && seen < REFERRALS_MOST; i++) {
        struct rig_token *token = NULL;
        rig.lenient = true;
        check_doing(bench, "deliver %s, to have a referral", check_delivery_name(&all.items[i]).text);
        token = rig_deliver(&rig, &all.items[i]);
        (void)rig_answer_all(&rig, token, FASCIA__RESULT__VERDICT__OK);
        rig.lenient = false;
        for (size_t j = 0; j < token->count && seen < REFERRALS_MOST; j++) {
            const Fascia__Submit *submit = token->submissions[j].message->submit;
            if (submit->action != FASCIA__SUBMIT__ACTION__NEW)
                continue;
            look(&rig, submit->referral);
            seen++;
        }
        rig_forget(&rig, token);
    }
    if (seen == 0)
        check_skip(bench, "no sample makes a new referral");
    rig_end(&rig, &all);
}

static void fill_status(Fascia__Status *status, Fascia__State state)
{
    static const char *const words[] = {"P", "A", "E"};
    bool treated = state >= FASCIA__STATE__STATE_ACCEPTED && state <= FASCIA__STATE__STATE_CLOSED;

    fascia__status__init(status);
    status->referral = 41;
    status->state = state;
    status->number = (uint32_t)state + 1;
    status->at = INT64_C(1767600000000);
    status->text = "where it stands, in words";
    status->rf1_status = (char *)(uintptr_t)words[treated ? 1 : state >= FASCIA__STATE__STATE_CANCELLED ? 2 : 0];
    status->task_status = treated ? "accepted" : "requested";
    status->business_status = "3.0";
    if (!treated)
        return;
    status->therapist = "T-1";
    status->therapist_name = "Jane Roe LMT";
    status->therapist_phone = "+1 555 0100";
    status->visit_from = status->at + 86400000;
    status->visit_to = status->visit_from + 3600000;
    status->time_zone = "America/New_York";
}

/* A notice; NULL when it never ended, which is a finding. */
static struct rig_token *notify(struct rig *rig, const Fascia__Referral *referral, Fascia__State state,
                                uint32_t attempt)
{
    Fascia__StatusNotice notice = FASCIA__STATUS_NOTICE__INIT;
    Fascia__Status status;
    struct rig_token *token = NULL;

    fill_status(&status, state);
    notice.outbox = 7000 + (uint64_t)state;
    notice.status = &status;
    notice.referral = (Fascia__Referral *)(uintptr_t)referral; /* only packed */
    notice.attempt = attempt;
    check_doing(rig->bench, "tell the status %d of a referral (attempt %u)", (int)state, attempt);
    token = rig_status(rig, &notice);
    rig->bench->sheet->cases++;
    if (token->state == RIG_OPEN)
        check_find(rig->bench, SAYS_ENDS, "status() did not end its token, and nothing else can");
    if (token->state == RIG_ENDED && token->ending != NULL)
        return token;
    rig_forget(rig, token);
    return NULL;
}

/* ---- what is to be sent -------------------------------------------------------------------------------------------------- */

static bool is_file_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) <= 255;
}

static void check_framed(struct rig *rig, const Fascia__Outbound *outbound)
{
    struct fascia_frame frame;

    if (rig->plugin->frame == NULL || !check_has_transport(rig->bench, FASCIA_TRANSPORT_STREAM)) {
        check_find(rig->bench, SAYS_OUTBOUND,
                   "STREAM from a plugin without frame(): what comes back could never be read");
        return;
    }
    if (rig_frame(rig, (struct fascia_bytes){outbound->payload.data, outbound->payload.len}, 0, &frame) &&
        (frame.result != FASCIA_FRAME_COMPLETE || frame.total != outbound->payload.len))
        check_find(rig->bench, SAYS_OUTBOUND, "the payload of %zu bytes is no whole frame by its own frame()",
                   outbound->payload.len);
}

static void check_outbound(struct rig *rig, const Fascia__Referral *referral, const Fascia__Outbound *outbound)
{
    struct patient patient;
    const char *marker = NULL;

    patient_read(&patient, referral);
    switch (outbound->kind) {
    case FASCIA__OUTBOUND__KIND__STREAM:
        if (!notation_is_address(outbound->address))
            check_find(rig->bench, SAYS_OUTBOUND, "STREAM to an address that is none");
        check_framed(rig, outbound);
        break;
    case FASCIA__OUTBOUND__KIND__FILE:
        if (!is_file_name(outbound->file_name))
            check_find(rig->bench, SAYS_OUTBOUND, "FILE with a name that is empty, hidden, too long or has a '/'");
        if (outbound->payload.len == 0)
            check_find(rig->bench, SAYS_OUTBOUND, "FILE with nothing in it");
        marker = patient_found(&patient, outbound->file_name, strlen(outbound->file_name));
        if (marker != NULL)
            check_find(rig->bench, SAYS_SAME_FILE, "the file's name holds the patient's %s", marker);
        break;
    case FASCIA__OUTBOUND__KIND__NOTHING:
    case FASCIA__OUTBOUND__KIND__RETRY:
        break;
    default:
        check_find(rig->bench, SAYS_OUTBOUND, "the kind %d is none of NOTHING, STREAM, FILE and RETRY",
                   (int)outbound->kind);
    }
}

static void look_states(struct rig *rig, const Fascia__Referral *referral)
{
    for (Fascia__State state = FASCIA__STATE__STATE_RECEIVED; state <= FASCIA__STATE__STATE_WITHDRAWN; state++)
        for (uint32_t attempt = 1; attempt <= 2; attempt++) {
            struct rig_token *token = notify(rig, referral, state, attempt);
            if (token == NULL)
                continue;
            check_outbound(rig, referral, (const Fascia__Outbound *)token->ending);
            rig_forget(rig, token);
        }
}

void check_status_states(struct check_bench *bench)
{
    each_referral(bench, look_states);
}

/* ---- the same again -------------------------------------------------------------------------------------------------------- */

static void compare_files(struct rig *rig, const struct rig_token *one, const struct rig_token *other, bool same)
{
    const Fascia__Outbound *left = (const Fascia__Outbound *)one->ending,
                           *right = (const Fascia__Outbound *)other->ending;

    if (left->kind != FASCIA__OUTBOUND__KIND__FILE || right->kind != FASCIA__OUTBOUND__KIND__FILE)
        return;
    if ((strcmp(left->file_name, right->file_name) == 0) != same)
        check_find(rig->bench, SAYS_SAME_FILE,
                   same ? "the same status has another file name the second time"
                        : "two statuses have the same file name: the later takes the place of the earlier");
}

static void look_again(struct rig *rig, const Fascia__Referral *referral)
{
    struct rig_token *first = notify(rig, referral, FASCIA__STATE__STATE_ACCEPTED, 1);
    struct rig_token *again = notify(rig, referral, FASCIA__STATE__STATE_ACCEPTED, 2);
    struct rig_token *other = notify(rig, referral, FASCIA__STATE__STATE_SCHEDULED, 1);

    if (first != NULL && again != NULL)
        compare_files(rig, first, again, true);
    if (first != NULL && other != NULL)
        compare_files(rig, first, other, false);
    if (first != NULL)
        rig_forget(rig, first);
    if (again != NULL)
        rig_forget(rig, again);
    if (other != NULL)
        rig_forget(rig, other);
}

void check_status_again(struct check_bench *bench)
{
    each_referral(bench, look_again);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------------- */

static bool is_reason(const char *reason)
{
    size_t size = strlen(reason);

    for (size_t i = 0; i < size; i++)
        if (isgraph((unsigned char)reason[i]) == 0)
            return false;
    return size <= 32;
}

static void answer(struct rig *rig, const Fascia__Referral *referral, ProtobufCBinaryData sent,
                   ProtobufCBinaryData back, const char *what)
{
    Fascia__Answered message = FASCIA__ANSWERED__INIT;
    const Fascia__Verdict *verdict = NULL;
    struct rig_token *token = NULL;
    struct patient patient;

    patient_read(&patient, referral);
    message.outbox = 7007;
    message.sent = sent;
    message.answer = back;
    check_doing(rig->bench, "answer its status message with %s", what);
    token = rig_answered(rig, &message);
    rig->bench->sheet->cases++;
    verdict = (const Fascia__Verdict *)token->ending;
    if (token->state == RIG_OPEN)
        check_find(rig->bench, SAYS_ENDS, "answered() did not end its token, and nothing else can");
    else if (verdict != NULL && verdict->kind > FASCIA__VERDICT__KIND__UNRELATED)
        check_find(rig->bench, SAYS_VERDICT, "the kind %d is none", (int)verdict->kind);
    else if (verdict != NULL &&
             (!is_reason(verdict->reason) || patient_found(&patient, verdict->reason, strlen(verdict->reason)) != NULL))
        check_find(rig->bench, SAYS_REASON, "the reason is no short word, or holds what tells of a patient");
    rig_forget(rig, token);
}

static void look_answers(struct rig *rig, const Fascia__Referral *referral)
{
    static uint8_t garbage[] = "\xff\xfe garbage \x00\x01|||", text[] = "OK";
    struct rig_token *token = notify(rig, referral, FASCIA__STATE__STATE_ACCEPTED, 1);
    ProtobufCBinaryData sent = {sizeof text - 1, text};

    if (token != NULL && ((const Fascia__Outbound *)token->ending)->kind == FASCIA__OUTBOUND__KIND__STREAM)
        sent = ((const Fascia__Outbound *)token->ending)->payload;
    answer(rig, referral, sent, sent, "the same bytes");
    answer(rig, referral, sent, (ProtobufCBinaryData){sizeof garbage - 1, garbage}, "garbage");
    answer(rig, referral, sent, (ProtobufCBinaryData){0, NULL}, "nothing");
    answer(rig, referral, sent, referral->original, "the message that made the referral");
    answer(rig, referral, (ProtobufCBinaryData){0, NULL}, sent, "its own bytes, though nothing was sent");
    for (size_t cut = 1; cut < sent.len && cut < 512; cut++)
        answer(rig, referral, sent, (ProtobufCBinaryData){cut, sent.data}, "the first bytes of its own");
    if (token != NULL)
        rig_forget(rig, token);
}

void check_status_answers(struct check_bench *bench)
{
    each_referral(bench, look_answers);
}
