/*
 * The gates, each a question to a block of therapists at once, and what they need of a single therapist.
 */
#ifndef FASCIA_MATCH_GATES_H
#define FASCIA_MATCH_GATES_H

#include "match/plan.h"

/* Of those in words, those who meet the gate stay; any gate but GATE_TIME. */
void match_gate_test(enum match_gate gate, const struct match_plan *plan, const struct match_block *block,
                     uint64_t words[MATCH_WORDS]);
/* The same, but that credentials may yet turn out not to hold on the days: match_test_licence(), match_test_certification(). */
void match_gate_columns(enum match_gate gate, const struct match_plan *plan, const struct match_block *block,
                        uint64_t words[MATCH_WORDS]);
/* All clauses at once but accepting and capacity, of those in from, which may be words. false when nobody is left. Credentials may yet turn out not to hold on the days. */
bool match_gates_select(const struct match_plan *plan, const struct match_block *block,
                        const uint64_t from[MATCH_WORDS], uint64_t words[MATCH_WORDS]);
/* Licence and certification, of one who meets their clauses. */
bool match_credentials_hold(const struct match_plan *plan, const struct match_block *block, uint32_t row);

/* How the patient and the therapist would come together, by the first of clinic, home and remote that the gate allows;
 * when none is allowed, what is nearest to it. */
struct match_reach {
    bool met;
    enum match_mode mode;
    bool measured;
    uint32_t distance; /* metres; 0 when not measured */
    uint32_t limit;    /* of the mode that was measured */
    uint32_t place;    /* number of the place that was measured */
};
struct match_reach match_reach(const struct match_plan *plan, const struct match_block *block, uint32_t row);

/* Start of the first free run on days on which the credentials hold, or INT64_MAX. A gate that is not met sets no bound. */
int64_t match_first_free(const struct match_plan *plan, const struct match_block *block, uint32_t row, bool licence_met,
                         bool certification_met);

/* ---- credentials.c ---- */
void match_test_licence(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS]);
void match_test_certification(const struct match_plan *plan, const struct match_block *block,
                              uint64_t words[MATCH_WORDS]);
/* All credentials hold on every day that is asked about, and on those to come: the rest need not be looked at. */
bool match_row_holds(const struct match_plan *plan, const struct match_row *row);
/* Days of a plain row's licences, of its certifications. */
struct match_stretch match_row_licensed(const struct match_row *row);
struct match_stretch match_row_certified(const struct match_row *row);
/* Fill days, settled; of one that is not plain. */
void match_licence_days(const struct match_plan *plan, const struct match_extra *extra, struct match_days *days);
void match_certification_days(const struct match_plan *plan, const struct match_extra *extra, struct match_days *days);

/* ---- reach.c ---- */
void match_test_distance(const struct match_plan *plan, const struct match_block *block, uint64_t words[MATCH_WORDS]);
/* Whether somebody of the block may be within the distance asked for. */
bool match_reach_near(const struct match_plan *plan, const struct match_block *block);
/* Whose distance is met far from the patient, by video: bits of match_boxes.remote. */
unsigned match_reach_remote(const struct match_plan *plan);

#endif
