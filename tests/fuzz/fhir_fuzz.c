/*
 * Bytes as a request, as a Task that is put in place of another, and as a JSON Patch: what is read can be packed and unpacked, has a place wherever it can be
 * complained about, and is refused with a reason or not at all; what was patched can be read again.
 */
#include "core/fault.h"
#include "fhir/decode.h"
#include "fhir/patch.h"
#include "fhir/task_moves.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MOST = 1 << 20 };

static void check_codes(Fascia__Code *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        INVARIANT(codes[i]->location[0] != '\0' && (codes[i]->code[0] != '\0' || codes[i]->text[0] != '\0'));
}

static void check_submit(const Fascia__Submit *submit)
{
    const Fascia__Referral *referral = submit->referral;
    const size_t size = fascia__submit__get_packed_size(submit);
    uint8_t *packed = malloc(size + 1);
    Fascia__Submit *again;

    INVARIANT(packed != NULL && referral->sender_referral_id[0] != '\0');
    fascia__submit__pack(submit, packed);
    again = fascia__submit__unpack(NULL, size, packed);
    INVARIANT(again != NULL);
    fascia__submit__free_unpacked(again, NULL);
    free(packed);
    check_codes(referral->conditions, referral->n_conditions);
    check_codes(referral->procedures, referral->n_procedures);
    check_codes(referral->flags, referral->n_flags);
    for (size_t i = 0; i < referral->n_kept; i++)
        INVARIANT(referral->kept[i]->location[0] != '\0' && referral->kept[i]->content[0] != '\0');
    for (size_t i = 0; referral->preferences != NULL && i < referral->preferences->n_windows; i++)
        INVARIANT(referral->preferences->windows[i]->from_minute < referral->preferences->windows[i]->to_minute &&
                  referral->preferences->windows[i]->to_minute <= 1440);
}

static void check_issues(const struct fhir_issues *issues)
{
    struct fhir_json *outcome = fhir_outcome(issues), *again;
    struct fhir_json_fault fault;
    size_t size;
    const char *text = fhir_json_print(outcome, &size);

    again = fhir_json_parse(text, size, size, &fault);
    INVARIANT(again != NULL);
    fhir_json_free(again);
    fhir_json_free(outcome);
    for (size_t i = 0; i < issues->count; i++)
        INVARIANT(issues->list[i]->text[0] != '\0' && issues->list[i]->code[0] != '\0');
}

static void decode(const uint8_t *bytes, size_t size, bool update)
{
    struct fhir_arena arena = {NULL};
    struct fhir_decode_settings settings = {.update = update, .performer_is_therapist = update, .most = MOST};
    struct fhir_decoded decoded;

    fhir_decode(&arena, &settings, (struct fascia_bytes){bytes, size}, &decoded);
    check_issues(&decoded.issues);
    INVARIANT(decoded.json != NULL || decoded.issues.errors == 1);
    INVARIANT(decoded.count > 0 || decoded.issues.errors > 0);
    for (size_t i = 0; i < decoded.count; i++) {
        INVARIANT((decoded.asked[i]->submit == NULL) == (decoded.asked[i]->issues.errors > 0) ||
                  decoded.issues.more > 0);
        if (decoded.asked[i]->submit != NULL)
            check_submit(decoded.asked[i]->submit);
    }
    fhir_decoded_finish(&decoded);
    fhir_arena_finish(&arena);
}

static void change_task(const struct fhir_json *json)
{
    static const char *const places[][2] = {
        {"received", "2.0"}, {"accepted", "3.0"}, {"in-progress", "5.1.1"}, {"in-progress", "5.1.4"}};
    static const struct fhir_task_request request = {"sender", "id"};

    for (unsigned i = 0; i < 8; i++) {
        struct fhir_arena arena = {NULL};
        struct fhir_issues issues = {.arena = &arena};
        struct fhir_task_now now = {.referral = 1,
                                    .status = places[i / 2][0],
                                    .business_status = places[i / 2][1],
                                    .actors = 1 + i % 2,
                                    .therapist = "T"};
        Fascia__Command *command =
            fhir_task_command(&arena, &now, &request, fhir_place_root(&arena, json, "Task"), &issues);
        INVARIANT(command == NULL || issues.errors == 0);
        if (command != NULL) {
            uint8_t *packed = malloc(fascia__command__get_packed_size(command));
            INVARIANT(packed != NULL && command->body_case != FASCIA__COMMAND__BODY__NOT_SET);
            fascia__command__pack(command, packed);
            free(packed);
        }
        check_issues(&issues);
        fhir_arena_finish(&arena);
    }
}

static void apply(const struct fhir_json *document, const struct fhir_json *patch)
{
    struct fhir_arena arena = {NULL};
    struct fhir_issues issues = {.arena = &arena};
    struct fhir_json *result = fhir_patch_apply(document, patch, &issues);

    INVARIANT((result == NULL) == (issues.errors > 0));
    if (result != NULL) {
        struct fhir_json_fault fault;
        size_t size;
        const char *text = fhir_json_print(result, &size);
        struct fhir_json *again = fhir_json_parse_value(text, size, (size_t)1 << 30, &fault);
        INVARIANT(again != NULL || fault.too_large);
        INVARIANT(again == NULL || fhir_json_same(again, result));
        fhir_json_free(again);
    }
    fhir_json_free(result);
    fhir_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fhir_json_fault fault;
    struct fhir_json *json = fhir_json_parse_value(bytes, size, MOST, &fault);

    INVARIANT(json != NULL || fault.message[0] != '\0');
    decode(bytes, size, false);
    decode(bytes, size, true);
    if (json == NULL)
        return 0;
    change_task(json);
    apply(fhir_json_get(json, "document") != NULL ? fhir_json_get(json, "document") : json,
          fhir_json_get(json, "patch") != NULL ? fhir_json_get(json, "patch") : json);
    fhir_json_free(json);
    return 0;
}
