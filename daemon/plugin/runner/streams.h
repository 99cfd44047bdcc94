/*
 * The connections whose bytes the host shows this process: what of each is not a whole frame yet, and where its plugin finds the frames.
 */
#ifndef FASCIA_PLUGIN_RUNNER_STREAMS_H
#define FASCIA_PLUGIN_RUNNER_STREAMS_H

#include "fascia/plugin.h"
#include "fascia/v1/runner.pb-c.h"
#include "plugin/numbered.h"

#include <stdbool.h>

/* Begins as {0}. */
struct streams {
    struct numbered_table table;
};

/* Appends the bytes, and finds every frame that is whole now. free_unpacked(). */
Fascia__StreamFrames *streams_feed(struct streams *streams, const struct fascia_plugin *plugin, void *instance,
                                   const Fascia__StreamFeed *feed);
void streams_forget(struct streams *streams, uint64_t number);

#endif
