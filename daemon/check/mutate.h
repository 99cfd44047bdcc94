/*
 * Bad input made of good input: what networks, editors and programs do to a message.
 */
#ifndef FASCIA_CHECK_MUTATE_H
#define FASCIA_CHECK_MUTATE_H

#include "fascia/plugin.h"

/* Heap; what was done to it goes into what (a static text). Decided by *chance alone. */
uint8_t *mutate(struct fascia_bytes bytes, uint64_t *chance, size_t *size, const char **what);

#endif
