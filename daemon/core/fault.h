/*
 * How rooms say what went wrong: each border has its own enum, and a text that a person can act on.
 *
 * A fault's text never carries patient data: it names files, lines, fields and limits, not what stood there.
 */
#ifndef FASCIA_CORE_FAULT_H
#define FASCIA_CORE_FAULT_H

#include <stdarg.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))

struct fault {
    char text[512]; /* ends in NUL; "" when nothing went wrong */
};

/* Writes the text, cut at the buffer's end. fault may be NULL. */
void fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "context: " before the text that is there. */
void fault_prefix(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Holds an invariant of our own, in release too. Never use it on what a peer, sender or person gave. */
#define INVARIANT(condition) ((condition) ? (void)0 : invariant_broken(#condition, __FILE__, __LINE__))
_Noreturn void invariant_broken(const char *condition, const char *file, int line);

#endif
