/* fascia's matcher, measured from a Fascia__Need to the ids: looking codes up, dates and windows included. */
#include "directory.h"

#include <string.h>

static void answer_find(void *context, enum ask_set set, uint32_t number, struct found *found)
{
    struct directory *directory = context;
    struct match_found best;

    match_find(directory->index, &directory->queries[set][number], &best);
    found->count = (uint32_t)best.count;
    for (uint32_t i = 0; i < found->count; i++)
        found->numbers[i] = best.candidates[i].therapist;
}

static void answer_explained(void *context, enum ask_set set, uint32_t number, struct found *found)
{
    struct directory *directory = context;
    Fascia__Explanation *explanation = match_run(directory->index, &directory->queries[set][number]);

    found->count = (uint32_t)explanation->n_candidates;
    for (uint32_t i = 0; i < found->count; i++)
        found->numbers[i] = directory->names.number(directory->names.context, explanation->candidates[i]->therapist);
    fascia__explanation__free_unpacked(explanation, NULL);
}

/* How many questions met the bound on calendars. */
static void count_bounded(struct directory *directory)
{
    unsigned bounded = 0;

    for (enum ask_set set = 0; set < ASK_SETS; set++) {
        for (uint32_t number = 0; number < directory->bench->asks[set]; number++) {
            struct match_found best;

            match_find(directory->index, &directory->queries[set][number], &best);
            bounded += best.bounded;
        }
    }
    answers_fact(directory->bench, "fascia.bounded", bounded);
}

void fascia_measure(struct bench *bench)
{
    struct directory directory;
    struct bench fewer = *bench;

    directory_init(&directory, bench);
    for (enum ask_set set = 0; set < ASK_SETS; set++)
        answers_measure(bench, "fascia", set, answer_find, &directory);
    count_bounded(&directory);
    fewer.asks[ASK_MAIN] = bench->asks[ASK_MAIN] < 200 ? bench->asks[ASK_MAIN] : 200;
    answers_measure(&fewer, "fascia-explained", ASK_MAIN, answer_explained, &directory);
    directory_weigh(&directory, true);
    answers_measure(bench, "fascia-own-weights", ASK_MAIN, answer_find, &directory);
    directory_weigh(&directory, false);
    directory_measure_live(&directory);
    directory_measure_changes(&directory);
    directory_finish(&directory);
}
