/* What the interface says, as it stands there: each finding quotes one of these. */
#ifndef FASCIA_CHECK_SAYS_H
#define FASCIA_CHECK_SAYS_H

#define IN_HEADER " (<fascia/plugin.h>)"
#define IN_RULES  " (plugins/README.md, The rules)"

#define SAYS_LOAD                                                                                                      \
    "a plugin is loaded only when what it says of itself is whole (plugins/README.md, Building, loading, and what is " \
    "refused)"
#define SAYS_HELP "help: \"one sentence, no full stop\"" IN_HEADER
#define SAYS_OPEN                                                                                                      \
    "open(): \"Makes an instance from a fascia.v1.Options. On failure writes why, for the administrator, into fault "  \
    "(ends in NUL)\"" IN_HEADER
#define SAYS_SECRET "FASCIA_OPTION_SECRET: \"never shown\"; it keeps a value out of every error text" IN_HEADER
#define SAYS_PURE   "frame(): \"Pure: same bytes, same answer; no state, no host calls\"" IN_HEADER
#define SAYS_FRAME                                                                                                     \
    "frame(): what it says must lie in the buffer: total at least 1 when COMPLETE, skip <= payload_offset, the "       \
    "payload within total; scanned and skip within the buffer" IN_HEADER
#define SAYS_STATIC "frame(), reply: \"INVALID: static bytes, or none\"" IN_HEADER
#define SAYS_CUT                                                                                                       \
    "frame(): \"the host has buffered bytes of a stream: where does the first frame end?\": the same stream has the "  \
    "same frames, however it was cut on its way" IN_HEADER
#define SAYS_SCANNED                                                                                                   \
    "frame(), scanned: \"MORE: bytes already looked at; given back with the next call so that no byte is read "        \
    "twice\"" IN_HEADER
#define SAYS_LENT "\"Bytes are lent for the duration of the call; nobody frees the other's memory\"" IN_HEADER
#define SAYS_ONCE "\"A token (delivery) is completed exactly once, during the call or later\"" IN_HEADER
#define SAYS_ENDS                                                                                                      \
    "\"each delivery is completed exactly once\": one that nothing is left to end runs into the source's deadline, "   \
    "and its sender hears that it failed" IN_RULES
#define SAYS_ABANDON                                                                                                   \
    "abandon(): \"The host waits no longer for this token: forget it. It must not be completed any more\"" IN_HEADER
#define SAYS_TOKEN                                                                                                     \
    "submit(): \"Hands over one fascia.v1.Submission of an open delivery\"; complete(): \"Ends a token\"" IN_HEADER
#define SAYS_ENDING                                                                                                    \
    "complete(): \"a fascia.v1.Completion for deliver(), Outbound for status(), Verdict for answered()\"" IN_HEADER
#define SAYS_THREAD                                                                                                    \
    "\"A plugin may call the host's functions from any of its callbacks, and from no other thread\"" IN_HEADER
#define SAYS_EARLY                                                                                                     \
    "result(): \"Never answer a sender earlier: a promise that a crash can break is worse than silence\" "             \
    "(plugins/README.md, Answer when it is durable)"
#define SAYS_SUBMISSION                                                                                                \
    "submit(): \"Hands over one fascia.v1.Submission\": it unpacks, and has submit and submit.referral" IN_HEADER
#define SAYS_ITEM                                                                                                      \
    "Submission.item: \"the plugin's own number of it, given back with the result; unique in the delivery\" "          \
    "(fascia/v1/plugin.proto)"
#define SAYS_TEXT                                                                                                      \
    "\"Text is UTF-8\" (fascia/v1/referral.proto); \"check that text is UTF-8 before you put it into a string "        \
    "field\"" IN_RULES
#define SAYS_WHO                                                                                                       \
    "\"Fill sender and sender_referral_id so that a resend has the same ones: the core recognises it and gives the "   \
    "same answer\"" IN_RULES
#define SAYS_KEPT "\"Drop nothing ... the message as it came goes into original\"" IN_RULES
#define SAYS_PLACE                                                                                                     \
    "\"What identifies a patient stays in the message\": it is no part of a location, a system, a sender, a message "  \
    "id or a reply map" IN_RULES
#define SAYS_LOG                                                                                                       \
    "log(): \"event is a fixed word of [a-z0-9._-], at most 64 bytes: never anything that was sent\"" IN_HEADER
#define SAYS_SILENT                                                                                                    \
    "the host owns files and the log: a plugin opens nothing and prints nothing; what it says, it says by "            \
    "log()" IN_RULES
#define SAYS_REASON "Verdict.reason: \"a short word, no patient data\" (fascia/v1/plugin.proto)"
#define SAYS_OTHERS                                                                                                    \
    "a delivery's Completion answers its own sender: nothing of another sender's patient stands in it" IN_RULES
#define SAYS_REPLY "Completion.reply: \"goes back on the connection, framed already\" (fascia/v1/plugin.proto)"
#define SAYS_REFUSE                                                                                                    \
    "refuse(): \"Submit nothing, look no further into it than to address the answer, and complete() with what its "    \
    "sender is to hear\"" IN_HEADER
#define SAYS_TELLS                                                                                                     \
    "result(): \"hears what became of each, and ends the delivery with host->complete() and the reply's bytes\": a "   \
    "sender whose referral was not kept must be able to tell" IN_HEADER
#define SAYS_EXPECT                                                                                                    \
    "samples: what is expected of each stands in check.yaml, or follows from its name (fascia-plugin-check(1))"
#define SAYS_CRASH  "\"No input may crash you\"" IN_RULES
#define SAYS_BLOCK  "\"No callback may block: what waits, waits in the plugin's own state for a later call\"" IN_HEADER
#define SAYS_MEMORY "\"Bound everything that a sender can size\"; what ended is forgotten" IN_RULES
#define SAYS_CLOSE                                                                                                     \
    "\"the host calls one instance ... never after close()\": close() gives everything back; what was open has been "  \
    "abandoned" IN_HEADER
#define SAYS_OUTBOUND                                                                                                  \
    "Outbound: STREAM connects to `address` and writes `payload`; FILE writes `payload` as `file_name` into the "      \
    "folder of results (fascia/v1/plugin.proto)"
#define SAYS_SAME_FILE                                                                                                 \
    "\"Do not build a name from what was sent ... the same status then has the same name\" (plugins/README.md, "       \
    "Statuses)"
#define SAYS_VERDICT                                                                                                   \
    "answered(): \"The source completes with a Verdict\": DELIVERED, RETRY, GIVE_UP or UNRELATED" IN_HEADER
#define SAYS_OPTIONS                                                                                                   \
    "what one row can't say is checked in open(): \"write the reason into fault, one line for the administrator\" "    \
    "(plugins/README.md, Options)"

#endif
