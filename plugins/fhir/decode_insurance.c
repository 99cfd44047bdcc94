/* Who pays, what they have authorised, and how many visits. */
#include "fhir/decode_parts.h"

#include <string.h>
#include <strings.h>

static void read_payor(struct fhir_decoder *decoder, struct fhir_place *reference, Fascia__Coverage *coverage)
{
    struct fhir_resource *found = fhir_resolve(decoder, reference);
    struct fhir_place *identifier = fhir_at(decoder, reference, "identifier"), *list;

    if (found != NULL && strcmp(found->type, "Organization") == 0) {
        coverage->payer_name = OWNED(fhir_read(decoder, found->place, "name"));
        list = fhir_at(decoder, found->place, "identifier");
        if (list != NULL)
            identifier = fhir_nth(decoder, list, 0);
    } else if (found == NULL) {
        coverage->payer_name = OWNED(fhir_read(decoder, reference, "display"));
    }
    coverage->payer = OWNED(fhir_read(decoder, identifier, "value"));
    if (coverage->payer[0] != '\0')
        fhir_mark(fhir_at(decoder, identifier, "system"));
}

static void read_classes(struct fhir_decoder *decoder, struct fhir_place *list, Fascia__Coverage *coverage)
{
    struct fhir_place *entry;

    for (size_t i = 0; (entry = fhir_nth(decoder, list, i)) != NULL; i++)
        if (coverage->plan[0] == '\0' && fhir_has_code(decoder, fhir_at(decoder, entry, "type"), "plan")) {
            coverage->plan = OWNED(fhir_read(decoder, entry, "value"));
            fhir_mark(entry);
        }
}

static const char *member_of(struct fhir_decoder *decoder, struct fhir_place *place)
{
    struct fhir_place *list = fhir_at(decoder, place, "identifier"), *identifier;
    const char *own = fhir_read(decoder, place, "subscriberId");

    /* The member's own number comes before the subscriber's, who may be somebody else. */
    for (size_t i = 0; (identifier = fhir_nth(decoder, list, i)) != NULL; i++)
        if (own[0] == '\0' || fhir_has_code(decoder, fhir_at(decoder, identifier, "type"), "MB")) {
            fhir_mark(identifier);
            return fhir_peek(identifier, "value");
        }
    return own;
}

static void read_coverage(struct fhir_decoder *decoder, struct fhir_place *place)
{
    Fascia__Coverage *coverage = fhir_arena_take(decoder->arena, sizeof *coverage);
    struct fhir_place *payors = fhir_at(decoder, place, "payor");

    fascia__coverage__init(coverage);
    read_payor(decoder, fhir_nth(decoder, payors, 0), coverage);
    read_classes(decoder, fhir_at(decoder, place, "class"), coverage);
    coverage->member_id = OWNED(member_of(decoder, place));
    fhir_mark(fhir_at(decoder, place, "status"));
    fhir_resolve(decoder, fhir_at(decoder, place, "beneficiary"));
    FHIR_PUSH(decoder->arena, decoder->referral->coverages, decoder->referral->n_coverages, coverage);
}

static Fascia__Authorization *authorization(struct fhir_decoder *decoder)
{
    Fascia__Authorization **own = &decoder->referral->authorization;

    if (*own == NULL) {
        *own = fhir_arena_take(decoder->arena, sizeof **own);
        fascia__authorization__init(*own);
    }
    return *own;
}

/* ClaimResponse: what the payer has said to a request for authorization. */
static void read_claim_response(struct fhir_decoder *decoder, struct fhir_place *place)
{
    struct fhir_place *period = fhir_at(decoder, place, "preAuthPeriod");
    const char *number = fhir_read(decoder, place, "preAuthRef");

    if (number[0] == '\0')
        return;
    authorization(decoder)->number = OWNED(number);
    authorization(decoder)->valid_from = OWNED(fhir_read_day(decoder, period, "start", false));
    authorization(decoder)->valid_to = OWNED(fhir_read_day(decoder, period, "end", true));
}

static void read_insurance(struct fhir_decoder *decoder, struct fhir_place *reference)
{
    struct fhir_resource *found = fhir_resolve(decoder, reference);
    Fascia__Coverage *coverage;

    if (found != NULL && (fhir_is_of_another(decoder, reference, found) || fhir_is_void(decoder, found)))
        return;
    if (found != NULL && strcmp(found->type, "Coverage") == 0)
        read_coverage(decoder, found->place);
    else if (found != NULL && strcmp(found->type, "ClaimResponse") == 0)
        read_claim_response(decoder, found->place);
    else if (found == NULL && fhir_peek(reference, "display")[0] != '\0') {
        coverage = fhir_arena_take(decoder->arena, sizeof *coverage);
        fascia__coverage__init(coverage);
        coverage->payer_name = OWNED(fhir_read(decoder, reference, "display"));
        coverage->member_id = OWNED(fhir_read(decoder, fhir_at(decoder, reference, "identifier"), "value"));
        FHIR_PUSH(decoder->arena, decoder->referral->coverages, decoder->referral->n_coverages, coverage);
    } else if (found == NULL)
        fhir_issue_warn(decoder->issues, "not-found", fhir_path(decoder, reference),
                        "this Coverage did not come with the request: send it contained, or in the same Bundle");
}

/* A count, or one of visits, sessions, treatments: not of hours or units of 15 minutes. */
static bool is_of_visits(struct fhir_place *quantity)
{
    static const char *const units[] = {"visit", "session", "treatment", "appointment"};
    const char *unit = fhir_peek(quantity, "unit"), *code = fhir_peek(quantity, "code");

    if ((unit[0] == '\0' || strcmp(unit, "1") == 0) && (code[0] == '\0' || strcmp(code, "1") == 0))
        return true;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcasestr(unit, units[i]) != NULL || strcasestr(code, units[i]) != NULL)
            return true;
    return false;
}

static void read_visits(struct fhir_decoder *decoder)
{
    struct fhir_place *quantity = fhir_at(decoder, decoder->request->place, "quantityQuantity");
    struct fhir_place *timing = fhir_at(decoder, decoder->request->place, "occurrenceTiming");
    uint32_t visits = 0;

    if (quantity != NULL && is_of_visits(quantity) && fhir_peek(quantity, "comparator")[0] == '\0' &&
        fhir_read_count(decoder, quantity, "value", &visits))
        fhir_mark(quantity);
    else if (!fhir_read_count(decoder, fhir_at(decoder, timing, "repeat"), "count", &visits) && decoder->task != NULL)
        fhir_read_count(decoder, fhir_at(decoder, decoder->task->place, "restriction"), "repetitions", &visits);
    if (visits > 0)
        authorization(decoder)->visits_requested = visits;
}

void fhir_decode_insurance(struct fhir_decoder *decoder)
{
    struct fhir_place *list = fhir_at(decoder, decoder->request->place, "insurance"), *reference;

    for (size_t i = 0; (reference = fhir_nth(decoder, list, i)) != NULL; i++)
        read_insurance(decoder, reference);
    /* Some senders have it on the Task alone. */
    if (list == NULL && decoder->task != NULL) {
        list = fhir_at(decoder, decoder->task->place, "insurance");
        for (size_t i = 0; (reference = fhir_nth(decoder, list, i)) != NULL; i++)
            read_insurance(decoder, reference);
    }
    read_visits(decoder);
}
