/*
 * Numbers for the identifiers of a test's therapists, as a directory gives them: from 0, in order of first hearing, kept until the process ends.
 */
#ifndef FASCIA_TESTS_MATCH_NAMES_H
#define FASCIA_TESTS_MATCH_NAMES_H

#include "match/match.h"

const struct match_names *test_names(void);
/* Gives a number when there is none yet. */
uint32_t test_number(const char *identifier);

#endif
