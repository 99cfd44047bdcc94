#include "folder/row.h"

#include "folder/memory.h"
#include "folder/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *new_message(const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = folder_allocate(type->sizeof_message);

    protobuf_c_message_init(type, message);
    return message;
}

void folder_row_begin(struct folder_building *building, const struct folder_settings *settings)
{
    Fascia__Submission *submission = new_message(&fascia__submission__descriptor);

    *building = (struct folder_building){.row = {.settings = settings, .submission = submission}};
    submission->submit = new_message(&fascia__submit__descriptor);
    submission->submit->update_if_changed = settings->update_if_changed;
    submission->submit->referral = new_message(&fascia__referral__descriptor);
    submission->submit->referral->sender = folder_text(settings->sender);
}

static void add_fault(struct folder_building *building, const char *text)
{
    const size_t used = strlen(building->fault);

    snprintf(building->fault + used, sizeof building->fault - used, "%s%s: %s", used > 0 ? "; " : "",
             building->location, text);
}

static void keep(struct folder_building *building, const char *text)
{
    Fascia__Referral *referral = building->row.submission->submit->referral;
    Fascia__Kept *kept = new_message(&fascia__kept__descriptor);

    kept->location = folder_text(building->location);
    kept->content = folder_text(text);
    FOLDER_PUSH(referral->kept, referral->n_kept, kept);
}

static bool is_second(struct folder_building *building, const struct folder_field *field)
{
    const uint64_t bit = UINT64_C(1) << (field - folder_fields);
    const bool second = (building->seen & bit) != 0 && !field->several;

    building->seen |= bit;
    return second;
}

/* A column's name may be anything; what is shown of it is short and printable. */
static void locate(struct folder_building *building, const char *column)
{
    char name[FOLDER_NAME + 1];
    size_t size = 0;

    for (; column[size] != '\0' && size < FOLDER_NAME; size++)
        name[size] = (unsigned char)column[size] < ' ' || column[size] == '\'' ? '?' : column[size];
    while (size > 0 && column[size] != '\0' && ((unsigned char)column[size] & 0xc0) == 0x80)
        size--; /* not in the middle of a character */
    name[size] = '\0';
    snprintf(building->location, sizeof building->location, "column '%s'", name);
}

void folder_row_cell(struct folder_building *building, const char *column, bool known, const struct folder_field *field,
                     const char *text)
{
    char fault[512] = "";
    char *trimmed = folder_trimmed(text, strlen(text));

    locate(building, column);
    building->row.column = building->location;
    if (trimmed[0] != '\0' && !known)
        keep(building, trimmed);
    else if (trimmed[0] != '\0' && field != NULL && is_second(building, field))
        add_fault(building, "another column of this row holds the same field");
    else if (trimmed[0] != '\0' && field != NULL && !field->read(&building->row, trimmed, fault, sizeof fault))
        add_fault(building, fault);
    free(trimmed);
}

/* ---- what the configuration knows of every row ---------------------------------------------------------------------------- */

static void complete_referrer(const struct folder_settings *settings, Fascia__Referral *referral)
{
    if (referral->referrer == NULL)
        referral->referrer = new_message(&fascia__referrer__descriptor);
    if (referral->referrer->role == FASCIA__ROLE__ROLE_UNSPECIFIED)
        referral->referrer->role = settings->role;
    if (referral->referrer->name[0] == '\0' && settings->referrer_name[0] != '\0')
        referral->referrer->name = folder_text(settings->referrer_name);
    if (referral->referrer->n_identifiers == 0 && settings->referrer_npi[0] != '\0') {
        Fascia__Identifier *identifier = new_message(&fascia__identifier__descriptor);
        identifier->type = folder_text("NPI");
        identifier->value = folder_text(settings->referrer_npi);
        FOLDER_PUSH(referral->referrer->identifiers, referral->referrer->n_identifiers, identifier);
    }
}

static void complete_zone(const struct folder_settings *settings, const Fascia__Referral *referral)
{
    Fascia__Preferences *wishes = referral->preferences;

    if (wishes != NULL && wishes->time_zone[0] == '\0' && settings->time_zone[0] != '\0')
        wishes->time_zone = folder_text(settings->time_zone);
}

/* Why a row is cancelled is what its reason says. */
static void complete_action(struct folder_building *building, Fascia__Submit *submit)
{
    const Fascia__Referral *referral = submit->referral;

    if (submit->action == FASCIA__SUBMIT__ACTION__NEW)
        return;
    if (referral->sender_referral_id[0] == '\0') {
        snprintf(building->location, sizeof building->location, "field referral_id");
        add_fault(building, "is missing: without it nobody knows which referral to change or cancel");
    }
    for (size_t i = 0; i < referral->n_notes && submit->reason[0] == '\0'; i++)
        if (strcmp(referral->notes[i]->kind, "reason") == 0)
            submit->reason = folder_text(referral->notes[i]->text);
}

static void keep_original(Fascia__Referral *referral, const char *original, size_t size, const char *media_type)
{
    if (size == 0)
        return;
    referral->original.data = folder_allocate(size);
    memcpy(referral->original.data, original, size);
    referral->original.len = size;
    referral->original_media_type = folder_text(media_type);
}

Fascia__Submission *folder_row_end(struct folder_building *building, const char *original, size_t size,
                                   const char *media_type)
{
    Fascia__Submission *submission = building->row.submission;
    Fascia__Submit *submit = submission->submit;

    building->row.submission = NULL;
    complete_action(building, submit);
    if (building->fault[0] != '\0') {
        fascia__submission__free_unpacked(submission, NULL);
        return NULL;
    }
    complete_referrer(building->row.settings, submit->referral);
    complete_zone(building->row.settings, submit->referral);
    keep_original(submit->referral, original, size, media_type);
    return submission;
}
