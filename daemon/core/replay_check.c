/* Asking again what was asked, and comparing the answers. */
#include "core/difference.h"
#include "core/memory.h"
#include "core/message.h"
#include "core/policy.h"
#include "core/replay_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Fascia__Replay *new_verdict(uint64_t referral, uint64_t sequence, int64_t at)
{
    Fascia__Replay *verdict = memory_allocate(1, sizeof *verdict);

    fascia__replay__init(verdict);
    verdict->referral = referral;
    verdict->event = sequence;
    verdict->at = at;
    return verdict;
}

static void tell(struct replay *replay, Fascia__Replay *verdict)
{
    replay->settings.verdict(replay->settings.context, verdict);
}

static void add_gap(Fascia__Replay *verdict, const char *text)
{
    message_push_text(&verdict->gaps, &verdict->n_gaps, text);
}

void replay_tell_unasked(struct replay *replay, uint64_t referral, uint64_t sequence, int64_t at, const char *why)
{
    Fascia__Replay *verdict = new_verdict(referral, sequence, at);

    verdict->verdict = FASCIA__REPLAY__VERDICT__INCONCLUSIVE;
    add_gap(verdict, why);
    tell(replay, verdict);
}

/* ---- what could not be lived again ---- */

static void say_count(Fascia__Replay *verdict, size_t count, const char *one, const char *several)
{
    char text[256];

    if (count == 0)
        return;
    snprintf(text, sizeof text, "%zu %s", count, count == 1 ? one : several);
    add_gap(verdict, text);
}

static void find_gaps(struct replay *replay, const struct replay_question *question, const Fascia__Explanation *stored,
                      Fascia__Replay *verdict)
{
    const struct zone_source *zones = &replay->engine->zones;

    say_count(
        verdict, replay_settle_gone(replay, question->at),
        "referral that was under way then is erased: what it held of somebody's time and capacity can't be read",
        "referrals that were under way then are erased: what they held of somebody's time and capacity can't be read");
    say_count(verdict, replay->unknown_count,
              "therapist was put by a release that did not keep what it put: nothing is known of them as they were",
              "therapists were put by a release that did not keep what it put: nothing is known of them as they were");
    if (question->at < replay->latest)
        add_gap(verdict, "the node's clock was set back then");
    if (stored->tables != codes_fingerprint(replay->engine->codes))
        add_gap(verdict, stored->tables == 0 ? "it does not say by which code tables it was made"
                                             : "the code tables have changed since");
    if (strcmp(stored->release, FASCIA_VERSION) != 0)
        add_gap(verdict, "another release of fascia has made it");
    if (zones->find(zones->context, stored->need->time_zone) == NULL)
        add_gap(verdict, "the patient's time zone is not in the system's zone data");
}

/* ---- differences ---- */

static void add_difference(void *context, const char *path, const char *stored, const char *replayed)
{
    Fascia__Replay *verdict = context;
    Fascia__ReplayDifference *difference;

    if (verdict->different++ >= REPLAY_DIFFERENCES)
        return;
    difference = memory_allocate(1, sizeof *difference);
    fascia__replay_difference__init(difference);
    message_set(&difference->field, path);
    message_set(&difference->stored, stored);
    message_set(&difference->replayed, replayed);
    message_push(&verdict->differences, &verdict->n_differences, difference);
}

/* ---- the question, from what is stored ---- */

struct inputs {
    struct match_query query;
    struct match_settings weights;
    uint32_t *declined, *treated_by;
};

static uint32_t *numbers_of(struct engine *engine, char *const *names, size_t count, size_t *known)
{
    uint32_t *numbers = memory_allocate(count, sizeof *numbers);

    *known = 0;
    for (size_t i = 0; i < count; i++)
        if (names[i][0] != '\0' && strlen(names[i]) <= RECORD_NAME_BYTES)
            numbers[(*known)++] = directory_refer(engine->directory, names[i])->number;
    return numbers;
}

static void begin_inputs(struct engine *engine, const Fascia__Explanation *stored, struct inputs *inputs)
{
    const struct zone *zone = engine->zones.find(engine->zones.context, stored->need->time_zone);
    const Fascia__MatchWeights *weights = stored->weights;

    *inputs = (struct inputs){.query = {.need = stored->need,
                                        .zone = zone != NULL ? zone : zone_utc(),
                                        .now = stored->asked_at,
                                        .limit = stored->n_policies > 0 ? MATCH_SHORTLIST : MATCH_CANDIDATES},
                              .weights = {.rating_mean = weights->rating_mean,
                                          .rating_prior = weights->rating_prior,
                                          .earliest_span = weights->earliest_span,
                                          .experience_full = weights->experience_full,
                                          .opened_most = weights->opened_most}};
    memcpy(inputs->weights.weight, weights->parts, sizeof inputs->weights.weight);
    inputs->declined = numbers_of(engine, stored->declined, stored->n_declined, &inputs->query.declined_count);
    inputs->treated_by = numbers_of(engine, stored->treated_by, stored->n_treated_by, &inputs->query.treated_by_count);
    inputs->query.declined = inputs->declined;
    inputs->query.treated_by = inputs->treated_by;
}

static bool has_inputs(const Fascia__Explanation *stored)
{
    return stored->need != NULL && stored->asked_at != 0 && stored->weights != NULL &&
           stored->weights->n_parts == PART_COUNT;
}

static Fascia__Explanation *ask_again(struct engine *engine, const Fascia__Explanation *stored)
{
    Fascia__Explanation *replayed;
    struct inputs inputs;

    begin_inputs(engine, stored, &inputs);
    match_index_configure(engine->index, &inputs.weights);
    replayed = match_run(engine->index, &inputs.query);
    replayed->at = stored->at;
    replayed->asked_after = stored->asked_after;
    replayed->tables = stored->tables;
    message_set(&replayed->release, stored->release);
    policy_apply_again(replayed, stored);
    free(inputs.declined);
    free(inputs.treated_by);
    return replayed;
}

/* ---- the inputs, against what was known then ---- */

static void compare_names(Fascia__Replay *verdict, const struct engine *engine, const char *path, char *const *stored,
                          size_t count, const uint32_t *numbers, size_t known)
{
    char texts[2][24];

    if (count != known) {
        snprintf(texts[0], sizeof texts[0], "%zu", count);
        snprintf(texts[1], sizeof texts[1], "%zu", known);
        add_difference(verdict, path, texts[0], texts[1]);
    }
    for (size_t i = 0; i < count && i < known; i++) {
        const char *name = directory_entry(engine->directory, numbers[i])->identifier;

        if (strcmp(stored[i], name) != 0)
            add_difference(verdict, path, stored[i], name);
    }
}

/* Who treated the patient before is only known while nobody's erasure has taken a part of it away. */
static void compare_inputs(const struct replay *replay, const struct replay_question *question,
                           const Fascia__Explanation *stored, Fascia__Replay *verdict)
{
    const struct referral *referral = engine_find_referral(replay->engine, question->referral);
    struct question known;

    if (referral == NULL || referral->open == NULL || referral->open->need == NULL) {
        add_difference(verdict, "referral", "matched", "not open then");
        return;
    }
    engine_question_begin(replay->engine, referral, NULL, stored->asked_at, &known);
    message_differences(&stored->need->base, &known.need->base, "need.", add_difference, verdict);
    compare_names(verdict, replay->engine, "declined", stored->declined, stored->n_declined, known.query.declined,
                  known.query.declined_count);
    if (replay->gone_count == 0)
        compare_names(verdict, replay->engine, "treated_by", stored->treated_by, stored->n_treated_by,
                      known.query.treated_by, known.query.treated_by_count);
    engine_question_end(&known);
}

/* Who was kept for others was decided over all that were placed at once, which no explanation tells. What can be checked: the offer went to a
 * candidate, and whoever stands before it was kept, or scores the same. */
static void compare_assignment(const Fascia__Assignment *assignment, const Fascia__Explanation *replayed,
                               Fascia__Replay *verdict)
{
    size_t chosen = 0, kept = 0;

    if (assignment == NULL)
        return;
    while (chosen < replayed->n_candidates &&
           strcmp(replayed->candidates[chosen]->therapist, assignment->therapist) != 0)
        chosen++;
    if (chosen == replayed->n_candidates) {
        add_difference(verdict, "assignment.therapist", assignment->therapist, "no candidate");
        return;
    }
    for (size_t i = 0; i < chosen; i++) {
        if (kept < assignment->n_kept && strcmp(assignment->kept[kept], replayed->candidates[i]->therapist) == 0)
            kept++;
        else if (replayed->candidates[i]->score != replayed->candidates[chosen]->score)
            add_difference(verdict, "assignment.kept", "not kept", replayed->candidates[i]->therapist);
    }
    if (kept < assignment->n_kept)
        add_difference(verdict, "assignment.kept", assignment->kept[kept], "no candidate before the one chosen");
}

/* ---- one explanation ---- */

static bool is_gone(const struct replay *replay, uint64_t referral)
{
    for (size_t i = 0; i < replay->gone_count; i++)
        if (replay->gone[i].referral == referral)
            return true;
    return false;
}

static void compare(struct replay *replay, const struct replay_question *question, const Fascia__Explanation *stored,
                    Fascia__Replay *verdict)
{
    Fascia__Explanation *replayed;

    engine_let_time_pass(replay->engine, question->at);
    find_gaps(replay, question, stored, verdict);
    replayed = ask_again(replay->engine, stored);
    replayed->assignment = stored->assignment;
    message_differences(&stored->base, &replayed->base, "", add_difference, verdict);
    replayed->assignment = NULL;
    compare_assignment(stored->assignment, replayed, verdict);
    fascia__explanation__free_unpacked(replayed, NULL);
    if (stored->at != question->at)
        add_difference(verdict, "at", "another time", "when it was recorded");
    if (!is_gone(replay, question->referral))
        compare_inputs(replay, question, stored, verdict);
    if (verdict->different > 0)
        verdict->verdict =
            verdict->n_gaps > 0 ? FASCIA__REPLAY__VERDICT__INCONCLUSIVE : FASCIA__REPLAY__VERDICT__DIFFERENT;
}

void replay_check(struct replay *replay, const struct replay_question *question)
{
    const Fascia__Explanation *stored = question->event->matched->explanation;
    Fascia__Replay *verdict = new_verdict(question->referral, question->sequence, question->at);

    if (has_inputs(stored)) {
        compare(replay, question, stored, verdict);
    } else {
        verdict->verdict = FASCIA__REPLAY__VERDICT__INCONCLUSIVE;
        add_gap(verdict, "a release that did not keep its inputs has made it");
    }
    tell(replay, verdict);
    fascia__event__free_unpacked(question->event, NULL);
}
