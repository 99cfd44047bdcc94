/*
 * A stream fed to frame() in pieces, as a connection would bring it.
 */
#ifndef FASCIA_CHECK_FRAMES_H
#define FASCIA_CHECK_FRAMES_H

#include "check/rig.h"

#define FRAMES_KEPT 4096

struct frame_list {
    struct {
        size_t offset, size; /* in the stream */
    } frames[FRAMES_KEPT];
    size_t count;
    bool invalid; /* the stream was given up */
    bool untrue;  /* frame() said what can't be; that is a finding already */
    size_t left;  /* bytes behind the last frame that were not thrown away */
    bool idle;    /* some MORE over a long buffer had looked at less than half of it */
    size_t idle_size, idle_scanned;
};

/* Where a stream is cut, ascending; the rest comes last. */
struct frame_cuts {
    const size_t *at;
    size_t count;
};

void frames_feed(struct rig *rig, struct fascia_bytes stream, struct frame_cuts cuts, struct frame_list *list);
/* Byte by byte. */
void frames_trickle(struct rig *rig, struct fascia_bytes stream, struct frame_list *list);
/* False, with a finding that says what is different, when they are not the same frames. */
bool frames_compare(struct rig *rig, const struct frame_list *whole, const struct frame_list *cut);

/* All samples, one behind another, with noise between them when there is some. Heap. */
uint8_t *frames_join(const struct check_samples *samples, const char *noise, size_t *size);

#endif
