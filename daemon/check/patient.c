#include "check/patient.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void add(struct patient *patient, const char *what, const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);

    if (size < 4 || (size < 6 && strspn(text, "0123456789") == size) || patient->count == PATIENT_MARKERS_MOST)
        return;
    patient->markers[patient->count].what = what;
    patient->markers[patient->count++].text = text;
}

void patient_read(struct patient *patient, const Fascia__Referral *referral)
{
    const Fascia__Patient *who = referral->patient;

    patient->count = 0;
    if (who == NULL)
        return;
    add(patient, "family name", who->family_name);
    add(patient, "given name", who->given_name);
    add(patient, "date of birth", who->birth_date);
    for (size_t i = 0; i < who->n_identifiers; i++)
        add(patient, "identifier", who->identifiers[i]->value);
    for (size_t i = 0; i < who->n_phones; i++)
        add(patient, "telephone", who->phones[i]);
    for (size_t i = 0; i < who->n_emails; i++)
        add(patient, "e-mail address", who->emails[i]);
    for (size_t i = 0; who->address != NULL && i < who->address->n_lines; i++)
        add(patient, "address", who->address->lines[i]);
    for (size_t i = 0; i < referral->n_coverages; i++)
        add(patient, "member number", referral->coverages[i]->member_id);
}

static bool is_word(unsigned char byte)
{
    return isalnum(byte) != 0 || byte >= 0x80;
}

static bool stands_in(const char *marker, const char *text, size_t size)
{
    size_t length = strlen(marker);

    for (size_t at = 0; at + length <= size; at++) {
        if (strncasecmp(text + at, marker, length) != 0)
            continue;
        if ((at == 0 || !is_word((unsigned char)text[at - 1])) &&
            (at + length == size || !is_word((unsigned char)text[at + length])))
            return true;
    }
    return false;
}

static size_t find(const struct patient *patient, const char *text, size_t size)
{
    size_t at = 0;

    while (at < patient->count && !stands_in(patient->markers[at].text, text, size))
        at++;
    return at;
}

const char *patient_found(const struct patient *patient, const char *text, size_t size)
{
    size_t at = find(patient, text, size);

    return at < patient->count ? patient->markers[at].what : NULL;
}

const char *patient_found_text(const struct patient *patient, const char *text, size_t size)
{
    size_t at = find(patient, text, size);

    return at < patient->count ? patient->markers[at].text : NULL;
}
