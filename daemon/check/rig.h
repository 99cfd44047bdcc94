/*
 * The strict host: calls an instance as the daemon would, and holds every call back against the interface.
 *
 * It decides itself what submit() answers and what becomes of each submission, and keeps what the plugin gave. Its clock stands still and its chance is a
 * sequence, so that the same calls have the same answers.
 */
#ifndef FASCIA_CHECK_RIG_H
#define FASCIA_CHECK_RIG_H

#include "check/bench.h"

#include <sys/types.h>

/* What is handed to deliver(): one frame of a sample, or a whole sample as a file. */
struct check_delivery {
    const struct check_sample *sample;
    struct fascia_bytes payload; /* lent by the list */
    bool is_file;
    uint64_t connection;
    size_t number; /* of the frame in its sample, from 1 */
};
struct check_deliveries {
    struct check_delivery *items;
    size_t count;
    uint8_t **buffers; /* that payloads point into */
    size_t buffer_count;
};

enum rig_submit { SUBMIT_TAKE, SUBMIT_BUSY, SUBMIT_BUSY_FIRST, SUBMIT_BUSY_OTHER, SUBMIT_LIMIT, SUBMIT_INTERNAL };
enum rig_state { RIG_OPEN, RIG_ENDED, RIG_ABANDONED };

struct rig_submission {
    Fascia__Submission *message;
    bool answered;
};
struct rig_token {
    uint64_t number;
    enum plugin_call call;
    enum rig_state state;
    const struct check_delivery *delivery; /* of a DELIVER */
    ProtobufCMessage *ending;              /* NULL: none, or unreadable */
    struct rig_submission *submissions;    /* those that were taken */
    size_t count, room;
    size_t asked; /* submit() was called so often */
    bool refused; /* a DELIVER that is only to be answered */
};
struct rig {
    struct check_bench *bench;
    const struct fascia_plugin *plugin;
    struct fascia_host host;
    void *instance;
    const char *inside; /* the function that was called, NULL outside */
    pid_t thread;
    struct rig_token **tokens;
    size_t count, room;
    uint64_t next;
    enum rig_submit submit;
    int64_t now;
    uint64_t chance;
    bool lenient; /* a delivery that did not end is no finding here */
    struct rig_log {
        char event[80];
        int64_t number;
    } logs[64];
    size_t log_count;
};

/* Calls open() and says nothing of what came; fault is empty and has room bytes. */
enum fascia_status rig_try_open(struct rig *rig, struct check_bench *bench, char *fault, size_t room);
/* Calls open(). False, with a finding, when the plugin refuses. */
MUST_CHECK bool rig_open(struct rig *rig, struct check_bench *bench);
/* Abandons what is open, calls close(), and frees. */
void rig_close(struct rig *rig);

/* Each is lent until rig_forget() or rig_close(). */
struct rig_token *rig_deliver(struct rig *rig, const struct check_delivery *delivery);
/* What has come of a frame that does not fit into so many bytes. For a plugin that has refuse(). */
struct rig_token *rig_refuse(struct rig *rig, struct fascia_bytes begun, uint64_t limit);
struct rig_token *rig_status(struct rig *rig, const Fascia__StatusNotice *notice);
struct rig_token *rig_answered(struct rig *rig, const Fascia__Answered *answered);
void rig_result(struct rig *rig, struct rig_token *token, size_t submission, const Fascia__Result *result);
void rig_abandon(struct rig *rig, struct rig_token *token);
/* What has ended is dropped; what is open is abandoned first. */
void rig_forget(struct rig *rig, struct rig_token *token);
/* frame() on a copy of the bytes that is gone afterwards; what it says is checked. False when it can't be true. */
MUST_CHECK bool rig_frame(struct rig *rig, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame);

/* The same after a MORE, counting how many pages are read that frame() said it had scanned. Neither is counted under a sanitizer. */
MUST_CHECK bool rig_frame_watched(struct rig *rig, struct fascia_bytes buffered, size_t already, size_t *pages,
                                  size_t *read_again);

/* Gives every submission this verdict, those too that come of it. True when it has ended; else that is a finding. */
bool rig_answer_all(struct rig *rig, struct rig_token *token, Fascia__Result__Verdict verdict);
/* The next submission without a result, or SIZE_MAX. */
size_t rig_unanswered(const struct rig_token *token);
const Fascia__Completion *rig_completion(const struct rig_token *token);

/* Every sample over every transport that the plugin takes. Empty, and skipped, when frame() finds none. */
MUST_CHECK bool rig_deliveries(struct rig *rig, struct check_deliveries *deliveries);
void check_deliveries_finish(struct check_deliveries *deliveries);
/* An instance and every delivery there is; false when there is nothing to do, and nothing to end. */
MUST_CHECK bool rig_begin(struct rig *rig, struct check_bench *bench, struct check_deliveries *deliveries);
void rig_end(struct rig *rig, struct check_deliveries *deliveries);
/* "frame 2 of morning.lines" */
struct delivery_name {
    char text[160];
};
struct delivery_name check_delivery_name(const struct check_delivery *delivery);
/* A sample as it comes over a connection. Heap. */
uint8_t *check_on_stream(const struct check_samples *samples, const struct check_sample *sample, size_t *size);

/* ---- results ---- */
/* A whole result for a submission: with problems where it was refused, a status where it was kept. */
struct rig_result {
    Fascia__Result result;
    Fascia__Problem problem, second, *problems[2];
    Fascia__Status status;
};
void rig_result_fill(struct rig_result *result, Fascia__Result__Verdict verdict, const Fascia__Submission *submission);

/* ---- what the plugin gives, by rule (rules.c) ---- */
void rules_submission(struct rig *rig, const struct rig_token *token, const Fascia__Submission *submission);
/* Fields that are no patient data by their tags, and so may stand in logs, errors and messages to peers. Of samples only: a mutation puts anything anywhere. */
void rules_places(struct rig *rig, const Fascia__Referral *referral);
/* Whole frames by the plugin's own frame(). (check_delivery.c) */
void rules_reply(struct rig *rig, const Fascia__Completion *completion);
/* Every string of it is UTF-8; finds the first that is not. */
void rules_text(struct rig *rig, const ProtobufCMessage *message);

#endif
