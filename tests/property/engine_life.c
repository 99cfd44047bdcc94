#include "property/engine_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define S(state) FASCIA__STATE__STATE_##state

static uint64_t draw(struct life *life, uint64_t below)
{
    life->random ^= life->random << 13;
    life->random ^= life->random >> 7;
    life->random ^= life->random << 17;
    return (life->random >> 11) % below;
}

static void expect(struct life *life, bool holds, const char *promise)
{
    if (!holds)
        fail_msg("seed %llu: %s", (unsigned long long)life->seed, promise);
}

const char *const life_senders[LIFE_SENDERS] = {"EHR^LOUISVILLE", "EHR", "SPINE_CLINIC"};

/* ---- the same for both ---- */

typedef Fascia__Result__Verdict (*deed_fn)(struct desk *desk, const void *with);

static Fascia__Result__Verdict both(struct life *life, deed_fn deed, const void *with)
{
    Fascia__Result__Verdict verdict = deed(&life->desk, with);

    if (life->has_twin) {
        life->twin.now = life->desk.now;
        expect(life, deed(&life->twin, with) == verdict, "a reloaded node answers otherwise");
        expect(life, life->twin.shelf.hash == life->desk.shelf.hash, "a reloaded node goes on otherwise");
    }
    if (verdict >= FASCIA__RESULT__VERDICT__REFUSED)
        expect(life, life->desk.records == 0, "a command that was not done leaves records");
    expect(life, life->desk.wrong == NULL, life->desk.wrong == NULL ? "" : life->desk.wrong);
    return verdict;
}

struct paper {
    Fascia__Submit__Action action;
    int id, version;
    bool update;
};

/* Versions differ in ways that matter: priority, condition, a red flag, a missing postal code, dates. */
static Fascia__Referral *write_paper(const struct paper *paper)
{
    char id[16], text[32];
    Fascia__Referral *referral;

    snprintf(id, sizeof id, "P%d", paper->id);
    referral = clinic_referral(id);
    message_set(&referral->sender, life_senders[paper->id % LIFE_SENDERS]);
    referral->priority = (Fascia__Priority)(1 + (paper->id + paper->version) % 3);
    snprintf(text, sizeof text, "version %d", paper->version);
    clinic_add_note(referral, text);
    if (paper->version % 5 == 2)
        clinic_add_note(referral, "new saddle numbness");
    if (paper->version % 5 == 3)
        message_clear(&referral->patient->address->postal_code);
    if (paper->version % 5 == 4)
        referral->preferences->duration_minutes = 90;
    if (paper->version % 6 == 1)
        message_set(&referral->preferences->not_after, "2026-12-20");
    return referral;
}

static Fascia__Result__Verdict hand_in(struct desk *desk, const void *with)
{
    const struct paper *paper = with;

    return desk_submit(desk, paper->action, write_paper(paper), paper->update);
}

struct person {
    int number;
    uint32_t capacity;
    bool off, early;
};

static Fascia__Result__Verdict put(struct desk *desk, const void *with)
{
    const struct person *person = with;
    Fascia__Therapist *therapist;
    char name[16];

    snprintf(name, sizeof name, "t%d", person->number);
    therapist = clinic_therapist(name, person->capacity);
    therapist->not_accepting = person->off;
    for (size_t i = 0; i < therapist->n_hours && person->early; i++)
        therapist->hours[i]->to_minute = 12 * 60;
    return desk_put(desk, therapist);
}

static Fascia__Result__Verdict take_out(struct desk *desk, const void *with)
{
    char name[16];

    snprintf(name, sizeof name, "t%d", *(const int *)with);
    return desk_remove(desk, name);
}

struct turn {
    int kind;
    uint64_t referral, outbox;
    int64_t from;
    uint32_t minutes;
    bool flag;
    char therapist[RECORD_NAME_BYTES + 1];
};

static Fascia__Result__Verdict take_turn(struct desk *desk, const void *with)
{
    const struct turn *turn = with;

    switch (turn->kind) {
    case 0:
        return desk_accept(desk, turn->referral, turn->therapist, turn->from);
    case 1:
        return desk_decline(desk, turn->referral, turn->therapist, "no-time");
    case 2:
        return desk_book(desk, turn->referral, turn->from, turn->minutes, turn->flag);
    case 3:
        return desk_end_visit(desk, turn->referral, (Fascia__VisitEnded__How)(turn->minutes / 15 % 4));
    case 4:
        return desk_outcome(desk, turn->referral);
    case 5:
        return desk_clear(desk, turn->referral, "Dr Clear");
    case 6:
        return desk_withdraw(desk, turn->referral);
    case 7:
        return desk_erase(desk, turn->referral);
    case 8:
        return desk_view(desk, turn->referral);
    default:
        return desk_delivered(desk, turn->outbox, turn->flag);
    }
}

static Fascia__Result__Verdict work(struct desk *desk, const void *with)
{
    (void)with;
    desk_work(desk);
    return FASCIA__RESULT__VERDICT__OK;
}

/* ---- one step ---- */

static void step_paper(struct life *life)
{
    struct paper paper = {.id = (int)draw(life, LIFE_SENT), .update = draw(life, 2) != 0};
    uint64_t before = life->desk.shelf.last_referral;
    bool resend, known;
    Fascia__Result__Verdict verdict;

    paper.action = (Fascia__Submit__Action)(draw(life, 10) < 7 ? 0 : draw(life, 4));
    known = life->number[paper.id] != 0;
    resend = known && draw(life, 3) == 0;
    paper.version = resend ? life->version[paper.id] : 1 + (int)draw(life, 12);
    verdict = both(life, hand_in, &paper);
    if (known)
        expect(life, life->desk.shelf.last_referral == before, "one sender's id has two referrals");
    if (known && life->desk.result->referral != 0)
        expect(life, life->desk.result->referral == life->number[paper.id], "an answer is of another referral");
    if (resend && paper.action == FASCIA__SUBMIT__ACTION__NEW) {
        expect(life, verdict == FASCIA__RESULT__VERDICT__DUPLICATE, "a resend is not told as one");
        expect(life, life->desk.records == 0, "a resend leaves records");
        life->resent++;
    }
    if (verdict != FASCIA__RESULT__VERDICT__OK || paper.action > FASCIA__SUBMIT__ACTION__MODIFY)
        return;
    life->version[paper.id] = paper.version;
    life->number[paper.id] = life->desk.result->referral;
}

static void check_capacity(struct life *life, const char *therapist)
{
    const struct shelf *shelf = &life->desk.shelf;
    Fascia__Therapist *content = NULL;
    uint32_t cases = 0;

    for (uint64_t i = 1; i <= shelf->last_referral; i++)
        cases += shelf->referrals[i].state >= S(ACCEPTED) && shelf->referrals[i].state <= S(VISIT_CANCELLED) &&
                 strcmp(shelf->referrals[i].therapist, therapist) == 0;
    for (size_t i = 0; i < shelf->therapist_count; i++)
        if (strcmp(shelf->therapists[i].identifier, therapist) == 0)
            content = fascia__therapist__unpack(NULL, shelf->therapists[i].size, shelf->therapists[i].payload);
    expect(life, content != NULL, "somebody accepted who is not in the directory");
    if (content != NULL) {
        expect(life, cases <= content->capacity, "more cases are accepted than there is capacity");
        fascia__therapist__free_unpacked(content, NULL);
    }
}

/* Mostly what its state invites, so that lives go on; sometimes anything. */
static int likely_turn(struct life *life, uint32_t state)
{
    static const int accepted[] = {2, 2, 3, 3, 4, 1};

    if (draw(life, 5) == 0)
        return (int)draw(life, 10);
    if (state == S(OFFERED))
        return draw(life, 4) == 0 ? 1 : 0;
    if (state >= S(ACCEPTED) && state <= S(VISIT_CANCELLED))
        return accepted[draw(life, 6)];
    if (state == S(NEEDS_INFORMATION))
        return 5;
    return 8 + (int)draw(life, 2);
}

static void step_turn(struct life *life)
{
    const struct shelf *shelf = &life->desk.shelf;
    struct turn turn = {0};
    Fascia__Result__Verdict verdict;

    if (shelf->last_referral == 0)
        return;
    turn.referral = 1 + draw(life, shelf->last_referral);
    turn.kind = likely_turn(life, shelf->referrals[turn.referral].state);
    memcpy(turn.therapist, shelf->referrals[turn.referral].therapist, sizeof turn.therapist);
    if (draw(life, 8) == 0)
        snprintf(turn.therapist, sizeof turn.therapist, "t%d", (int)draw(life, LIFE_THERAPISTS));
    turn.minutes = 15 * (uint32_t)draw(life, 7);
    turn.from = (life->desk.now / HOUR_MS + (int64_t)draw(life, 200)) * HOUR_MS;
    if (turn.kind == 0 && draw(life, 2) == 0)
        turn.from = 0;
    turn.flag = draw(life, 3) == 0;
    if (turn.kind == 9) {
        if (shelf->outbox_count == 0)
            return;
        turn.outbox = 1 + draw(life, shelf->outbox_count);
    }
    verdict = both(life, take_turn, &turn);
    if (turn.kind == 0 && verdict == FASCIA__RESULT__VERDICT__OK) {
        check_capacity(life, turn.therapist);
        life->accepted++;
    }
}

static void step_directory(struct life *life)
{
    struct person person = {(int)draw(life, LIFE_THERAPISTS), (uint32_t)draw(life, 4), draw(life, 6) == 0,
                            draw(life, 3) == 0};
    int out = person.number;

    if (draw(life, 5) == 0)
        both(life, take_out, &out);
    else
        both(life, put, &person);
}

static void check_offers(struct life *life)
{
    const struct shelf *shelf = &life->desk.shelf;

    for (uint64_t i = 1; i <= shelf->last_referral; i++) {
        expect(life, shelf->referrals[i].state != S(MATCHING), "a referral is left unmatched when work is done");
        if (shelf->referrals[i].state == S(OFFERED))
            expect(life, shelf->referrals[i].due > life->desk.now, "an offer outlives its time");
    }
    expect(life, engine_next_deadline(life->desk.engine) > life->desk.now, "work is due when all is done");
}

static void step_time(struct life *life)
{
    life->desk.now += (int64_t)draw(life, draw(life, 4) == 0 ? 40 * 24 * 60 : 6 * 60) * MINUTE_MS;
    both(life, work, NULL);
    check_offers(life);
}

static void drop_twin(struct life *life)
{
    if (life->has_twin)
        desk_end(&life->twin);
    life->has_twin = false;
}

/* A second node starts from what the first left behind. With all work done it must also go on alike; before that, those who
 * wait may be tried in another order. */
void life_reload(struct life *life, bool go_on)
{
    struct fault fault = {{0}};

    drop_twin(life);
    desk_begin(&life->twin, life->desk.clinic);
    life->has_twin = true;
    life->twin.now = life->desk.now;
    shelf_clone(&life->twin.shelf, &life->desk.shelf);
    if (!shelf_load(&life->twin.shelf, life->twin.engine, life->desk.now, &fault))
        fail_msg("seed %llu: %s", (unsigned long long)life->seed, fault.text);
    expect(life, engine_digest(life->twin.engine) == engine_digest(life->desk.engine),
           "a reloaded node is in another state");
    life->reloaded++;
    if (!go_on)
        drop_twin(life);
}

void life_step(struct life *life)
{
    uint64_t what = draw(life, 100);

    if (what < 25)
        step_paper(life);
    else if (what < 70)
        step_turn(life);
    else if (what < 80)
        step_directory(life);
    else if (what < 95)
        step_time(life);
    else {
        bool done = draw(life, 2) != 0;

        if (done)
            both(life, work, NULL);
        life_reload(life, done);
    }
}

void life_work(struct life *life)
{
    both(life, work, NULL);
}

void life_begin(struct life *life, uint64_t seed, struct clinic *clinic)
{
    memset(life, 0, sizeof *life);
    life->seed = seed;
    life->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    desk_begin(&life->desk, clinic);
    for (int i = 0; i < 3; i++)
        step_directory(life);
}

void life_end(struct life *life)
{
    drop_twin(life);
    desk_end(&life->desk);
}
