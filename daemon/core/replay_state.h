/* What the files of the replay share: replay.c lives the events, replay_check.c asks and compares. */
#ifndef FASCIA_CORE_REPLAY_STATE_H
#define FASCIA_CORE_REPLAY_STATE_H

#include "core/engine_state.h"
#include "core/replay.h"

/* A referral of which nothing but its row can be read. */
struct replay_gone {
    uint64_t referral;
    bool held;  /* an offer was made: it held time, and counted as somebody's case */
    bool ended; /* by the time that has been reached, and entered as its row says */
    struct replay_erased known;
};

/* An explanation that waits for the point at which it was asked for. */
struct replay_question {
    uint64_t sequence, after, referral;
    int64_t at;
    Fascia__Event *event; /* MATCHED; owned */
};

struct replay {
    struct replay_settings settings;
    struct engine *engine;
    struct record_batch batch; /* what applying leaves behind; thrown away */
    uint64_t fed, lived;       /* sequences */
    int64_t latest;            /* of the instants that were lived */

    struct event_record *window; /* a ring of events that were fed and not lived; payload NULL: gone */
    bool *window_erased;
    size_t window_first, window_count, window_bytes;

    struct replay_question *questions; /* in the order of `after` */
    size_t question_count, question_room;

    struct replay_gone *gone; /* by referral */
    size_t gone_count, gone_room;
    size_t *active; /* places in `gone` of those that held and have not ended */
    size_t active_count, active_room;
    bool *unknown; /* by therapist's number: put without saying what */
    size_t unknown_room, unknown_count;
};

/* Asks again and compares; the verdict goes to the settings' verdict(). The event is taken over. */
void replay_check(struct replay *replay, const struct replay_question *question);
/* A verdict without asking. */
void replay_tell_unasked(struct replay *replay, uint64_t referral, uint64_t sequence, int64_t at, const char *why);
/* Those of `active` that had ended by then are entered as their rows say. How many are left. */
size_t replay_settle_gone(struct replay *replay, int64_t at);

#endif
