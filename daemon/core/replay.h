/*
 * Whether explanations come out the same when the matcher is asked again.
 *
 * A replay lives the node's history over again in an engine of its own, from its events alone. At the point at which an explanation was
 * asked for, it asks the matcher again with the inputs that are stored with it, and compares all of it, field by field. The inputs are
 * compared, too, with what the node knew of the referral then.
 * What can't be lived again is a gap: what erased referrals held, therapists that were put by a release which did not keep what it put, a clock
 * that was set back, other code tables, another release. An answer that is the same is the same; one that is not, with a gap at that time, is inconclusive.
 * Pure; bounded by one engine and the events of a window. Not shared between threads.
 */
#ifndef FASCIA_CORE_REPLAY_H
#define FASCIA_CORE_REPLAY_H

#include "core/codes.h"
#include "core/record.h"
#include "core/zone.h"
#include "fascia/v1/control.pb-c.h"

#define REPLAY_WINDOW       8192 /* events by which an explanation may be recorded later than it was asked for, */
#define REPLAY_WINDOW_BYTES (64u << 20) /* and their size in all */
#define REPLAY_DIFFERENCES  100         /* listed of one explanation; all are counted */

/* What is still known of a referral whose key is gone. */
struct replay_erased {
    struct referral_row row;
    bool recorded; /* its erasure is among its events: it had ended by row.changed */
};

struct replay_settings {
    const struct codes *codes; /* borrowed, as the next */
    const struct zone_source *zones;
    uint64_t event; /* of the explanation that is wanted; 0: all */
    void *context;
    /* false: nothing is known. Called from replay_event and replay_finish. */
    bool (*find_erased)(void *context, uint64_t referral, struct replay_erased *known);
    /* After each event that was lived. false: it is not to go on, and ends with a fault. */
    bool (*go_on)(void *context, uint64_t sequence);
    /* One verdict, heap and taken over: fascia__replay__free_unpacked(). In the order in which the questions were asked. */
    void (*verdict)(void *context, Fascia__Replay *verdict);
};

struct replay;
struct replay *replay_create(const struct replay_settings *settings);
void replay_destroy(struct replay *replay);
/* The next event, by sequence from 1 without gaps; its payload is lent. erased: the payload is gone with the referral's key. For one
 * explanation, events up to its own are enough. false: no node can have lived this history; the fault says why, and the replay is over. */
MUST_CHECK bool replay_event(struct replay *replay, const struct event_record *event, bool erased, struct fault *fault);
/* After the last event: verdicts that are still owed. */
MUST_CHECK bool replay_finish(struct replay *replay, struct fault *fault);

#endif
