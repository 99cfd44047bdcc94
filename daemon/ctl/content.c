/* A referral as its sender wrote it. */
#include "ctl/need.h"

#include "core/memory.h"
#include "ctl/show.h"
#include "ctl/words.h"

#include <stdlib.h>

static void show_identifiers(struct ctl_call *call, const char *label, Fascia__Identifier *const *identifiers,
                             size_t count)
{
    for (size_t i = 0; i < count; i++)
        ctl_show_field(call, label, "%s %s%s%s%s", identifiers[i]->value, identifiers[i]->system,
                       identifiers[i]->type[0] != '\0' ? " (" : "", identifiers[i]->type,
                       identifiers[i]->type[0] != '\0' ? ")" : "");
}

static void show_word(struct ctl_call *call, const char *label, const ProtobufCEnumDescriptor *type, int value)
{
    char word[64];

    if (value != 0) /* unspecified */
        ctl_show_field(call, label, "%s", ctl_word(type, value, word));
}

static void show_referrer(struct ctl_call *call, const Fascia__Referrer *referrer)
{
    ctl_show_field(call, "referrer", "%s", referrer->name);
    show_word(call, "role", &fascia__role__descriptor, (int)referrer->role);
    ctl_show_field(call, "taxonomy", "%s", referrer->taxonomy);
    ctl_show_field(call, "organisation", "%s", referrer->organisation);
    show_identifiers(call, "referrer id", referrer->identifiers, referrer->n_identifiers);
    ctl_show_list(call, "referrer phone", referrer->phones, referrer->n_phones);
}

static void show_position(struct ctl_call *call, const Fascia__Position *position)
{
    ctl_show_field(call, "position", "%.6f, %.6f", position->latitude / 1e6, position->longitude / 1e6);
}

static void show_patient(struct ctl_call *call, const Fascia__Patient *patient)
{
    const Fascia__Address *address = patient->address;

    ctl_show_field(call, "patient", "%s, %s", patient->family_name, patient->given_name);
    ctl_show_field(call, "born", "%s", patient->birth_date);
    show_word(call, "sex", &fascia__gender__descriptor, (int)patient->gender);
    ctl_show_list(call, "speaks", patient->languages, patient->n_languages);
    show_identifiers(call, "patient id", patient->identifiers, patient->n_identifiers);
    if (address != NULL) {
        ctl_show_list(call, "address", address->lines, address->n_lines);
        ctl_show_field(call, "", "%s %s %s %s", address->postal_code, address->city, address->state, address->country);
    }
    if (patient->position != NULL)
        show_position(call, patient->position);
    ctl_show_list(call, "phone", patient->phones, patient->n_phones);
    ctl_show_list(call, "e-mail", patient->emails, patient->n_emails);
}

static void show_codes(struct ctl_call *call, const char *label, Fascia__Code *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ctl_show_field(call, label, "%s %s %s", codes[i]->code, codes[i]->text, codes[i]->system);
}

static void show_authorisation(struct ctl_call *call, const Fascia__Authorization *authorisation)
{
    ctl_show_field(call, "authorisation", "%s", authorisation->number);
    ctl_show_field(call, "authorised from", "%s", authorisation->valid_from);
    ctl_show_field(call, "authorised to", "%s", authorisation->valid_to);
    if (authorisation->visits_requested > 0)
        ctl_show_field(call, "visits requested", "%u", authorisation->visits_requested);
    if (authorisation->visits_authorised > 0)
        ctl_show_field(call, "visits authorised", "%u", authorisation->visits_authorised);
}

static void show_windows(struct ctl_call *call, const Fascia__Preferences *wishes)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    for (size_t i = 0; i < wishes->n_windows; i++) {
        fputs(i > 0 ? "; " : "", out);
        ctl_write_window(out, wishes->windows[i]);
    }
    fclose(out);
    ctl_show_field(call, "can come", "%s", text);
    ctl_show_field(call, "by the clock of", "%s", wishes->time_zone);
    free(text);
}

static void show_wishes(struct ctl_call *call, const Fascia__Preferences *wishes)
{
    ctl_show_list(call, "therapist speaks", wishes->languages, wishes->n_languages);
    show_word(call, "therapist's sex", &fascia__gender__descriptor, (int)wishes->therapist_gender);
    ctl_show_field(call, "therapist named", "%s", wishes->therapist);
    show_word(call, "visit", &fascia__visit_mode__descriptor, (int)wishes->visit_mode);
    if (wishes->max_distance > 0)
        ctl_show_field(call, "within", "%.1f km", wishes->max_distance / 1000.0);
    show_windows(call, wishes);
    ctl_show_field(call, "not before", "%s", wishes->not_before);
    ctl_show_field(call, "not after", "%s", wishes->not_after);
    if (wishes->duration_minutes > 0)
        ctl_show_field(call, "duration", "%u minutes", wishes->duration_minutes);
}

static void show_documents(struct ctl_call *call, const Fascia__Referral *content)
{
    for (size_t i = 0; i < content->n_notes; i++)
        ctl_show_field(call, content->notes[i]->kind, "%s", content->notes[i]->text);
    for (size_t i = 0; i < content->n_attachments; i++)
        ctl_show_field(call, "attachment", "%s (%s, %zu bytes)", content->attachments[i]->title,
                       content->attachments[i]->media_type, content->attachments[i]->content.len);
    for (size_t i = 0; i < content->n_kept; i++)
        ctl_show_field(call, "kept", "%s: %s", content->kept[i]->location, content->kept[i]->content);
    if (content->original.len > 0)
        ctl_show_field(call, "original", "%s, %zu bytes", content->original_media_type, content->original.len);
}

void ctl_show_content(struct ctl_call *call, const Fascia__Referral *content)
{
    fprintf(call->out, "as sent\n");
    ctl_show_field(call, "sender", "%s", content->sender);
    ctl_show_field(call, "sender's id", "%s", content->sender_referral_id);
    ctl_show_field(call, "message", "%s", content->message_id);
    show_word(call, "priority", &fascia__priority__descriptor, (int)content->priority);
    if (content->referrer != NULL)
        show_referrer(call, content->referrer);
    if (content->patient != NULL)
        show_patient(call, content->patient);
    show_codes(call, "condition", content->conditions, content->n_conditions);
    show_codes(call, "asked for", content->procedures, content->n_procedures);
    show_codes(call, "caution", content->flags, content->n_flags);
    for (size_t i = 0; i < content->n_coverages; i++)
        ctl_show_field(call, "payer", "%s %s %s %s", content->coverages[i]->payer, content->coverages[i]->payer_name,
                       content->coverages[i]->plan, content->coverages[i]->member_id);
    if (content->authorization != NULL)
        show_authorisation(call, content->authorization);
    if (content->preferences != NULL)
        show_wishes(call, content->preferences);
    show_documents(call, content);
}
