/*
 * A therapist who meets every gate of a need, and that need; a test changes one thing and asks.
 * Strings are literals or the test's own: nothing in here is freed by protobuf-c.
 */
#ifndef FASCIA_TESTS_MATCH_SAMPLE_H
#define FASCIA_TESTS_MATCH_SAMPLE_H

#include "match/match.h"

#include <stdbool.h>
#include <stddef.h>

#define SAMPLE_MOST 4

struct sample_therapist {
    Fascia__Therapist therapist;
    Fascia__Licence licence[SAMPLE_MOST], *licences[SAMPLE_MOST];
    Fascia__Certification certification[SAMPLE_MOST], *certifications[SAMPLE_MOST];
    Fascia__Experience condition[SAMPLE_MOST], *conditions[SAMPLE_MOST];
    Fascia__Position position[SAMPLE_MOST];
    Fascia__Place place[SAMPLE_MOST], *places[SAMPLE_MOST];
    Fascia__Hours hour[7], *hours[7];
    Fascia__VisitMode modes[SAMPLE_MOST];
    char *techniques[SAMPLE_MOST], *payers[SAMPLE_MOST], *languages[SAMPLE_MOST];
    struct calendar *calendar;
};

struct sample_need {
    Fascia__Need need;
    char *conditions[SAMPLE_MOST], *required[SAMPLE_MOST], *suitable[SAMPLE_MOST], *avoided[SAMPLE_MOST];
    char *professions[SAMPLE_MOST], *payers[SAMPLE_MOST], *languages[SAMPLE_MOST];
    Fascia__Alternatives group[SAMPLE_MOST], *groups[SAMPLE_MOST];
    char *alternatives[SAMPLE_MOST][SAMPLE_MOST];
    Fascia__Position position;
    Fascia__Window window[SAMPLE_MOST], *windows[SAMPLE_MOST];
    struct match_query query;
};

/* Louisville, Kentucky: a massage therapist licensed in US-KY, Monday to Friday 9 to 17. No calendar yet. */
void sample_therapist_init(struct sample_therapist *sample, const char *identifier);
/* The calendar as the sample stands, advanced to now, and into the index. */
void sample_put(struct match_index *index, struct sample_therapist *sample, int64_t now);
void sample_therapist_finish(struct sample_therapist *sample);

/* Back pain, an hour, within 25 km, from Monday 2026-11-30; now is that day's midnight in Louisville. */
void sample_need_init(struct sample_need *sample);
void sample_add_group(struct sample_need *sample, char *first, char *second);
void sample_add_certification(struct sample_therapist *sample, char *code, char *from, char *to);

const struct zone *sample_zone(void);
const struct codes *sample_codes(void);
int64_t sample_instant(int month, int day, int hour); /* of 2026, in Louisville */
void sample_finish(void);                             /* the zone and the codes */

#endif
