/* Groups in groups in groups. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option leaf[] = {{ROW, .name = "leaf", .type = FASCIA_OPTION_TEXT}};
static const struct fascia_option third[] = {
    {ROW, .name = "third", .type = FASCIA_OPTION_GROUP, .children = leaf, .child_count = 1}};
static const struct fascia_option second[] = {
    {ROW, .name = "second", .type = FASCIA_OPTION_GROUP, .children = third, .child_count = 1}};
static const struct fascia_option options[] = {
    {ROW, .name = "first", .type = FASCIA_OPTION_GROUP, .children = second, .child_count = 1}};

ZOO("table-deep", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
