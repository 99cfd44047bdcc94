/*
 * What fascia is given: a therapist and a need as its own messages, from a person and an ask.
 *
 * Messages point into their sheet: it stays where it is, and is read before the next one is made in it.
 */
#ifndef FASCIA_BENCH_SHEETS_H
#define FASCIA_BENCH_SHEETS_H

#include "people.h"

#include "fascia/v1/referral.pb-c.h"
#include "fascia/v1/therapist.pb-c.h"

struct therapist_sheet {
    Fascia__Therapist therapist;
    char identifier[16];
    Fascia__Licence licences[3], *licence_list[3];
    Fascia__Certification certifications[4], *certification_list[4];
    char *techniques[TECHNIQUES], *payers[12], *languages[4];
    Fascia__Experience conditions[8], *condition_list[8];
    Fascia__Place place, *place_list[1];
    Fascia__Position position;
    Fascia__VisitMode modes[3];
    Fascia__Hours hours[14], *hour_list[14];
};
struct need_sheet {
    Fascia__Need need;
    char *condition, *techniques[TECHNIQUES], *payer, *language, *certification;
    Fascia__Alternatives group, *group_list[1];
    Fascia__Position position;
    Fascia__Window windows[2], *window_list[2];
};

/* "T000000042": in the order of numbers. */
void sheet_identifier(uint32_t number, char identifier[16]);
void sheet_therapist(const struct country *country, const struct person *person, struct therapist_sheet *sheet);
void sheet_need(const struct country *country, const struct ask *ask, struct need_sheet *sheet);

#endif
