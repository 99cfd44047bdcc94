/*
 * One file under way: rows are handed to the host as many at a time as the window allows, and when all are answered the file ends with its result.
 *
 * What the host is too busy for waits for the next answer; with nothing under way the whole file comes again later, and rows that
 * were taken are recognised then by what they say. So a crash at any moment takes each row once: rows are durable before their answer, the file
 * moves on after the last.
 */
#ifndef FOLDER_DELIVERY_H
#define FOLDER_DELIVERY_H

#include "fascia/plugin.h"
#include "folder/file.h"

struct folder_delivery;

struct folder_delivery *folder_delivery_create(const struct folder_settings *settings, const struct fascia_host *host,
                                               uint64_t token, const Fascia__Delivery *message);
void folder_delivery_destroy(struct folder_delivery *delivery);
uint64_t folder_delivery_token(const struct folder_delivery *delivery);

/* Goes on as far as it can; true when the delivery was completed and is to be destroyed. */
bool folder_delivery_advance(struct folder_delivery *delivery);
/* What became of a row. */
void folder_delivery_result(struct folder_delivery *delivery, uint32_t item, const Fascia__Result *result);

#endif
