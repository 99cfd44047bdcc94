/*
 * What a plugin is, without loading any of it into the daemon: a process of its own looks, says, and is ended.
 */
#ifndef FASCIA_NODE_DESCRIBER_H
#define FASCIA_NODE_DESCRIBER_H

#include "node/control.h"
#include "node/source.h"

/* Answers a DescribePlugin: of this source, or of the request's path when it is NULL. */
void describer_answer(const struct source_rooms *rooms, const struct source *source, struct control_request *request);

#endif
