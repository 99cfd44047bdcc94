/*
 * What a sender said of a referral, taken out of the event that holds it. On a reader's thread.
 */
#ifndef FASCIA_NODE_CONTENT_H
#define FASCIA_NODE_CONTENT_H

#include "fascia/v1/event.pb-c.h"
#include "store/store.h"

/* The content leaves the event, and is the caller's (fascia__referral__free_unpacked). NULL: the event holds none. */
Fascia__Referral *content_take(Fascia__Event *event);
/* The same of a stored event. NULL, too, when it can't be read: status and fault say why. */
Fascia__Referral *content_read(struct store_reader *reader, uint64_t sequence, enum store_status *status,
                               struct fault *fault);

#endif
