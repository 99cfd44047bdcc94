/* Writes statuses to files that are named after the patient. */
#include "lines.h"

static void status(void *instance, uint64_t token, struct fascia_bytes bytes)
{
    Fascia__StatusNotice *notice = fascia__status_notice__unpack(NULL, bytes.size, bytes.data);
    Fascia__Outbound outbound = FASCIA__OUTBOUND__INIT;
    char name[128];

    snprintf(name, sizeof name, "%.80s.%u.txt", notice->referral->patient->family_name, notice->status->number);
    outbound.kind = FASCIA__OUTBOUND__KIND__FILE;
    outbound.file_name = name;
    outbound.payload = (ProtobufCBinaryData){2, (uint8_t *)"OK"};
    lines_end(instance, token, &outbound.base);
    fascia__status_notice__free_unpacked(notice, NULL);
}

ANIMAL(described.status = status)
