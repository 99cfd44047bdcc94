#include "core/engine_state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define CANDIDATES 10

Fascia__Need *engine_need_of(const struct referral *referral)
{
    Fascia__Need *need = fascia__need__unpack(NULL, referral->open->need_size, referral->open->need);

    INVARIANT(need != NULL);
    return need;
}

/* ---- asking the matcher ---- */

static bool has_treated(const struct referral *referral)
{
    return referral->therapist != NULL &&
           (referral->state == FASCIA__STATE__STATE_IN_PROGRESS || referral->state == FASCIA__STATE__STATE_COMPLETED ||
            referral->state == FASCIA__STATE__STATE_CLOSED);
}

static size_t find_treated_by(const struct engine *engine, const struct referral *referral,
                              uint32_t numbers[TREATED_MOST])
{
    const struct referral *other;
    size_t count = 0, looked = 0;

    if (!engine_key_is_set(referral->patient_key))
        return 0;
    other = engine_first_of_patient(engine, referral->patient_key);
    for (; other != NULL && looked < 16 * TREATED_MOST && count < TREATED_MOST; other = other->same_patient, looked++)
        if (other != referral && has_treated(other) &&
            memcmp(other->patient_key, referral->patient_key, RECORD_KEY_BYTES) == 0)
            numbers[count++] = other->therapist->number;
    return count;
}

void engine_question_begin(const struct engine *engine, const struct referral *referral, const Fascia__Need *need,
                           int64_t now, struct question *question)
{
    const struct referral_open *open = referral->open;
    const struct zone *zone;

    question->need = need != NULL ? message_copy(&need->base) : engine_need_of(referral);
    zone = engine->zones.find(engine->zones.context, question->need->time_zone);
    question->declined = memory_allocate(open->declined_count, sizeof *question->declined);
    for (size_t i = 0; i < open->declined_count; i++)
        question->declined[i] = open->declined[i]->number;
    question->query = (struct match_query){.need = question->need,
                                           .zone = zone != NULL ? zone : zone_utc(),
                                           .now = now,
                                           .declined = question->declined,
                                           .declined_count = open->declined_count,
                                           .treated_by = question->treated_by,
                                           .limit = engine->settings.policy_count > 0 ? MATCH_SHORTLIST : CANDIDATES};
    question->query.treated_by_count = find_treated_by(engine, referral, question->treated_by);
}

void engine_question_end(struct question *question)
{
    fascia__need__free_unpacked(question->need, NULL);
    free(question->declined);
}

Fascia__Explanation *engine_ask(struct engine *engine, const struct question *question)
{
    Fascia__Explanation *explanation = match_run(engine->index, &question->query);

    explanation->asked_after = engine->last_sequence;
    explanation->tables = codes_fingerprint(engine->codes);
    message_set(&explanation->release, FASCIA_VERSION);
    return explanation;
}

const char *engine_gate_text(enum match_gate gate)
{
    static const char *const texts[GATE_COUNT] = {
        [GATE_ACCEPTING] = "the therapist is not accepting patients, or is not in the directory",
        [GATE_NAMED] = "the referrer named another therapist",
        [GATE_DECLINED] = "the therapist has declined this referral before",
        [GATE_PROFESSION] = "the therapist's profession does not fit",
        [GATE_LICENCE] = "the therapist has no valid licence in the patient's jurisdiction on that date",
        [GATE_CERTIFICATION] = "the therapist lacks a certification that the referral needs on that date",
        [GATE_TECHNIQUE] = "the therapist does not offer the technique",
        [GATE_CONDITION] = "the therapist does not treat the condition",
        [GATE_CAUTION] = "a caution rules out what the therapist offers",
        [GATE_PAYER] = "the therapist does not take the patient's payer",
        [GATE_LANGUAGE] = "the therapist speaks none of the languages asked for",
        [GATE_GENDER] = "the therapist is not of the gender asked for",
        [GATE_MODE] = "the therapist does not make this kind of visit",
        [GATE_DISTANCE] = "the therapist is too far away",
        [GATE_CAPACITY] = "the therapist's capacity is used up",
        [GATE_TIME] = "that time is not free, or not one at which the patient can come",
    };

    return (unsigned)gate < GATE_COUNT ? texts[gate] : "";
}

/* ---- offers ---- */

static int64_t lifetime_of(const struct engine *engine, const struct referral *referral)
{
    return engine->settings
        .offer_lifetime[referral->priority <= FASCIA__PRIORITY__PRIORITY_STAT ? referral->priority : 0];
}

static void emit_matched(struct engine *engine, const struct referral *referral, Fascia__Explanation *explanation)
{
    Fascia__Matched matched = FASCIA__MATCHED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    explanation->at = engine->now;
    matched.explanation = explanation;
    event.body_case = FASCIA__EVENT__BODY_MATCHED;
    event.matched = &matched;
    engine_emit(engine, referral->number, &event);
}

/* The first free time of the best is held while they think, and the offer ends before that time begins. */
static void emit_offered(struct engine *engine, const struct referral *referral, const Fascia__Candidate *best,
                         uint32_t minutes)
{
    Fascia__Offered offered = FASCIA__OFFERED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;

    offered.therapist = best->therapist;
    offered.expires = engine->now + lifetime_of(engine, referral);
    if (best->first_free != 0) {
        offered.hold_from = best->first_free;
        offered.hold_to = best->first_free + (int64_t)minutes * MINUTE_MS;
        if (offered.expires > offered.hold_from)
            offered.expires = offered.hold_from;
    }
    offered.number = referral->open->offers + 1;
    event.body_case = FASCIA__EVENT__BODY_OFFERED;
    event.offered = &offered;
    engine_emit(engine, referral->number, &event);
}

static bool declined_stood_alone(const Fascia__Explanation *explanation)
{
    for (size_t i = 0; i < explanation->n_gates; i++)
        if (strcmp(explanation->gates[i]->gate, match_gate_name(GATE_DECLINED)) == 0)
            return explanation->gates[i]->only > 0;
    return false;
}

static void put_on_waiting_list(struct engine *engine, struct referral *referral, bool declined)
{
    engine_emit_moved(engine, referral, FASCIA__STATE__STATE_WAITLISTED, declined ? REASON_DECLINED : REASON_NOBODY);
    engine_tell_sender(engine, referral, NULL);
}

/* ---- the last date ---- */

static bool last_date_has_passed(const struct engine *engine, const struct question *question)
{
    int32_t last, today, minute;

    if (!day_parse(question->need->not_after, &last))
        return false;
    zone_local(question->query.zone, engine->now, &today, &minute);
    return today > last;
}

/* It would be held if it came in today: only its referrer can say what now. */
static void hold_as_too_late(struct engine *engine, struct referral *referral, const struct question *question)
{
    Fascia__Screened screened = FASCIA__SCREENED__INIT;
    Fascia__Event event = FASCIA__EVENT__INIT;
    Fascia__Problem *problem =
        problem_new(FASCIA__PROBLEM__SEVERITY__ERROR, FASCIA__PROBLEM__KIND__OTHER, "", "preferences.not_after",
                    "the last date of treatment passed before a therapist was found: send a later one, or cancel");

    screened.need = question->need;
    screened.problems = &problem;
    screened.n_problems = 1;
    event.body_case = FASCIA__EVENT__BODY_SCREENED;
    event.screened = &screened;
    engine_emit(engine, referral->number, &event);
    engine_tell_sender(engine, referral, NULL);
    fascia__problem__free_unpacked(problem, NULL);
}

void engine_conclude_match(struct engine *engine, struct referral *referral, const struct question *question,
                           Fascia__Explanation *explanation)
{
    emit_matched(engine, referral, explanation);
    if (explanation->n_candidates > 0)
        emit_offered(engine, referral, explanation->candidates[0], question->need->duration_minutes);
    else
        put_on_waiting_list(engine, referral, declined_stood_alone(explanation));
}

void engine_conclude_waiting(struct engine *engine, struct referral *referral, const struct question *question,
                             Fascia__Explanation *explanation)
{
    if (explanation->n_candidates == 0) {
        engine_waiting_tried(engine, referral);
        return;
    }
    engine_emit_moved(engine, referral, FASCIA__STATE__STATE_MATCHING, "");
    emit_matched(engine, referral, explanation);
    emit_offered(engine, referral, explanation->candidates[0], question->need->duration_minutes);
}

bool engine_begin_match(struct engine *engine, struct referral *referral, struct question *question)
{
    if (referral->state == FASCIA__STATE__STATE_MATCHING && engine_waits_for_person(engine, referral)) {
        put_on_waiting_list(engine, referral, true);
        return false;
    }
    engine_question_begin(engine, referral, NULL, engine->now + NOTICE_MS, question);
    if (!last_date_has_passed(engine, question))
        return true;
    hold_as_too_late(engine, referral, question);
    engine_question_end(question);
    return false;
}

void engine_match_referral(struct engine *engine, struct referral *referral)
{
    struct question question;
    Fascia__Explanation *explanation;

    if (!engine_begin_match(engine, referral, &question))
        return;
    explanation = engine_ask(engine, &question);
    if (!engine_ask_policies(engine, referral, explanation))
        engine_conclude_match(engine, referral, &question, explanation);
    fascia__explanation__free_unpacked(explanation, NULL);
    engine_question_end(&question);
}

/* ---- the waiting list ---- */

void engine_try_waiting(struct engine *engine, struct referral *referral)
{
    struct question question;
    struct match_found found;
    Fascia__Explanation *explanation = NULL;

    if (!engine_begin_match(engine, referral, &question))
        return;
    if (engine_waits_for_person(engine, referral)) {
        engine_waiting_tried(engine, referral);
        engine_question_end(&question);
        return;
    }
    match_find(engine->index, &question.query, &found);
    if (found.count > 0)
        explanation = engine_ask(engine, &question);
    if (explanation == NULL || engine_ask_policies(engine, referral, explanation))
        engine_waiting_tried(engine, referral);
    else
        engine_conclude_waiting(engine, referral, &question, explanation);
    if (explanation != NULL)
        fascia__explanation__free_unpacked(explanation, NULL);
    engine_question_end(&question);
}

/* ---- several at once ---- */

bool engine_may_match(struct engine *engine, struct referral *referral, struct question *question)
{
    if (engine_waits_for_person(engine, referral))
        return false;
    engine_question_begin(engine, referral, NULL, engine->now + NOTICE_MS, question);
    if (!last_date_has_passed(engine, question))
        return true;
    engine_question_end(question);
    return false;
}

static size_t place_of(const Fascia__Explanation *explanation, const struct therapist *therapist)
{
    size_t place = 0;

    while (place < explanation->n_candidates &&
           strcmp(explanation->candidates[place]->therapist, therapist->identifier) != 0)
        place++;
    return place;
}

static bool is_kept(const struct assigned *assigned, const Fascia__Candidate *candidate)
{
    for (size_t i = 0; i < assigned->other_count; i++)
        if (strcmp(assigned->others[i]->identifier, candidate->therapist) == 0)
            return true;
    return false;
}

/* n_candidates when there is none. */
static size_t choose_assigned(const Fascia__Explanation *explanation, const struct assigned *assigned)
{
    const size_t place = place_of(explanation, assigned->therapist);

    for (size_t i = 0; place < explanation->n_candidates && i < place; i++)
        if (explanation->candidates[i]->score > explanation->candidates[place]->score &&
            !is_kept(assigned, explanation->candidates[i]))
            return i;
    return place;
}

/* Says who of those before it were kept for others; nothing of who the others are. */
static Fascia__Assignment *explain_assignment(const Fascia__Explanation *explanation, size_t chosen,
                                              const struct assigned *assigned)
{
    Fascia__Assignment *assignment = memory_allocate(1, sizeof *assignment);

    fascia__assignment__init(assignment);
    message_set(&assignment->therapist, explanation->candidates[chosen]->therapist);
    assignment->together = assigned->together;
    for (size_t i = 0; i < chosen; i++)
        if (is_kept(assigned, explanation->candidates[i]))
            message_push_text(&assignment->kept, &assignment->n_kept, explanation->candidates[i]->therapist);
    return assignment;
}

bool engine_offer_assigned(struct engine *engine, struct referral *referral, const struct question *question,
                           const struct assigned *assigned)
{
    Fascia__Explanation *explanation = engine_ask(engine, question);
    const size_t chosen = choose_assigned(explanation, assigned);
    const bool found = chosen < explanation->n_candidates;

    if (found) {
        if (chosen > 0)
            explanation->assignment = explain_assignment(explanation, chosen, assigned);
        if (referral->state == FASCIA__STATE__STATE_WAITLISTED)
            engine_emit_moved(engine, referral, FASCIA__STATE__STATE_MATCHING, "");
        emit_matched(engine, referral, explanation);
        emit_offered(engine, referral, explanation->candidates[chosen], question->need->duration_minutes);
    }
    fascia__explanation__free_unpacked(explanation, NULL);
    return found;
}

void engine_expire_offer(struct engine *engine, struct referral *referral)
{
    engine_emit_offer_closed(engine, referral, FASCIA__OFFER_CLOSED__HOW__EXPIRED, "", "");
}
