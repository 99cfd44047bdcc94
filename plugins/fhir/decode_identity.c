/* Whose referral it is, and by which number its sender will know it again. */
#include "fhir/decode_parts.h"

#include <string.h>

static const char *joined(struct fhir_decoder *decoder, struct fhir_place *identifier)
{
    const char *system = fhir_peek(identifier, "system"), *value = fhir_peek(identifier, "value");

    if (value[0] == '\0')
        return "";
    return system[0] == '\0' ? value : fhir_arena_format(decoder->arena, "%s|%s", system, value);
}

/* The placer's number; else an official one; else the first that is not an old one. */
static struct fhir_place *best_identifier(struct fhir_decoder *decoder, struct fhir_place *list)
{
    struct fhir_place *identifier, *best = NULL;
    int best_rank = 0;

    for (size_t i = 0; (identifier = fhir_nth(decoder, list, i)) != NULL; i++) {
        const char *use = fhir_peek(identifier, "use");
        int rank = fhir_has_code(decoder, fhir_at(decoder, identifier, "type"), "PLAC") ? 4
                   : strcmp(use, "official") == 0                                       ? 3
                   : strcmp(use, "old") == 0 || strcmp(use, "temp") == 0                ? 1
                                                                                        : 2;
        if (rank > best_rank && fhir_peek(identifier, "value")[0] != '\0') {
            best = identifier;
            best_rank = rank;
        }
    }
    return best;
}

static const char *patient_key(struct fhir_decoder *decoder)
{
    const Fascia__Patient *patient = decoder->referral->patient;

    if (patient->n_identifiers > 0)
        return fhir_arena_format(decoder->arena, "%s|%s", patient->identifiers[0]->system,
                                 patient->identifiers[0]->value);
    if (patient->family_name[0] == '\0' || patient->birth_date[0] == '\0')
        return "";
    return fhir_arena_format(decoder->arena, "%s, %s %s", patient->family_name, patient->given_name,
                             patient->birth_date);
}

/* Of a request without any number: who, when it was written, and what for. The same request sent again has the same. */
static const char *made_of_content(struct fhir_decoder *decoder)
{
    const Fascia__Referral *referral = decoder->referral;
    const char *who = patient_key(decoder), *written = fhir_peek(decoder->request->place, "authoredOn");
    const char *what = referral->n_conditions > 0 ? referral->conditions[0]->code : "";

    if (who[0] == '\0' || written[0] == '\0')
        return "";
    if (what[0] == '\0' && referral->n_conditions > 0)
        what = referral->conditions[0]->text;
    return fhir_arena_format(decoder->arena, "%s/%s/%s/%s", who, written, what,
                             referral->n_procedures > 0 ? referral->procedures[0]->code : "");
}

static const char *referral_id(struct fhir_decoder *decoder)
{
    struct fhir_place *request = decoder->request->place, *identifier;
    struct fhir_place *list = fhir_at(decoder, request, "identifier");
    const char *id = "";

    identifier = best_identifier(decoder, list);
    if (identifier == NULL)
        identifier = fhir_at(decoder, request, "requisition");
    id = joined(decoder, identifier);
    if (id[0] != '\0') {
        fhir_mark(identifier);
        return id;
    }
    if (decoder->task != NULL)
        id = joined(decoder, best_identifier(decoder, fhir_at(decoder, decoder->task->place, "identifier")));
    /* A Bundle's number is of what it carries, when that is one request. */
    if (id[0] == '\0' && decoder->bundle != NULL && decoder->resources->requests == 1)
        id = joined(decoder, fhir_at(decoder, decoder->bundle->place, "identifier"));
    if (id[0] == '\0' && decoder->request->id[0] != '\0')
        id = fhir_arena_format(decoder->arena, "ServiceRequest/%s", decoder->request->id);
    if (id[0] == '\0' && strncmp(decoder->request->full_url, "http", 4) == 0)
        id = decoder->request->full_url;
    if (id[0] == '\0')
        id = made_of_content(decoder);
    /* A urn:uuid is new each time a Bundle is made: it tells a resend, but not the same request made again. */
    return id[0] != '\0' ? id : decoder->request->full_url;
}

static const char *sender_of(struct fhir_decoder *decoder)
{
    if (decoder->settings->sender != NULL && decoder->settings->sender[0] != '\0')
        return decoder->settings->sender;
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *header = decoder->resources->list[i];
        if (strcmp(header->type, "MessageHeader") == 0) {
            const char *endpoint = fhir_read(decoder, fhir_at(decoder, header->place, "source"), "endpoint");
            if (endpoint[0] != '\0')
                return endpoint;
        }
    }
    return "";
}

void fhir_decode_identity(struct fhir_decoder *decoder)
{
    Fascia__Referral *referral = decoder->referral;
    const char *message = "";

    referral->sender = OWNED(sender_of(decoder));
    referral->sender_referral_id = OWNED(referral_id(decoder));
    if (decoder->bundle != NULL) {
        message = joined(decoder, fhir_at(decoder, decoder->bundle->place, "identifier"));
        if (message[0] == '\0')
            message = decoder->bundle->id;
    }
    if (message[0] == '\0' && decoder->settings->message_id != NULL)
        message = decoder->settings->message_id;
    referral->message_id = OWNED(message);
    fhir_mark(fhir_at(decoder, decoder->request->place, "authoredOn"));
    if (referral->sender_referral_id[0] == '\0')
        fhir_issue_rule(decoder->issues, "required", fhir_path(decoder, decoder->request->place),
                        "an identifier is missing by which you will know this referral again: send "
                        "ServiceRequest.identifier with system and value");
}
