/*
 * Between the files that make a world: chance, memory that the world owns, texts; and who makes what.
 */
#ifndef FASCIA_TESTS_MATCH_MAKING_H
#define FASCIA_TESTS_MATCH_MAKING_H

#include "property/match_world.h"

bool making_chance(struct world *world, unsigned of_hundred);
bool making_spoilt(struct world *world); /* as often as the world is */
void *making_give(struct world *world, size_t count, size_t size);
char *making_text(struct world *world, const char *kind, uint32_t number);
char *making_date(struct world *world, int32_t day);
/* Near the days that matter, none, or nonsense. */
char *making_some_date(struct world *world, int32_t day, unsigned near);
/* Up to most random codes of a kind; payers in any case. */
char **making_codes(struct world *world, const char *kind, uint32_t most, size_t *count);
char *making_any_case(struct world *world, const char *text);
char *making_jurisdiction(struct world *world);

/* Whether no two ways of measuring can round the way to a patient differently, or disagree which of a therapist's places is nearest. */
bool making_is_clear(struct world *world, const Fascia__Position *position, const Fascia__Therapist *therapist);
Fascia__Position *making_patient_position(struct world *world);
void making_places(struct world *world, Fascia__Therapist *therapist);

void making_question(struct world *world, struct world_question *question);
/* Edges that can be known only when the therapists are. */
void making_sharpen(struct world *world, struct world_question *question);

/* A therapist as said in the plan, for one of the questions, with a calendar. The identifier stays when there is one. */
void making_therapist(struct world *world, struct oracle_therapist *who);

#endif
