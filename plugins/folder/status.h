/* A referral's status as a file for its sender: results/status-R12-3.json. It names no patient: the sender's own id of the referral does. */
#ifndef FOLDER_STATUS_H
#define FOLDER_STATUS_H

#include "folder/settings.h"

/* Fills an Outbound that the caller frees with free_unpacked. */
Fascia__Outbound *folder_status_write(const struct folder_settings *settings, const Fascia__StatusNotice *notice);

#endif
