/* A policy with a bad temper: its option says what it does when it is asked. What it was given it also writes to `copy`, when it may. */
#include <fascia/plugin.h>
#include <fascia/v1/plugin.pb-c.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temper {
    const struct fascia_host *host;
    char does[32], copy[256];
};

static const struct fascia_option options[] = {
    {.size = sizeof(struct fascia_option),
     .type = FASCIA_OPTION_CHOICE,
     .name = "does",
     .help = "What it does",
     .choices = "nothing|crash|garbage|stranger|far",
     .default_value = "nothing"},
    {.size = sizeof(struct fascia_option),
     .type = FASCIA_OPTION_PATH,
     .name = "copy",
     .help = "Where it writes what it was given"},
};

static enum fascia_status temper_open(const struct fascia_host *host, struct fascia_bytes bytes, void **instance,
                                      char *fault, size_t fault_size)
{
    Fascia__Options *given = fascia__options__unpack(NULL, bytes.size, bytes.data);
    struct temper *temper = calloc(1, sizeof *temper);

    (void)fault;
    (void)fault_size;
    temper->host = host;
    for (size_t i = 0; given != NULL && i < given->n_values; i++)
        if (strcmp(given->values[i]->name, "does") == 0)
            snprintf(temper->does, sizeof temper->does, "%s", given->values[i]->text);
        else
            snprintf(temper->copy, sizeof temper->copy, "%s", given->values[i]->text);
    fascia__options__free_unpacked(given, NULL);
    *instance = temper;
    return FASCIA_OK;
}

static void write_copy(const struct temper *temper, struct fascia_bytes message)
{
    int file = temper->copy[0] != '\0' ? open(temper->copy, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

    if (file >= 0 && write(file, message.data, message.size) < 0)
        abort();
    if (file >= 0)
        close(file);
}

static void complete(const struct temper *temper, uint64_t token, const uint8_t *bytes, size_t size)
{
    temper->host->complete(temper->host->context, token, (struct fascia_bytes){bytes, size});
}

static void temper_judge(void *instance, uint64_t token, struct fascia_bytes message)
{
    const struct temper *temper = instance;
    Fascia__Ruling ruling = FASCIA__RULING__INIT, *rulings[] = {&ruling};
    Fascia__Judgement judgement = FASCIA__JUDGEMENT__INIT;
    uint8_t packed[256];

    write_copy(temper, message);
    if (strcmp(temper->does, "nothing") == 0)
        return;
    if (strcmp(temper->does, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(temper->does, "garbage") == 0) {
        complete(temper, token, (const uint8_t *)"\x0a\xff\xff", 3);
        return;
    }
    judgement.rulings = rulings;
    judgement.n_rulings = 1;
    ruling.therapist = strcmp(temper->does, "stranger") == 0 ? "nobody" : "1000000004";
    ruling.score = 1000000;
    complete(temper, token, packed, fascia__judgement__pack(&judgement, packed));
}

static void temper_abandon(void *instance, uint64_t token)
{
    (void)instance;
    (void)token;
}

static const struct fascia_plugin described = {
    .magic = FASCIA_PLUGIN_MAGIC,
    .size = sizeof(struct fascia_plugin),
    .abi_major = FASCIA_ABI_MAJOR,
    .abi_minor = FASCIA_ABI_MINOR,
    .kind = FASCIA_KIND_POLICY,
    .option_count = sizeof options / sizeof options[0],
    .name = "bad-temper",
    .version = "1.0",
    .summary = "A policy that does what it likes",
    .options = options,
    .open = temper_open,
    .close = free,
    .abandon = temper_abandon,
    .judge = temper_judge,
};

const struct fascia_plugin *fascia_plugin(void)
{
    return &described;
}
