/*
 * A year in a small node, in virtual time over the real engine and matcher: is work spread between equals, and what is given up for it?
 *
 * Four groups of therapists: three of equals (the third of them with so much capacity that the load part hardly moves), one of unequal ones.
 * Referrals come on working days; therapists accept most, decline some, let some expire; visits take place a week apart; an outcome ends the
 * case. So load rises and falls. Every offer is looked at:
 *   - the therapist meets every gate, at the time that is held;
 *   - nobody scores more, but those whom the match says were kept for others placed at the same moment, and each of these got one;
 *   - the score part of load decides no more than its weight: nobody better without it by more was passed over.
 * Work is spread when the Gini coefficient of accepted cases between equals is small (0: all the same; 1: one has all).
 *
 * fairness [--days N] [--seeds N] [--check]     --check: exit 1 when anything was found, or equals whose load counts differ by more than BOUND
 */
#include "desk.h"

#include "core/engine_state.h"

#include <getopt.h>
#include <math.h>
#include <time.h>

#define S(state)    FASCIA__STATE__STATE_##state
#define GROUPS      4
#define PEOPLE_MOST 8
#define CASES_MOST  16384
#define STEP        (20 * MINUTE_MS)
#define BOUND       0.06 /* of the coefficient between equals, in --check */

struct group {
    const char *name, *place;
    size_t people;
    uint32_t capacity, cases;
    bool equal, moved; /* moved: few cases are enough to move the points of load */
};
static const struct group groups[GROUPS] = {
    {"near", "40203", 8, 12, 16, true, true},
    {"known", "40204", 6, 25, 20, true, true},
    {"vast", "40508", 5, 10000, 10, true, false},
    {"mixed", "40206", 6, 6, 5, false, true},
};

/* ---- one life of the node ---- */

enum deed { ANSWER, VISIT, OUTCOME };
struct plan { /* what happens next to a referral */
    int64_t at;
    enum deed deed;
    uint32_t visits;
};

struct year {
    struct desk desk;
    uint64_t random;
    struct plan plans[CASES_MOST]; /* by number; at 0: nothing */
    size_t looked_at;              /* events */
    uint32_t accepted[GROUPS][PEOPLE_MOST];
    /* offers, and what was found of them */
    size_t offers, batched, gate_missed, passed_over, kept_in_vain, outweighed, moved_by_load;
    int32_t most_given_up; /* points without load */
};

static uint64_t draw(struct year *year, uint64_t below)
{
    year->random ^= year->random << 13;
    year->random ^= year->random >> 7;
    year->random ^= year->random << 17;
    return (year->random >> 11) % below;
}

static void name_therapist(char *name, size_t size, size_t group, size_t person)
{
    snprintf(name, size, "%s-%zu", groups[group].name, person + 1);
}

static void put_therapists(struct year *year)
{
    char name[32];

    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t p = 0; p < groups[g].people; p++) {
            const uint32_t more = groups[g].equal ? 0 : (uint32_t)p;
            Fascia__Therapist *therapist;

            name_therapist(name, sizeof name, g, p);
            therapist = clinic_therapist(name, groups[g].capacity + 4 * more);
            therapist->conditions[0]->cases = groups[g].cases + 9 * more;
            therapist->rating_count = 8 * more;
            therapist->rating_sum = 8 * more * (60 + 8 * more);
            message_set(&therapist->places[0]->postal_code, groups[g].place);
            INVARIANT(desk_put(&year->desk, therapist) == FASCIA__RESULT__VERDICT__OK);
        }
    }
}

static void send_referral(struct year *year, const char *place)
{
    char id[32];
    Fascia__Referral *referral;

    snprintf(id, sizeof id, "R%llu", (unsigned long long)year->desk.shelf.last_referral + 1);
    referral = clinic_referral(id);
    message_set(&referral->patient->address->postal_code, place);
    if (draw(year, 10) == 0)
        referral->priority = FASCIA__PRIORITY__PRIORITY_URGENT;
    INVARIANT(desk_new(&year->desk, referral) == FASCIA__RESULT__VERDICT__OK);
}

/* ---- looking at an offer ---- */

static int32_t without_load(const Fascia__Candidate *candidate)
{
    int32_t points = candidate->score;

    for (size_t i = 0; i < candidate->n_parts; i++)
        if (strcmp(candidate->parts[i]->name, match_part_name(PART_LOAD)) == 0)
            points -= candidate->parts[i]->points;
    return points;
}

static bool got_one_now(const struct year *year, const char *therapist, int64_t at)
{
    for (size_t i = year->desk.shelf.event_count; i-- > 0 && year->desk.shelf.events[i].at == at;) {
        const struct event_record *record = &year->desk.shelf.events[i];
        Fascia__Event *event;
        bool found;

        if (record->kind != FASCIA__EVENT__BODY_OFFERED)
            continue;
        event = fascia__event__unpack(NULL, record->size, record->payload);
        found = strcmp(event->offered->therapist, therapist) == 0;
        fascia__event__free_unpacked(event, NULL);
        if (found)
            return true;
    }
    return false;
}

static bool was_kept(const Fascia__Explanation *explanation, const char *therapist)
{
    for (size_t i = 0; explanation->assignment != NULL && i < explanation->assignment->n_kept; i++)
        if (strcmp(explanation->assignment->kept[i], therapist) == 0)
            return true;
    return false;
}

static void check_order(struct year *year, const Fascia__Explanation *explanation, const Fascia__Candidate *offered,
                        int64_t at)
{
    const int32_t weight = year->desk.engine->weights.weight[PART_LOAD];
    int32_t given_up = 0;

    for (size_t i = 0; i < explanation->n_candidates; i++) {
        const Fascia__Candidate *other = explanation->candidates[i];
        const bool kept = was_kept(explanation, other->therapist);

        year->passed_over += other->score > offered->score && !kept;
        year->kept_in_vain += kept && !got_one_now(year, other->therapist, at);
        if (!kept && without_load(other) - without_load(offered) > given_up)
            given_up = without_load(other) - without_load(offered);
    }
    year->moved_by_load += given_up > 0;
    year->outweighed += given_up > weight;
    if (given_up > year->most_given_up)
        year->most_given_up = given_up;
}

static void check_gates(struct year *year, uint64_t number)
{
    const struct referral *referral = engine_find_referral(year->desk.engine, number);
    const struct visit hold = {0, referral->open->hold_from, referral->open->hold_to};

    INVARIANT(referral->state == S(OFFERED));
    year->gate_missed +=
        engine_check_gates(year->desk.engine, referral, NULL, &hold, &hold) != GATE_NONE || hold.to <= hold.from;
}

/* The match stands right before its offer. */
static void check_offer(struct year *year, size_t place)
{
    const struct event_record *record = &year->desk.shelf.events[place], *before = record - 1;
    Fascia__Event *offered = fascia__event__unpack(NULL, record->size, record->payload);
    Fascia__Event *matched = fascia__event__unpack(NULL, before->size, before->payload);
    const Fascia__Candidate *candidate = NULL;

    INVARIANT(before->kind == FASCIA__EVENT__BODY_MATCHED && before->referral == record->referral);
    for (size_t i = 0; i < matched->matched->explanation->n_candidates; i++)
        if (strcmp(matched->matched->explanation->candidates[i]->therapist, offered->offered->therapist) == 0)
            candidate = matched->matched->explanation->candidates[i];
    INVARIANT(candidate != NULL);
    check_order(year, matched->matched->explanation, candidate, record->at);
    check_gates(year, record->referral);
    year->offers++;
    year->batched += matched->matched->explanation->assignment != NULL;
    fascia__event__free_unpacked(offered, NULL);
    fascia__event__free_unpacked(matched, NULL);
}

static void look_at_new_offers(struct year *year)
{
    for (; year->looked_at < year->desk.shelf.event_count; year->looked_at++) {
        const struct event_record *record = &year->desk.shelf.events[year->looked_at];

        if (record->kind != FASCIA__EVENT__BODY_OFFERED)
            continue;
        check_offer(year, year->looked_at);
        INVARIANT(record->referral < CASES_MOST);
        /* an answer within some hours; one in twenty never answers */
        year->plans[record->referral] =
            (struct plan){draw(year, 20) == 0 ? 0 : record->at + (int64_t)(1 + draw(year, 2)) * STEP, ANSWER,
                          1 + (uint32_t)draw(year, 4)};
    }
}

/* ---- what people do ---- */

static void count_accepted(struct year *year, const char *therapist)
{
    char name[32];

    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t p = 0; p < groups[g].people; p++) {
            name_therapist(name, sizeof name, g, p);
            year->accepted[g][p] += strcmp(name, therapist) == 0;
        }
    }
}

static void answer(struct year *year, uint64_t number, struct plan *plan)
{
    const struct slot_row *slot;

    plan->at = 0;
    if (desk_state(&year->desk, number) != S(OFFERED))
        return;
    if (draw(year, 12) == 0) {
        desk_decline(&year->desk, number, desk_therapist(&year->desk, number), "no-time");
        return;
    }
    if (desk_accept(&year->desk, number, desk_therapist(&year->desk, number), 0) != FASCIA__RESULT__VERDICT__OK) {
        year->gate_missed++;
        return;
    }
    count_accepted(year, desk_therapist(&year->desk, number));
    slot = desk_slot(&year->desk, number);
    INVARIANT(slot != NULL);
    *plan = (struct plan){slot->to, VISIT, plan->visits};
}

static void visit(struct year *year, uint64_t number, struct plan *plan)
{
    const struct slot_row *slot = desk_slot(&year->desk, number);
    const int64_t next = slot->from + 7 * DAY_MS;

    desk_end_visit(&year->desk, number, FASCIA__VISIT_ENDED__HOW__DONE);
    if (--plan->visits > 0 && desk_book(&year->desk, number, next, 60, false) == FASCIA__RESULT__VERDICT__OK)
        plan->at = next + HOUR_MS;
    else
        *plan = (struct plan){year->desk.now + (int64_t)(1 + draw(year, 10)) * DAY_MS, OUTCOME, 0};
}

static void do_what_is_planned(struct year *year)
{
    for (uint64_t i = 1; i <= year->desk.shelf.last_referral; i++) {
        struct plan *plan = &year->plans[i];

        if (plan->at == 0 || plan->at > year->desk.now)
            continue;
        if (plan->deed == ANSWER)
            answer(year, i, plan);
        else if (plan->deed == VISIT)
            visit(year, i, plan);
        else {
            plan->at = 0;
            desk_outcome(&year->desk, i);
            desk_delivered(&year->desk, year->desk.shelf.outbox_count, false);
        }
    }
}

/* Nine to five in Louisville, on working days: two or three an hour there, one in two hours in Lexington. */
static void send_this_hour(struct year *year)
{
    const int64_t hour = year->desk.now / HOUR_MS % 24, weekday = (year->desk.now / DAY_MS + 3) % 7;

    if (weekday > 4 || hour < 14 || hour >= 22)
        return;
    for (uint64_t i = draw(year, 5); i > 0; i--)
        send_referral(year, "40202");
    if (draw(year, 2) == 0)
        send_referral(year, "40507");
}

static void live(struct year *year, struct clinic *clinic, uint64_t seed, int days)
{
    memset(year, 0, sizeof *year);
    year->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    desk_begin(&year->desk, clinic);
    put_therapists(year);
    for (int step = 0; step < days * (int)(DAY_MS / STEP); step++) {
        if (year->desk.now % HOUR_MS == 0)
            send_this_hour(year);
        do_what_is_planned(year);
        while (desk_work_some(&year->desk, ENGINE_BATCH) > 0)
            ;
        look_at_new_offers(year);
        year->desk.now += STEP;
    }
    INVARIANT(year->desk.wrong == NULL);
}

/* ---- what came of it ---- */

static double gini_of(const uint32_t *counts, size_t count)
{
    double differences = 0, sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += counts[i];
        for (size_t j = 0; j < count; j++)
            differences += counts[i] > counts[j] ? counts[i] - counts[j] : counts[j] - counts[i];
    }
    return sum == 0 ? 0 : differences / (2 * (double)count * sum);
}

struct findings {
    double worst[GROUPS], mean[GROUPS];
    size_t offers, batched, violations, moved_by_load;
    int32_t most_given_up;
    uint32_t least[GROUPS], most[GROUPS]; /* of the last seed */
};

static void run_seeds(struct clinic *clinic, int32_t load, int days, uint64_t seeds, struct findings *findings)
{
    struct year *year = memory_allocate(1, sizeof *year);
    struct match_settings weights;

    match_settings_default(&weights);
    weights.weight[PART_LOAD] = load;
    clinic->settings.match = &weights;
    memset(findings, 0, sizeof *findings);
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        live(year, clinic, seed, days);
        findings->offers += year->offers;
        findings->batched += year->batched;
        findings->violations += year->gate_missed + year->passed_over + year->kept_in_vain + year->outweighed;
        findings->moved_by_load += year->moved_by_load;
        if (year->most_given_up > findings->most_given_up)
            findings->most_given_up = year->most_given_up;
        if (year->gate_missed + year->passed_over + year->kept_in_vain + year->outweighed > 0)
            printf("seed %llu: %zu miss a gate, %zu passed over, %zu kept in vain, %zu outweighed by load\n",
                   (unsigned long long)seed, year->gate_missed, year->passed_over, year->kept_in_vain,
                   year->outweighed);
        for (size_t g = 0; g < GROUPS; g++) {
            const double gini = gini_of(year->accepted[g], groups[g].people);

            findings->mean[g] += gini / (double)seeds;
            findings->worst[g] = gini > findings->worst[g] ? gini : findings->worst[g];
            findings->least[g] = UINT32_MAX;
            findings->most[g] = 0;
            for (size_t p = 0; p < groups[g].people; p++) {
                const uint32_t accepted = year->accepted[g][p];

                findings->least[g] = accepted < findings->least[g] ? accepted : findings->least[g];
                findings->most[g] = accepted > findings->most[g] ? accepted : findings->most[g];
            }
        }
        desk_end(&year->desk);
    }
    free(year);
    clinic->settings.match = NULL;
}

static void print_findings(int32_t load, const struct findings *findings)
{
    printf("load weight %d: %zu offers, %zu violations; load moved %zu (%.1f %%), giving up at most %d points of the "
           "rest; %zu placed in a batch other than by their own best\n",
           load, findings->offers, findings->violations, findings->moved_by_load,
           100.0 * (double)findings->moved_by_load / (double)findings->offers, findings->most_given_up,
           findings->batched);
    for (size_t g = 0; g < GROUPS; g++)
        printf("  %-6s %zu %s of capacity %-6u Gini mean %.3f worst %.3f   accepted %u..%u each\n", groups[g].name,
               groups[g].people, groups[g].equal ? "equals " : "unequal", groups[g].capacity, findings->mean[g],
               findings->worst[g], findings->least[g], findings->most[g]);
}

int main(int count, char **arguments)
{
    static const struct option options[] = {
        {"days", required_argument, NULL, 'd'},
        {"seeds", required_argument, NULL, 's'},
        {"check", no_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    static const int32_t loads[] = {50, 0};
    struct findings findings;
    struct clinic clinic;
    bool check = false, holds = true;
    int days = 365, option;
    uint64_t seeds = 3;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        if (option == 'd')
            days = atoi(optarg);
        else if (option == 's')
            seeds = strtoull(optarg, NULL, 10);
        else if (option == 'c')
            check = true;
        else
            return 2;
    }
    clinic_begin(&clinic);
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
        run_seeds(&clinic, loads[i], days, seeds, &findings);
        print_findings(loads[i], &findings);
        holds = holds && findings.violations == 0 && findings.offers > 0;
        for (size_t g = 0; g < GROUPS && loads[i] > 0; g++)
            holds = holds && (!groups[g].equal || !groups[g].moved || findings.worst[g] < BOUND);
    }
    clinic_end(&clinic);
    if (check)
        puts(holds ? "fair" : "NOT FAIR");
    return check && !holds;
}
