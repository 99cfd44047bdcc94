/*
 * What people and programs ask of the node (proto/fascia/v1/control.proto), whatever way it comes: over the control socket, where permissions decide who may connect and
 * the kernel says who did, or from another origin, which has found that out by itself. Loop's thread only.
 */
#ifndef FASCIA_NODE_CONTROL_H
#define FASCIA_NODE_CONTROL_H

#include "io/stream.h"
#include "node/work.h"

#define CONTROL_REQUEST_BYTES (16u << 20)
#define CONTROL_CONNECTIONS   64

struct access;
struct control;
struct control_request;

/* Where a request came from, and its answers go. */
struct control_origin {
    void *context;
    /* One answer, lent; with last the request is over. It may come before control_ask() has returned. */
    void (*answer)(void *context, Fascia__ControlResponse *response, bool last);
    /* Nobody waits for the answer any more: a long one need not be finished. */
    bool (*is_unwanted)(void *context);
};

/* What the control socket asks of the node itself. */
struct control_host {
    void *context;
    struct access *access;                                  /* who may ask over HTTP; lent */
    void (*fill_status)(void *context, Fascia__Node *node); /* adds what the node knows, strings on the heap */
    bool (*reload)(void *context, struct fault *fault);
    void (*outbox_restarted)(void *context);
    void (*plugins)(void *context, struct control_request *request); /* answers it, now or later */
};

MUST_CHECK struct control *control_create(struct io_loop *loop, struct stages *stages, const struct config *config,
                                          const struct control_host *host, struct fault *fault);
/* Asks, as `actor` and within request->reach, what fasciactl could ask; takes request over (heap). */
void control_ask(struct control *control, const struct control_origin *origin, const char *actor,
                 Fascia__ControlRequest *request);
/* No new request; those under way are answered. */
void control_drain(struct control *control);
size_t control_open(const struct control *control);
/* Closes the socket and its connections; the loop then ends them. */
void control_close(struct control *control);
/* After control_close() and the end of the loop. */
void control_destroy(struct control *control);

/* ---- between control.c and control_*.c ---- */

/* One request under way. It lives until control_answer() with last. */
struct control_request {
    struct control *control;
    struct control_origin origin;
    Fascia__ControlRequest *request;

    char actor[RECORD_NAME_BYTES + 1];
};
struct stages *control_stages(const struct control *control);
const struct control_host *control_host(const struct control *control);
/* Takes the response (heap). With last the request is freed. */
void control_answer(struct control_request *request, Fascia__ControlResponse *response, bool last);
void control_refuse(struct control_request *request, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, when a queue is full. */
void control_busy(struct control_request *request);
Fascia__ControlResponse *control_response(void);
void control_do(struct control_request *request);
void control_read(struct control_request *request);  /* verbs that read the store (control_reads.c) */
void control_match(struct control_request *request); /* explanations, questions, replays (control_match.c) */
/* ---- control_accounts.c ---- */
void control_accounts(struct control_request *request); /* lists and unlocks them */
/* Before a put_account goes on: it is one, and its secret is sealed. false: the request has been answered. */
MUST_CHECK bool control_admit_account(struct control_request *request);
/* Who asked has gone, or the node drains: a long answer need not be finished. */
bool control_is_unwanted(const struct control_request *request);
void control_list_waiting(struct control_request *request); /* control_waiting.c */
/* Answers with the response's node, completed by the store's own counts of the outbox. Takes the response. */
/* Notes numbers of the status that can't be told. */
void control_status_lacks(Fascia__Node *node, const char *const *names, size_t count);
void control_answer_status(struct control_request *request, Fascia__ControlResponse *response);

#endif
