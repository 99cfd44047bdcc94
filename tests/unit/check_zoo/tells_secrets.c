/* Repeats a secret in the reason why it can't be opened. */
#include "lines.h"

static const struct fascia_option options[] = {
    {.size = sizeof(struct fascia_option),
     .type = FASCIA_OPTION_TEXT,
     .name = "key",
     .help = "The key that senders write into each line",
     .flags = FASCIA_OPTION_SECRET},
};

static enum fascia_status open_it(const struct fascia_host *host, struct fascia_bytes bytes, void **instance,
                                  char *fault, size_t fault_size)
{
    Fascia__Options *given = fascia__options__unpack(NULL, bytes.size, bytes.data);
    bool good = given->n_values == 0 || strcmp(given->values[0]->text, "a good key") == 0;

    if (!good)
        snprintf(fault, fault_size, "the key '%s' is not good", given->values[0]->text);
    fascia__options__free_unpacked(given, NULL);
    return good ? lines_open(host, bytes, instance, fault, fault_size) : FASCIA_E_INVALID;
}

ANIMAL((described.options = options, described.option_count = 1, described.open = open_it))
