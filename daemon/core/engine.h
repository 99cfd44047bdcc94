/*
 * The domain of one node: all referrals, all therapists, their time, and the matcher, behind one door.
 *
 * Commands go in; records to be kept and answers come out. There is no clock, thread, file or socket in here: the caller
 * gives the time and runs one call at a time. The same commands at the same times from the same start give the
 * same records, on every machine. State changes only by applying events, and events are applied by the same code when
 * they are made and when they are loaded.
 *
 * The engine is ahead of the disk by what the caller has not committed yet. When a commit fails, the caller throws the
 * engine away and builds it anew from the store.
 */
#ifndef FASCIA_CORE_ENGINE_H
#define FASCIA_CORE_ENGINE_H

#include "core/codes.h"
#include "core/record.h"
#include "core/zone.h"
#include "fascia/v1/command.pb-c.h"
#include "fascia/v1/control.pb-c.h"
#include "fascia/v1/plugin.pb-c.h"

struct engine;
struct match_settings;

/* A keyed hash (128 bit), lent by the caller, so that keys of senders and patients say nothing to who reads the disk. */
struct engine_hash {
    void *context;
    void (*keyed)(void *context, const uint8_t *bytes, size_t size, uint8_t key[RECORD_KEY_BYTES]);
};

/* Who hears of events: a row of the outbox each, in the batch of the event. */
#define ENGINE_NOTIFIERS 8
struct engine_notifier {
    char name[RECORD_NAME_BYTES + 1];
    uint32_t events; /* bit k: events of kind k (Fascia__Event__BodyCase) */
};

/* How people and plugins call events of a kind: its field in event.proto, with '-' for '_'. */
#define ENGINE_EVENT_NAME 32
void engine_name_event(uint32_t kind, char name[ENGINE_EVENT_NAME]);

/* Who judges the shortlist of a match before an offer is made (core/policy.h). */
#define ENGINE_POLICIES 8
struct engine_policy {
    char name[RECORD_NAME_BYTES + 1];
    int32_t weight; /* points of a score of 1000; 0..10000 */
    bool may_gate, may_score;
    int64_t time; /* ms that its answer is waited for */
};

struct engine_settings {
    int64_t offer_lifetime[4];          /* ms by Fascia__Priority; how long a therapist has to answer */
    uint32_t default_max_distance;      /* metres */
    uint32_t default_duration;          /* minutes */
    char default_zone[64];              /* IANA */
    char default_country[4];            /* "US" */
    bool payer_required;                /* a referral without coverage needs information; false: taken as self-pay */
    uint32_t maximum_offers;            /* a referral offered more often than this waits; 0: 25 */
    uint64_t maximum_open;              /* open referrals; beyond it BUSY. 0: 10 million */
    const struct match_settings *match; /* borrowed; NULL: defaults */
    struct engine_notifier notifiers[ENGINE_NOTIFIERS];
    size_t notifier_count;
    struct engine_policy policies[ENGINE_POLICIES];
    size_t policy_count;
};
void engine_settings_default(struct engine_settings *settings);

/* Settings, and the functions of zones and hash, are copied; codes, and what the contexts point at, must outlive the engine. */
struct engine *engine_create(const struct engine_settings *settings, const struct codes *codes,
                             const struct zone_source *zones, const struct engine_hash *hash);
void engine_destroy(struct engine *engine);

/* ---- loading, in this order: accounts, therapists, referral rows, events of open referrals by sequence, then finish ---- */
MUST_CHECK bool engine_load_account(struct engine *engine, const uint8_t *packed, size_t size, struct fault *fault);
MUST_CHECK bool engine_load_therapist(struct engine *engine, const uint8_t *packed, size_t size, struct fault *fault);
/* The same for who unpacked it already: content is lent for the call, packed is heap and taken over in any case. */
MUST_CHECK bool engine_load_unpacked(struct engine *engine, const Fascia__Therapist *content, uint8_t *packed,
                                     size_t size, struct fault *fault);
MUST_CHECK bool engine_load_referral(struct engine *engine, const struct referral_row *row, struct fault *fault);
MUST_CHECK bool engine_load_event(struct engine *engine, const struct event_record *event, struct fault *fault);
/* last_* are the highest numbers ever used, from the store. */
void engine_load_finish(struct engine *engine, uint64_t last_referral, uint64_t last_sequence, uint64_t last_outbox,
                        int64_t now);

/* ---- running ---- */
/* Does one command. *result is heap (fascia__result__free_unpacked) and never NULL. Records are added to batch.
 * A REFUSED, BUSY, NOT_FOUND or CONFLICT result adds none. */
void engine_execute(struct engine *engine, const Fascia__Command *command, int64_t now, struct record_batch *batch,
                    Fascia__Result **result);
/* Does up to limit pieces of pending work (matching, offers that expired, waiting referrals that may pass now), stat and urgent first. How many it did. */
size_t engine_work(struct engine *engine, int64_t now, size_t limit, struct record_batch *batch);
/* What policies are to be asked since this was last called: one question, heap and the caller's (fascia__question__free_unpacked), for all of them.
 * Each answers with a Judged command of this ask's number; who does not in their time has abstained. false: there is none. Kept nowhere: an
 * engine that is built anew asks anew. */
MUST_CHECK bool engine_next_question(struct engine *engine, uint64_t *ask, Fascia__Question **question);
/* When engine_work has something to do: an instant, 0 for at once, INT64_MAX for not until a command comes. */
int64_t engine_next_deadline(const struct engine *engine);
/* Settings and match weights for what comes after; tables stay. */
void engine_reconfigure(struct engine *engine, const struct engine_settings *settings);

/* ---- looking (engine_referrals.c, engine_view.c); each fills a ControlResponse that the caller frees with free_unpacked. reach: of who asks; NULL: all ---- */
Fascia__ControlResponse *engine_list_referrals(const struct engine *engine, const Fascia__ListReferrals *query,
                                               const Fascia__Reach *reach);
/* Without near misses: they are with the recorded match. error is set when there is no such postal code. */
Fascia__ControlResponse *engine_list_waiting(const struct engine *engine, const Fascia__ListWaiting *query,
                                             const Fascia__Reach *reach);
Fascia__ControlResponse *engine_list_offers(const struct engine *engine, const Fascia__ListOffers *query,
                                            const Fascia__Reach *reach);
Fascia__ControlResponse *engine_list_therapists(const struct engine *engine, const Fascia__ListTherapists *query);
Fascia__ControlResponse *engine_show_therapist(const struct engine *engine, const char *identifier);
/* Nobody is named in it but therapists. error is set when something of it can't be asked. */
Fascia__ControlResponse *engine_list_slots(struct engine *engine, const Fascia__ListSlots *query, int64_t now);
/* row, need and status; content and history come from the store. error and not_found are set when there is none in memory. */
Fascia__ControlResponse *engine_show_referral(const struct engine *engine, uint64_t referral,
                                              const Fascia__Reach *reach);
/* Puts therapists (dry_run: only says what would happen). Those of import are brought into their one form where they stand. */
Fascia__ControlResponse *engine_import_therapists(struct engine *engine, Fascia__ImportTherapists *import,
                                                  const char *actor, int64_t now, struct record_batch *batch);

/* What if? (engine_try.c): an explanation as the matcher gives it now, or error and problems. Nothing is kept and nothing changes, but that time
 * passes. */
Fascia__ControlResponse *engine_try_match(struct engine *engine, const Fascia__TryMatch *question, int64_t now);

/* ---- reach (engine_reach.c). engine_execute() holds it for commands ---- */
/* The answer to a request of which something is out of its reach, to be given in place of what was asked for; NULL: it may be done. Lists leave out by themselves what
 * is out of reach. */
Fascia__ControlResponse *engine_check_request(struct engine *engine, const Fascia__ControlRequest *request,
                                              int64_t now);
/* That there is none of this number: the same for one that never was and for one out of reach. */
Fascia__ControlResponse *engine_response_no_referral(uint64_t referral);

struct engine_counts {
    uint64_t referrals_open, therapists, offers_open, waitlisted, pending_matches;
    uint64_t last_sequence; /* of an event */
    uint64_t by_state[20];  /* open ones, by Fascia__State */
};
void engine_counts(const struct engine *engine, struct engine_counts *counts);
/* A hash of the whole domain state, for tests that compare a restarted node with the one that ran. */
uint64_t engine_digest(const struct engine *engine);

#endif
