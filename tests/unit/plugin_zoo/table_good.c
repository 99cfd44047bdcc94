/* One option of each type, with every kind of default. */
#include "zoo.h"

#define ROW .size = sizeof(struct fascia_option), .help = "Some help"
static const struct fascia_option children[] = {
    {ROW, .name = "address", .type = FASCIA_OPTION_ADDRESS, .flags = FASCIA_OPTION_REQUIRED},
    {ROW, .name = "wait", .type = FASCIA_OPTION_DURATION, .default_value = "5s"}};
static const struct fascia_option options[] = {
    {ROW, .name = "greeting", .type = FASCIA_OPTION_TEXT, .default_value = "", .maximum = 16},
    {ROW, .name = "count", .type = FASCIA_OPTION_INTEGER, .default_value = "-3", .minimum = -5, .maximum = 5},
    {ROW, .name = "strict", .type = FASCIA_OPTION_BOOLEAN, .default_value = "true"},
    {ROW, .name = "limit", .type = FASCIA_OPTION_SIZE, .default_value = "64KiB", .maximum = 1 << 20},
    {ROW, .name = "mode", .type = FASCIA_OPTION_CHOICE, .default_value = "green", .choices = "red|green"},
    {ROW, .name = "spool", .type = FASCIA_OPTION_PATH},
    {ROW, .name = "roles", .type = FASCIA_OPTION_MAP, .default_value = "{MD: physician}"},
    {ROW, .name = "columns", .type = FASCIA_OPTION_TEXTS, .default_value = "[id, name]"},
    {ROW, .name = "listeners", .type = FASCIA_OPTION_GROUP, .children = children, .child_count = 2}};

ZOO("table-good", (described.options = options, described.option_count = sizeof options / sizeof options[0]))
