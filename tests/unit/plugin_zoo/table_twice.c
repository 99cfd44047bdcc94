/* Two options of one name. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option options[] = {{ROW, .name = "port", .type = FASCIA_OPTION_INTEGER},
                                               {ROW, .name = "port", .type = FASCIA_OPTION_TEXT}};

ZOO("table-twice", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
