#include "core/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fault_set(struct fault *fault, const char *format, ...)
{
    va_list arguments;

    if (fault == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
}

void fault_prefix(struct fault *fault, const char *format, ...)
{
    char context[256];
    struct fault before;
    va_list arguments;

    if (fault == NULL)
        return;
    before = *fault;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    fault_set(fault, "%s: %s", context, before.text);
}

_Noreturn void invariant_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "fascia: invariant broken at %s:%d: %s\n", file, line, condition);
    abort();
}
