/*
 * Policies: asked about the candidates of a match before anybody is offered the case.
 *
 * The engine asks, and goes on when all have answered or their time is up. What it asked about may have changed by then: the matcher is asked
 * again, and who is new among the candidates is asked about too, a few times. Nothing of it is kept but what was answered, in the match's
 * explanation: an engine that is built anew finds the referral where it was, and asks anew.
 */
#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"
#include "core/policy.h"

#include <stdlib.h>
#include <string.h>

#define ASKS        64 /* referrals that policies may be asked about at one time */
#define ROUNDS_MOST 3  /* of one referral, while there are new candidates each time */

#define TOO_LATE  "no answer in time"
#define GARBAGE   "its answer can't be used"
#define NOT_ASKED "not asked: nothing is kept of this question"

struct ask {
    uint64_t number, referral;
    int64_t at, due;
    unsigned round;
    uint8_t *need; /* packed: opinions are about this one */
    size_t need_size;
    char **asked; /* identifiers */
    size_t asked_count;
    size_t policy_count;                              /* as many as are configured */
    Fascia__PolicyOpinion *opinions[ENGINE_POLICIES]; /* NULL: not known yet */
    Fascia__Question *question;                       /* NULL: handed over */
};

struct asking {
    struct ask asks[ASKS]; /* oldest first */
    size_t count;
    uint64_t last;
};

/* ---- one ask ---- */

static void ask_finish(struct ask *ask)
{
    for (size_t i = 0; i < ask->asked_count; i++)
        message_clear(&ask->asked[i]);
    free(ask->asked);
    for (size_t i = 0; i < ask->policy_count; i++)
        if (ask->opinions[i] != NULL)
            fascia__policy_opinion__free_unpacked(ask->opinions[i], NULL);
    if (ask->question != NULL)
        fascia__question__free_unpacked(ask->question, NULL);
    free(ask->need);
}

static Fascia__QuestionCandidate *write_candidate(const Fascia__Candidate *candidate)
{
    Fascia__QuestionCandidate *written = memory_allocate(1, sizeof *written);

    fascia__question_candidate__init(written);
    message_set(&written->therapist, candidate->therapist);
    written->score = candidate->score;
    written->distance = (candidate->distance + 500) / 1000 * 1000;
    written->first_free = candidate->first_free;
    for (size_t i = 0; i < candidate->n_parts; i++) {
        Fascia__ScorePart *part = memory_allocate(1, sizeof *part);

        fascia__score_part__init(part);
        message_set(&part->name, candidate->parts[i]->name);
        part->points = candidate->parts[i]->points;
        message_push(&written->parts, &written->n_parts, part);
    }
    return written;
}

static void copy_texts(char ***to, size_t *to_count, char *const *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        message_push_text(to, to_count, from[i]);
}

/* Of the need only what says nothing of who the patient is, or where. */
static Fascia__Question *write_question(const Fascia__Explanation *explanation, int64_t now)
{
    const Fascia__Need *need = explanation->need;
    Fascia__Question *question = memory_allocate(1, sizeof *question);

    fascia__question__init(question);
    copy_texts(&question->conditions, &question->n_conditions, need->conditions, need->n_conditions);
    copy_texts(&question->techniques_required, &question->n_techniques_required, need->techniques_required,
               need->n_techniques_required);
    copy_texts(&question->techniques_suitable, &question->n_techniques_suitable, need->techniques_suitable,
               need->n_techniques_suitable);
    for (size_t i = 0; i < need->n_certifications; i++)
        message_push(&question->certifications, &question->n_certifications,
                     message_copy(&need->certifications[i]->base));
    message_set(&question->jurisdiction, need->jurisdiction);
    question->priority = need->priority;
    question->visit_mode = need->visit_mode;
    question->duration_minutes = need->duration_minutes;
    question->asked_at = now;
    for (size_t i = 0; i < explanation->n_candidates; i++)
        message_push(&question->candidates, &question->n_candidates, write_candidate(explanation->candidates[i]));
    return question;
}

static void ask_begin(struct engine *engine, struct ask *ask, const struct referral *referral,
                      const Fascia__Explanation *explanation, unsigned round)
{
    int64_t longest = 0;

    *ask = (struct ask){.number = ++engine->asking->last,
                        .referral = referral->number,
                        .at = engine->now,
                        .round = round,
                        .need_size = referral->open->need_size,
                        .policy_count = engine->settings.policy_count};
    ask->need = memory_resize(NULL, ask->need_size + 1, 1);
    memcpy(ask->need, referral->open->need, ask->need_size);
    for (size_t i = 0; i < explanation->n_candidates; i++)
        message_push_text(&ask->asked, &ask->asked_count, explanation->candidates[i]->therapist);
    for (size_t i = 0; i < ask->policy_count; i++)
        if (engine->settings.policies[i].time > longest)
            longest = engine->settings.policies[i].time;
    ask->due = engine->now + longest;
    ask->question = write_question(explanation, engine->now);
}

static Fascia__PolicyOpinion *new_opinion(const struct engine_policy *policy, size_t asked, const char *abstained)
{
    Fascia__PolicyOpinion *opinion = memory_allocate(1, sizeof *opinion);

    fascia__policy_opinion__init(opinion);
    message_set(&opinion->name, policy->name);
    message_set(&opinion->abstained, abstained);
    opinion->weight = policy->weight;
    opinion->may_gate = policy->may_gate;
    opinion->may_score = policy->may_score;
    opinion->asked = (uint32_t)asked;
    return opinion;
}

/* ---- asking ---- */

/* What is asked about is in no queue meanwhile. */
static void mark(struct engine *engine, struct referral *referral, bool asked)
{
    engine_index_leave(engine, referral);
    referral->open->asked = asked;
    engine_index_enter(engine, referral);
}

bool engine_may_ask(const struct engine *engine)
{
    return engine->asking == NULL || engine->asking->count < ASKS;
}

bool engine_ask_policies(struct engine *engine, struct referral *referral, const Fascia__Explanation *explanation)
{
    if (engine->settings.policy_count == 0 || explanation->n_candidates == 0)
        return false;
    if (referral->open->asked) /* who waits was woken again: what goes on will see what woke it */
        return true;
    if (engine->asking == NULL)
        engine->asking = memory_allocate(1, sizeof *engine->asking);
    INVARIANT(engine->asking->count < ASKS);
    ask_begin(engine, &engine->asking->asks[engine->asking->count++], referral, explanation, 1);
    mark(engine, referral, true);
    return true;
}

bool engine_next_question(struct engine *engine, uint64_t *number, Fascia__Question **question)
{
    for (size_t i = 0; engine->asking != NULL && i < engine->asking->count; i++) {
        struct ask *ask = &engine->asking->asks[i];

        if (ask->question == NULL)
            continue;
        *number = ask->number;
        *question = ask->question;
        ask->question = NULL;
        return true;
    }
    return false;
}

void engine_note_not_asked(const struct engine *engine, Fascia__Explanation *explanation)
{
    for (size_t i = 0; i < engine->settings.policy_count; i++)
        message_push(&explanation->policies, &explanation->n_policies,
                     new_opinion(&engine->settings.policies[i], 0, NOT_ASKED));
}

void engine_asking_finish(struct engine *engine)
{
    for (size_t i = 0; engine->asking != NULL && i < engine->asking->count; i++)
        ask_finish(&engine->asking->asks[i]);
    free(engine->asking);
    engine->asking = NULL;
}

/* ---- going on ---- */

static bool are_all_asked(const struct ask *ask, const Fascia__Explanation *explanation)
{
    for (size_t i = 0; i < explanation->n_candidates; i++)
        if (!message_has_text(ask->asked, ask->asked_count, explanation->candidates[i]->therapist))
            return false;
    return true;
}

static void take_opinions(const struct engine *engine, struct ask *ask, Fascia__Explanation *explanation)
{
    for (size_t i = 0; i < ask->policy_count; i++) {
        if (ask->opinions[i] == NULL)
            ask->opinions[i] = new_opinion(&engine->settings.policies[i], ask->asked_count, TOO_LATE);
        message_push(&explanation->policies, &explanation->n_policies, ask->opinions[i]);
        ask->opinions[i] = NULL;
    }
}

static bool still_stands(const struct referral *referral, const struct ask *ask)
{
    return (referral->state == FASCIA__STATE__STATE_MATCHING || referral->state == FASCIA__STATE__STATE_WAITLISTED) &&
           referral->open->need_size == ask->need_size && memcmp(referral->open->need, ask->need, ask->need_size) == 0;
}

static void conclude(struct engine *engine, struct referral *referral, struct ask *ask)
{
    Fascia__Explanation *explanation;
    struct question question;

    if (!engine_begin_match(engine, referral, &question))
        return;
    explanation = engine_ask(engine, &question);
    if (explanation->n_candidates > 0 && ask->round < ROUNDS_MOST && !are_all_asked(ask, explanation)) {
        ask_begin(engine, &engine->asking->asks[engine->asking->count++], referral, explanation, ask->round + 1);
        mark(engine, referral, true);
    } else {
        if (explanation->n_candidates > 0) {
            take_opinions(engine, ask, explanation);
            policy_apply(explanation, MATCH_CANDIDATES);
        }
        if (referral->state == FASCIA__STATE__STATE_MATCHING)
            engine_conclude_match(engine, referral, &question, explanation);
        else
            engine_conclude_waiting(engine, referral, &question, explanation);
    }
    fascia__explanation__free_unpacked(explanation, NULL);
    engine_question_end(&question);
}

/* What is no longer what was asked about is asked anew, or needs nobody any more. */
static void go_on(struct engine *engine, size_t place)
{
    struct asking *asking = engine->asking;
    struct ask ask = asking->asks[place];
    struct referral *referral = engine_find_referral(engine, ask.referral);

    asking->count--;
    memmove(&asking->asks[place], &asking->asks[place + 1], (asking->count - place) * sizeof ask);
    if (referral != NULL && referral->open != NULL) {
        mark(engine, referral, false);
        if (still_stands(referral, &ask))
            conclude(engine, referral, &ask);
    }
    ask_finish(&ask);
}

bool engine_judge_overdue(struct engine *engine)
{
    for (size_t i = 0; engine->asking != NULL && i < engine->asking->count; i++)
        if (engine->asking->asks[i].due <= engine->now) {
            go_on(engine, i);
            return true;
        }
    return false;
}

int64_t engine_judge_deadline(const struct engine *engine)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; engine->asking != NULL && i < engine->asking->count; i++)
        if (engine->asking->asks[i].due < first)
            first = engine->asking->asks[i].due;
    return first;
}

/* ---- answers ---- */

static bool find_ask(const struct engine *engine, uint64_t number, size_t *place)
{
    for (*place = 0; engine->asking != NULL && *place < engine->asking->count; ++*place)
        if (engine->asking->asks[*place].number == number)
            return true;
    return false;
}

static size_t find_policy(const struct engine *engine, const char *name)
{
    size_t place = 0;

    while (place < engine->settings.policy_count && strcmp(engine->settings.policies[place].name, name) != 0)
        place++;
    return place;
}

static Fascia__PolicyOpinion *read_opinion(const struct engine *engine, const struct ask *ask,
                                           const struct engine_policy *policy, const Fascia__Judged *judged)
{
    Fascia__PolicyOpinion *opinion;

    if (engine->now - ask->at > policy->time)
        return new_opinion(policy, ask->asked_count, TOO_LATE);
    if (judged->failed[0] != '\0')
        return new_opinion(policy, ask->asked_count, judged->failed);
    if (!policy_rulings_good(judged->rulings, judged->n_rulings, ask->asked, ask->asked_count))
        return new_opinion(policy, ask->asked_count, GARBAGE);
    opinion = new_opinion(policy, ask->asked_count, "");
    for (size_t i = 0; i < judged->n_rulings; i++)
        message_push(&opinion->rulings, &opinion->n_rulings, message_copy(&judged->rulings[i]->base));
    return opinion;
}

static bool is_complete(const struct ask *ask)
{
    for (size_t i = 0; i < ask->policy_count; i++)
        if (ask->opinions[i] == NULL)
            return false;
    return true;
}

Fascia__Result *engine_do_judged(struct engine *engine, const Fascia__Judged *judged)
{
    const size_t policy = find_policy(engine, judged->policy);
    size_t place = 0;
    struct ask *ask;

    if (!find_ask(engine, judged->ask, &place) || policy >= engine->asking->asks[place].policy_count)
        return engine_answer_problem(engine, NULL, FASCIA__RESULT__VERDICT__NOT_FOUND,
                                     FASCIA__PROBLEM__KIND__UNKNOWN_KEY, "ask", "nobody asked this, or not any more");
    ask = &engine->asking->asks[place];
    if (ask->opinions[policy] != NULL)
        return engine_answer_problem(engine, NULL, FASCIA__RESULT__VERDICT__CONFLICT, FASCIA__PROBLEM__KIND__LOCKED,
                                     "ask", "this policy has answered already");
    ask->opinions[policy] = read_opinion(engine, ask, &engine->settings.policies[policy], judged);
    if (is_complete(ask))
        go_on(engine, place);
    return engine_answer(engine, NULL, FASCIA__RESULT__VERDICT__OK);
}
