/* A default that its own bounds refuse. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option options[] = {
    {ROW, .name = "wait", .type = FASCIA_OPTION_DURATION, .default_value = "2h", .minimum = 1000, .maximum = 3600000}};

ZOO("table-default", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
