/*
 * match_bench: one engine, one number of therapists, one run; the lines that it prints are for `run` beside it.
 *
 * usage: match_bench ENGINE --places FILE [--cities FILE] [--therapists N] [--asks MAIN,PAYER,FAR,WIDE] [--rounds N] [--seed N] [--core N]
 *                    [--seconds N] [--database PLACE]
 */
#include "answers.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static void read_asks(struct bench *bench, const char *text)
{
    if (sscanf(text, "%u,%u,%u,%u", &bench->asks[ASK_MAIN], &bench->asks[ASK_PAYER], &bench->asks[ASK_FAR],
               &bench->asks[ASK_WIDE]) != ASK_SETS)
        bench_stop("--asks takes four numbers");
}

static void read_options(struct bench *bench, int count, char **arguments)
{
    static const struct option options[] = {
        {"places", required_argument, NULL, 'p'},     {"cities", required_argument, NULL, 'c'},
        {"therapists", required_argument, NULL, 't'}, {"asks", required_argument, NULL, 'a'},
        {"rounds", required_argument, NULL, 'r'},     {"seed", required_argument, NULL, 's'},
        {"core", required_argument, NULL, 'k'},       {"seconds", required_argument, NULL, 'l'},
        {"database", required_argument, NULL, 'd'},   {0}};
    const char *places = NULL, *cities = NULL;
    int option;

    while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            places = optarg;
            break;
        case 'c':
            cities = optarg;
            break;
        case 't':
            bench->therapists = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'a':
            read_asks(bench, optarg);
            break;
        case 'r':
            bench->rounds = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 's':
            bench->seed = strtoull(optarg, NULL, 10);
            break;
        case 'k':
            bench->core = atoi(optarg);
            break;
        case 'l':
            bench->seconds = strtod(optarg, NULL);
            break;
        case 'd':
            bench->place = optarg;
            break;
        default:
            bench_stop("see the head of main.c");
        }
    }
    if (places == NULL || bench->therapists == 0 || bench->rounds == 0)
        bench_stop("--places is needed, and one therapist and one round at least");
    country_init(&bench->country, places, cities);
}

static const struct {
    const char *name;
    void (*measure)(struct bench *bench);
} engines[] = {
    {"scan", scan_measure},
#ifdef BENCH_TOUCH
    {"touch", touch_measure},
#else
    {"fascia", fascia_measure},
    {"sqlite", sqlite_measure},
    {"sqlite-first", sqlite_first_measure},
#endif
#ifdef BENCH_POSTGRES
    {"postgres", postgres_measure},
    {"postgres-first", postgres_first_measure},
#endif
};

static void measure(struct bench *bench, const char *name)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (strcmp(engines[i].name, name) == 0) {
            engines[i].measure(bench);
            return;
        }
    }
    bench_stop("engine %s is not built into this program", name);
}

int main(int count, char **arguments)
{
    struct bench bench = {.seed = 1,
                          .therapists = 100000,
                          .asks = {2000, 500, 100, 20},
                          .rounds = 5,
                          .seconds = 6,
                          .core = -1,
                          .out = stdout};

    if (count < 2)
        bench_stop("which engine?");
    read_options(&bench, count - 1, arguments + 1);
    answers_pin(0, bench.core);
    measure(&bench, arguments[1]);
    country_finish(&bench.country);
    return ferror(stdout) || fflush(stdout) != 0;
}
