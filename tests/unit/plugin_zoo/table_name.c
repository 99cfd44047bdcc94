/* An option whose name no configuration could hold. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option options[] = {{ROW, .name = "Port-Number", .type = FASCIA_OPTION_INTEGER}};

ZOO("table-name", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
