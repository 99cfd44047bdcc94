/* The file of results: a line for each row, in its order, as CSV or (of JSON) as an object a line. */
#ifndef FOLDER_ANSWER_H
#define FOLDER_ANSWER_H

#include "fascia/v1/command.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder_outcome {
    size_t number;      /* line, or element of an array */
    const char *result; /* "accepted" "known" "refused" "not-found" "conflict"; NULL: not answered yet */
    uint64_t referral;
    const char *state;
    char *problem; /* heap; NULL: none */
};

/* The host's answer, in the words of the file of results. */
void folder_outcome_take(struct folder_outcome *outcome, const Fascia__Result *result);
bool folder_outcome_is_good(const struct folder_outcome *outcome);
/* Heap; *size bytes. */
uint8_t *folder_answer_write(const struct folder_outcome *outcomes, size_t count, bool json, size_t *size);

/* "needs-information" */
const char *folder_state_word(Fascia__State state);

#endif
