/*
 * What an administrator can say about this source and about each of its senders.
 *
 * The table is what the host checks, completes and documents; the settings are what the rest of the plugin reads. Immutable after
 * hl7_settings_create().
 */
#ifndef HL7V2_OPTIONS_H
#define HL7V2_OPTIONS_H

#include "fascia/plugin.h"
#include "fascia/v1/plugin.pb-c.h"
#include "hl7v2/charset.h"

#include <stdbool.h>

enum { HL7_OPTION_COUNT = 10 };
extern const struct fascia_option hl7_options[HL7_OPTION_COUNT];

enum hl7_answer_form { HL7_ANSWER_ACK, HL7_ANSWER_RRI };
enum hl7_mode { HL7_MODE_AUTO, HL7_MODE_ORIGINAL, HL7_MODE_COMMIT };

/* What statuses a sender is sent. */
enum hl7_statuses { HL7_STATUSES_RRI, HL7_STATUSES_360X, HL7_STATUSES_NONE };
/* Bits of hl7_sender.requests. */
enum { HL7_TAKES_REFERRALS = 1, HL7_TAKES_ORDERS = 2 };

/* What the sender of an order can be told of it. */
enum hl7_news {
    HL7_NEWS_WAITING, /* for information, or for a therapist */
    HL7_NEWS_ACCEPTED,
    HL7_NEWS_DECLINED,
    HL7_NEWS_CANCELLED, /* as the sender asked */
    HL7_NEWS_IN_TREATMENT,
    HL7_NEWS_COMPLETED,
    HL7_NEWS_COUNT
};
enum { HL7_CODE_BYTES = 32 };
/* ORC-1 (table 0119) and ORC-5 (table 0038); "" when it is not to be told. */
struct hl7_order_code {
    const char *control, *status;
};

/* One sender. Texts are "" where the administrator said nothing. */
struct hl7_sender {
    const char *application, *facility; /* of MSH-3 and MSH-4; "" or "*" match any */
    Fascia__Role role;
    const char *referrer_name, *referrer_npi;
    const char *status_to; /* host:port; "": hears nothing by itself */
    const char *status_version;
    bool status_commit;      /* asks for a commit acknowledgement of statuses */
    uint32_t status_timeout; /* ms; 0: the host's */
    enum hl7_answer_form answer;
    enum hl7_mode mode;
    const struct hl7_charset *charset; /* when MSH-18 is empty; NULL: none given */
    enum hl7_statuses statuses;
    unsigned requests;
    bool orders_acknowledged; /* an order is answered with ACK, not with ORG */
    struct hl7_order_code codes[HL7_NEWS_COUNT];
};

struct hl7_settings {
    struct hl7_arena arena; /* holds all of this */
    const char *application, *facility;
    const char *processing_ids; /* letters */
    const char *preferences_segment;
    bool update_if_changed, warnings, payer_is_company, referred_to_is_therapist;
    struct hl7_sender *senders;
    size_t sender_count;
    struct hl7_sender unknown; /* of whom nothing was said */
};

/* NULL, and why in fault, when the options can't be used together. */
struct hl7_settings *hl7_settings_create(const Fascia__Options *options, char *fault, size_t fault_size);
void hl7_settings_destroy(struct hl7_settings *settings);
/* The first that matches. Never NULL. */
const struct hl7_sender *hl7_settings_sender(const struct hl7_settings *settings, const char *application,
                                             const char *facility);

#endif
