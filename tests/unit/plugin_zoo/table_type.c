/* An option of a type that nobody knows. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option options[] = {{ROW, .name = "port", .type = 77}};

ZOO("table-type", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
