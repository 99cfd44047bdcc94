/* The helps of its options do not help. */
#include "lines.h"

static const struct fascia_option options[] = {
    {.size = sizeof(struct fascia_option),
     .type = FASCIA_OPTION_TEXT,
     .name = "sending_program",
     .help = "Sending program"},
};

ANIMAL((described.options = options, described.option_count = 1))
