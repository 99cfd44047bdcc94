/* A default that is none of its choices. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option options[] = {
    {ROW, .name = "mode", .type = FASCIA_OPTION_CHOICE, .default_value = "blue", .choices = "red|green"}};

ZOO("table-choice", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
