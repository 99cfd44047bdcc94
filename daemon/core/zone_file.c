/* Reading TZif, RFC 8536. */
#include "core/memory.h"
#include "core/zone_data.h"
#include "core/zone_rule.h"

#include <inttypes.h>
#include <string.h>

#define HEADER_BYTES   44
#define MAXIMUM_TIMES  4096
#define MAXIMUM_TYPES  256
#define MAXIMUM_FOOTER 255
#define MAXIMUM_NAME   255
#define MAXIMUM_FILE   (1024 * 1024)
#define TYPE_BYTES     6
#define VERSION_1_TIME 4
#define VERSION_2_TIME 8

struct tzif_block {
    const uint8_t *bytes; /* after the header */
    uint32_t times, types, characters, leaps, standards, universals;
    size_t time_bytes, size;
    uint8_t version;
};

static uint32_t read_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t read_time(const struct tzif_block *block, uint32_t index)
{
    const uint8_t *bytes = block->bytes + index * block->time_bytes;

    if (block->time_bytes == VERSION_1_TIME)
        return (int32_t)read_32(bytes);
    return (int64_t)((uint64_t)read_32(bytes) << 32 | read_32(bytes + 4));
}

/* Section 3.1. Counts are checked before anything is multiplied by them. */
static bool read_header(const uint8_t *bytes, size_t size, size_t time_bytes, struct tzif_block *block,
                        struct fault *fault)
{
    if (size < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0) {
        fault_set(fault, "not a TZif file: it does not begin with a whole TZif header");
        return false;
    }
    *block = (struct tzif_block){.bytes = bytes + HEADER_BYTES,
                                 .version = bytes[4],
                                 .universals = read_32(bytes + 20),
                                 .standards = read_32(bytes + 24),
                                 .leaps = read_32(bytes + 28),
                                 .times = read_32(bytes + 32),
                                 .types = read_32(bytes + 36),
                                 .characters = read_32(bytes + 40),
                                 .time_bytes = time_bytes};
    if (block->times > MAXIMUM_TIMES || block->types > MAXIMUM_TYPES || block->characters > MAXIMUM_TIMES ||
        block->leaps > MAXIMUM_TIMES || block->standards > MAXIMUM_TYPES || block->universals > MAXIMUM_TYPES) {
        fault_set(fault, "a count in the TZif header is beyond what a zone can have");
        return false;
    }
    block->size = block->times * (time_bytes + 1) + block->types * TYPE_BYTES + block->characters +
                  block->leaps * (time_bytes + 4) + block->standards + block->universals;
    if (block->size > size - HEADER_BYTES) {
        fault_set(fault, "the TZif file ends within its data");
        return false;
    }
    return true;
}

static bool read_offset(const struct tzif_block *block, uint32_t type, int32_t *offset, struct fault *fault)
{
    const uint8_t *bytes = block->bytes + block->times * (block->time_bytes + 1);
    int32_t seconds;

    if (type >= block->types) {
        fault_set(fault, "a change in the TZif file is of a type that it does not have");
        return false;
    }
    seconds = (int32_t)read_32(bytes + type * TYPE_BYTES);
    if (seconds < -ZONE_MAXIMUM_OFFSET || seconds > ZONE_MAXIMUM_OFFSET) {
        fault_set(fault, "an offset in the TZif file is more than 26 hours");
        return false;
    }
    *offset = (int32_t)(seconds * SECOND_MS);
    return true;
}

/* Section 3.2. *last is the last change of all, also one that is not kept; INT64_MIN when there is none. */
static bool read_changes(const struct tzif_block *block, struct zone *zone, int64_t *last, struct fault *fault)
{
    const uint8_t *types = block->bytes + block->times * block->time_bytes;
    int64_t before = INT64_MIN;

    if (block->types == 0 || block->leaps > 0) {
        fault_set(fault, block->types == 0 ? "the TZif file has no type of local time"
                                           : "the zone counts leap seconds; use the file that does not");
        return false;
    }
    if (!read_offset(block, 0, &zone->first_offset, fault))
        return false;
    for (uint32_t i = 0; i < block->times; i++) {
        int64_t seconds = read_time(block, i);
        int32_t offset;
        if (i > 0 && seconds <= before) {
            fault_set(fault, "change %" PRIu32 " in the TZif file is not later than the one before", i + 1);
            return false;
        }
        if (!read_offset(block, types[i], &offset, fault))
            return false;
        before = seconds;
        /* instants beyond the years kept would not fit milliseconds */
        seconds = seconds < zone_earliest() / SECOND_MS ? zone_earliest() / SECOND_MS : seconds;
        seconds = seconds > zone_latest() / SECOND_MS + 1 ? zone_latest() / SECOND_MS + 1 : seconds;
        zone_add_change(zone, seconds * SECOND_MS, offset);
        *last = seconds * SECOND_MS;
    }
    return true;
}

/* Section 3.3: a line feed, the rule, a line feed. An empty rule says nothing. */
static bool read_footer(const uint8_t *bytes, size_t size, struct zone *zone, int64_t last, struct fault *fault)
{
    char text[MAXIMUM_FOOTER + 1];
    struct zone_rule rule;
    const uint8_t *end = size > 1 && bytes[0] == '\n' ? memchr(bytes + 1, '\n', size - 1) : NULL;
    size_t length = end == NULL ? 0 : (size_t)(end - bytes - 1);

    if (end == NULL || length > MAXIMUM_FOOTER || memchr(bytes, 0, length + 1) != NULL) {
        fault_set(fault, "the TZif file has no whole footer");
        return false;
    }
    if (length == 0)
        return true;
    memcpy(text, bytes + 1, length);
    text[length] = 0;
    if (!zone_rule_parse(text, &rule, fault))
        return false;
    zone_rule_lay_out(&rule, zone, last);
    return true;
}

static bool read_file(const uint8_t *bytes, size_t size, struct zone *zone, struct fault *fault)
{
    struct tzif_block block;
    int64_t last = INT64_MIN;
    size_t first_part;

    if (size > MAXIMUM_FILE) {
        fault_set(fault, "a TZif file of more than 1 MiB is not read");
        return false;
    }
    if (!read_header(bytes, size, VERSION_1_TIME, &block, fault))
        return false;
    if (block.version == 0)
        return read_changes(&block, zone, &last, fault);
    /* from version 2 on the first block is for old readers, and the whole is told again with 64-bit times */
    first_part = HEADER_BYTES + block.size;
    if (!read_header(bytes + first_part, size - first_part, VERSION_2_TIME, &block, fault) ||
        !read_changes(&block, zone, &last, fault))
        return false;
    return read_footer(block.bytes + block.size, size - first_part - HEADER_BYTES - block.size, zone, last, fault);
}

struct zone *zone_parse(const char *name, const uint8_t *bytes, size_t size, struct fault *fault)
{
    struct zone *zone;

    if (strlen(name) == 0 || strlen(name) > MAXIMUM_NAME) {
        fault_set(fault, "a zone's name has 1 to %d characters", MAXIMUM_NAME);
        return NULL;
    }
    zone = memory_allocate(1, sizeof *zone);
    zone->name = memory_text(name);
    if (!read_file(bytes, size, zone, fault)) {
        zone_destroy(zone);
        return NULL;
    }
    return zone;
}
