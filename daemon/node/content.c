#include "node/content.h"

#include <stdlib.h>

Fascia__Referral *content_take(Fascia__Event *event)
{
    Fascia__Referral **held = NULL;
    Fascia__Referral *content = NULL;

    if (event->body_case == FASCIA__EVENT__BODY_RECEIVED)
        held = &event->received->referral;
    else if (event->body_case == FASCIA__EVENT__BODY_MODIFIED)
        held = &event->modified->referral;
    if (held == NULL)
        return NULL;
    content = *held;
    *held = NULL;
    return content;
}

Fascia__Referral *content_read(struct store_reader *reader, uint64_t sequence, enum store_status *status,
                               struct fault *fault)
{
    struct event_record record = {0};
    Fascia__Event *event = NULL;
    Fascia__Referral *content = NULL;

    *status = store_read_event(reader, sequence, &record, fault);
    if (*status == STORE_OK)
        event = fascia__event__unpack(NULL, record.size, record.payload);
    free(record.payload);
    if (event == NULL)
        return NULL;
    content = content_take(event);
    fascia__event__free_unpacked(event, NULL);
    return content;
}
