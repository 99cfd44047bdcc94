/*
 * fascia-plugin-check: reads its arguments and runs the kit.
 */
#include "check/check.h"
#include "check/report.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_SECONDS  20
#define MEMORY_MIB        1024
#define MUTATIONS         400
#define SLOWER            40 /* under valgrind */
#define VALGRIND_VARIABLE "FASCIA_CHECK_UNDER_VALGRIND"

struct arguments {
    struct check_settings settings;
    bool list, valgrind;
};

enum {
    OPTION_ONLY = 256,
    OPTION_SEED,
    OPTION_MUTATIONS,
    OPTION_PATIENCE,
    OPTION_MEMORY,
    OPTION_JSON,
    OPTION_LIST,
    OPTION_VALGRIND
};

static const struct argp_option options[] = {
    {"options", 'o', "FILE", 0, "the instance's options, in place of SAMPLES/check.yaml", 0},
    {"only", OPTION_ONLY, "NAMES", 0, "only checks whose names begin so: framing,delivery.replies", 0},
    {"seed", OPTION_SEED, "N", 0, "what is tried by chance (1); 0: another each time", 0},
    {"mutations", OPTION_MUTATIONS, "N", 0, "of each sample (400)", 0},
    {"patience", OPTION_PATIENCE, "SECONDS", 0, "processor time that one call may take (20)", 0},
    {"memory", OPTION_MEMORY, "MIB", 0, "that the plugin may have (1024); 0: no limit", 0},
    {"json", OPTION_JSON, NULL, 0, "for machines", 0},
    {"list", OPTION_LIST, NULL, 0, "what is checked, and exit", 0},
    {"valgrind", OPTION_VALGRIND, NULL, 0, "run under valgrind, with fewer mutations", 0},
    {0}};

static uint64_t read_number(const char *text, uint64_t most, struct argp_state *state)
{
    char *end = NULL;
    unsigned long long number = 0;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || strchr(text, '-') != NULL || number > most)
        argp_error(state, "'%s' is no whole number from 0 to %llu", text, (unsigned long long)most);
    return number;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct check_settings *settings = &arguments->settings;

    switch (key) {
    case 'o':
        settings->options = value;
        return 0;
    case OPTION_ONLY:
        settings->only = value;
        return 0;
    case OPTION_SEED:
        settings->seed = read_number(value, UINT64_MAX, state);
        return 0;
    case OPTION_MUTATIONS:
        settings->mutations = (uint32_t)read_number(value, 10000000, state);
        return 0;
    case OPTION_PATIENCE:
        settings->patience_ms = (int64_t)read_number(value, 86400, state) * 1000;
        return 0;
    case OPTION_MEMORY:
        settings->memory = (size_t)read_number(value, 1 << 20, state) << 20;
        return 0;
    case OPTION_JSON:
        settings->json = true;
        return 0;
    case OPTION_LIST:
        arguments->list = true;
        return 0;
    case OPTION_VALGRIND:
        arguments->valgrind = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            return ARGP_ERR_UNKNOWN;
        *(state->arg_num == 0 ? &settings->plugin : &settings->samples) = value;
        return 0;
    case ARGP_KEY_END:
        if (settings->samples == NULL && !arguments->list)
            argp_error(state, "name the plugin and the folder of its samples");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Starts this program again with the same arguments; --valgrind is there but does nothing the second time. */
static int run_under_valgrind(int count, char **given)
{
    static char *const valgrind[] = {"valgrind",
                                     "-q",
                                     "--error-exitcode=88",
                                     "--leak-check=full",
                                     "--errors-for-leak-kinds=definite",
                                     "--show-leak-kinds=definite",
                                     "--child-silent-after-fork=no",
                                     "--trace-children=no"};
    size_t options_count = sizeof valgrind / sizeof valgrind[0];
    char **all = calloc(options_count + (size_t)count + 1, sizeof *all);
    char self[PATH_MAX] = "", why[256] = "there is no memory to start valgrind";

    if (all != NULL && readlink("/proc/self/exe", self, sizeof self - 1) > 0) {
        memcpy(all, valgrind, sizeof valgrind);
        memcpy(all + options_count, given, (size_t)count * sizeof *all);
        all[options_count] = self;
        setenv(VALGRIND_VARIABLE, "1", 1);
        execvp(all[0], all);
        snprintf(why, sizeof why, "valgrind can't be started: %s; install it, or leave --valgrind out",
                 strerror(errno));
    }
    free(all);
    check_complain(stderr, why);
    return CHECK_EXIT_USAGE;
}

/* The C library keeps what was freed in small heaps that count as taken: without them every byte can be counted. They can only be turned off from outside, so the
 * program starts itself again. */
static void count_every_byte(char **given)
{
    static const char wanted[] = "glibc.malloc.tcache_count=0";
    const char *set = getenv("GLIBC_TUNABLES");
    char tunables[1024];

    if (set != NULL && strstr(set, wanted) != NULL)
        return;
    snprintf(tunables, sizeof tunables, "%.900s%s%s", set != NULL ? set : "", set != NULL && set[0] != '\0' ? ":" : "",
             wanted);
    if (setenv("GLIBC_TUNABLES", tunables, 1) == 0)
        execv("/proc/self/exe", given); /* when it can't, growth is counted less exactly */
}

int main(int count, char **given)
{
    static const struct argp parser = {
        .options = options,
        .parser = parse_option,
        .args_doc = "PLUGIN.so SAMPLES",
        .doc = "Tries a source plugin against all that <fascia/plugin.h> promises and demands.\v"
               "SAMPLES is a folder with a file for each message, and check.yaml. Exit status: 0 nothing was found, 1 "
               "something was, 2 it could "
               "not be checked. fascia-plugin-check(1) has more."};
    struct arguments arguments = {.settings = {.seed = 1,
                                               .mutations = MUTATIONS,
                                               .patience_ms = PATIENCE_SECONDS * 1000,
                                               .memory = (size_t)MEMORY_MIB << 20,
                                               .progress = isatty(STDERR_FILENO) != 0}};

    count_every_byte(given);
    argp_program_version = "fascia-plugin-check " FASCIA_VERSION;
    argp_err_exit_status = CHECK_EXIT_USAGE;
    argp_parse(&parser, count, given, 0, NULL, &arguments);
    if (arguments.list) {
        check_list(stdout);
        return CHECK_EXIT_GOOD;
    }
    arguments.settings.under_valgrind = getenv(VALGRIND_VARIABLE) != NULL;
    if (arguments.valgrind && !arguments.settings.under_valgrind)
        return run_under_valgrind(count, given);
    if (arguments.settings.under_valgrind) {
        arguments.settings.patience_ms *= SLOWER;
        if (arguments.settings.mutations > MUTATIONS / 10)
            arguments.settings.mutations = MUTATIONS / 10;
    }
    return (int)check_run(&arguments.settings, stdout, stderr);
}
