/*
 * Escape sequences (HL7 v2 chapter 2.7).
 *
 * Read: \F\ \S\ \T\ \R\ \E\ \P\, \Xhh..\ in the message's character set, and the formatting commands of chapter 2.7.6 as far as
 * text can show them (line breaks, indents; \H\ and \N\ vanish). What is not known stays as it was written, escape characters included.
 * Written: separators, the escape character, and line ends as \.br\. Pure but for the arena.
 */
#ifndef HL7V2_ESCAPE_H
#define HL7V2_ESCAPE_H

#include "hl7v2/message.h"

/* Ends in NUL. A NUL that was escaped becomes U+FFFD. */
char *hl7_unescape(const struct hl7_message *message, struct hl7_span span);

#endif
