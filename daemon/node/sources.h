/*
 * All sources of a node: made from the configuration, and those that are isolated added, changed, drained and taken out while it runs. Loop's thread only.
 */
#ifndef FASCIA_NODE_SOURCES_H
#define FASCIA_NODE_SOURCES_H

#include "node/control.h"
#include "node/outbox.h"
#include "node/source.h"

struct sources;

/* config: borrowed, and so is what rooms holds. NULL and a fault when a source can't be made. */
MUST_CHECK struct sources *sources_create(const struct source_rooms *rooms, const struct config *config,
                                          const char *config_path, struct fault *fault);
MUST_CHECK bool sources_start(struct sources *sources, struct fault *fault);
void sources_drain(struct sources *sources);
size_t sources_open(const struct sources *sources);
void sources_close(struct sources *sources);
void sources_destroy(struct sources *sources); /* takes NULL */

size_t sources_count(const struct sources *sources);
struct source *const *sources_all(const struct sources *sources);
/* Who is told of sources that come and go. */
void sources_tell(struct sources *sources, struct outbox *outbox);

/* Requests about plugins; each is answered when what it asks is done. */
void sources_control(struct sources *sources, struct control_request *request);

#endif
