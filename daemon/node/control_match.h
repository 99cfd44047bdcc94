/* Between the files of requests about matches: control_match.c and control_replay.c. */
#ifndef FASCIA_NODE_CONTROL_MATCH_H
#define FASCIA_NODE_CONTROL_MATCH_H

#include "node/control.h"

/* The row of a referral, and the event of the explanation that is wanted: *event, or for 0 its latest. On the reader's thread. */
enum store_status control_find_match(struct store_reader *reader, uint64_t referral, uint64_t *event,
                                     struct referral_row *row, struct fault *fault);
/* Replays what the request names, up to the event with this number, on the slow stage; answers progress, and then the report. */
void control_replay(struct control_request *request, uint64_t last_event);

#endif
