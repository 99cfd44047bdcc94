/* A row that does not say how wide it is. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option options[] = {
    {.size = 0, .help = "Some help", .name = "port", .type = FASCIA_OPTION_INTEGER}};

ZOO("table-width", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
