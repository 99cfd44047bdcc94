/*
 * A message that came in: read, its header understood, and what is wrong with it.
 *
 * Findings use the codes of HL7 table 0357. Their texts are literals or come from the core, and never hold what was sent; a location is
 * written "PID[1]-11[2].4": segment, its number among its name, field, repetition, component, subcomponent.
 */
#ifndef HL7V2_INCOMING_H
#define HL7V2_INCOMING_H

#include "hl7v2/message.h"
#include "hl7v2/options.h"

enum hl7_error_code {
    HL7_SEQUENCE = 100,
    HL7_REQUIRED = 101,
    HL7_DATA_TYPE = 102,
    HL7_TABLE_VALUE = 103,
    HL7_MESSAGE_TYPE = 200,
    HL7_EVENT = 201,
    HL7_PROCESSING_ID = 202,
    HL7_VERSION = 203,
    HL7_UNKNOWN_KEY = 204,
    HL7_DUPLICATE_KEY = 205,
    HL7_LOCKED = 206,
    HL7_APPLICATION = 207
};

enum { HL7_MAX_FINDINGS = 50, HL7_LOCATION_BYTES = 48 };

struct hl7_finding {
    enum hl7_error_code code;
    bool warning;
    char location[HL7_LOCATION_BYTES];
    const char *field; /* in fascia's words; may be "" */
    const char *text;
};

struct hl7_findings {
    struct hl7_finding *list; /* room for HL7_MAX_FINDINGS, made with the first */
    size_t count, errors;
};

/* Beyond the bound findings are counted among errors, and not kept. */
__attribute__((format(printf, 7, 8))) void hl7_find(struct hl7_arena *arena, struct hl7_findings *findings,
                                                    enum hl7_error_code code, bool warning, const char *field,
                                                    const char *text, const char *location, ...);

/* What a message is, by MSH-9.1; its event may still be none that is taken. */
enum hl7_kind {
    HL7_KIND_OTHER,
    HL7_KIND_REFERRAL,    /* REF */
    HL7_KIND_ORDER,       /* OMG: a referral as 360X sends it */
    HL7_KIND_ORDER_STATUS /* OSU: from a referrer, the end of one */
};

struct hl7_incoming {
    struct hl7_message message;
    struct hl7_segment *msh; /* NULL: nothing of a header could be read */
    const struct hl7_charset *charset;
    const struct hl7_sender *sender;
    struct hl7_findings findings;
    /* of MSH, decoded */
    const char *application, *facility, *type, *event, *control_id, *accept, *apply;
    enum hl7_kind kind;
    unsigned version;                  /* 251 for 2.5.1; 0: none that is supported */
    char referrer[HL7_LOCATION_BYTES]; /* where the decoder found the referrer: "PRD[2]"; "": nowhere */
    bool decodable;                    /* all of the message was read, not its header alone */
    bool rejected;                     /* an error is one of the header: the message was not looked into */
};

/* arena, charsets and settings are borrowed and outlive the incoming. Errors of the header, and of bounds, are in the findings. */
void hl7_incoming_read(struct hl7_incoming *incoming, struct hl7_arena *arena, struct hl7_charsets *charsets,
                       const struct hl7_settings *settings, const uint8_t *bytes, size_t size);
/* The same from text that was read before: no checks. */
void hl7_incoming_again(struct hl7_incoming *incoming, struct hl7_arena *arena, struct hl7_charsets *charsets,
                        const struct hl7_settings *settings, const struct hl7_charset *charset, const char *text,
                        size_t size);
/* 251 for "2.5.1"; 0: none that is supported. */
unsigned hl7_version_number(const char *text);
/* Whether it is one of orders, not of referrals (chapter 4, not 11). */
bool hl7_incoming_is_order(const struct hl7_incoming *incoming);
/* Those segments of the message that an answer needs: MSH, of an order ORC, and with referral RF1, PRD and PID. In the arena. */
struct hl7_span hl7_incoming_echo(const struct hl7_incoming *incoming, bool referral);

#endif
