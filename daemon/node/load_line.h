/*
 * Loading therapists on two threads: whoever reads the store unpacks them here, and the engine takes them on a thread of its own.
 *
 *   reader --load_line_add()--> [a few batches] --line's thread--> engine_load_unpacked()
 *
 * Each of the two is about half of the work of a large start. The engine belongs to the line's thread from load_line_begin() to load_line_end(), and
 * to nobody else meanwhile; therapists reach it in the order in which they were added. Batches are few and small, so memory does not grow.
 */
#ifndef FASCIA_NODE_LOAD_LINE_H
#define FASCIA_NODE_LOAD_LINE_H

#include "core/engine.h"

struct load_line;

struct load_line *load_line_begin(struct engine *engine);
/* false with a fault when this one can't be read, or the engine refused one before it. packed is lent for the call. */
MUST_CHECK bool load_line_add(struct load_line *line, const uint8_t *packed, size_t size, struct fault *fault);
/* Waits until the engine has all, and ends the line. false with a fault when the engine refused one. */
MUST_CHECK bool load_line_end(struct load_line *line, struct fault *fault);

#endif
