/*
 * What a delivery costs: in process and isolated, one at a time and many under way, beside what can't be undercut: the bare call, and bytes of the
 * same size sent to another process and back. Each is measured in turn, several times over; the median of the rounds counts.
 */
#include "core/memory.h"
#include "node/isolation.h"
#include "plugin/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAYLOAD      1024
#define REPLY        64
#define ROUNDS       7
#define PIPELINED    64
#define CALLS        2000000
#define DELIVERIES   400000
#define ROUND_TRIPS  20000
#define ISOLATED     20000
#define ISOLATED_FAR 100000

static uint8_t payload[PAYLOAD];
static int ledger; /* whose address is the context */

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the node's part ------------------------------------------------------------------------------------------------------ */

static struct {
    struct io_loop *loop;
    struct plugin_instance *instance;
    uint64_t ended, failed, wanted, begun;
} run;

static void begin_one(void)
{
    Fascia__Delivery delivery = FASCIA__DELIVERY__INIT;

    delivery.payload.data = payload;
    delivery.payload.len = sizeof payload;
    delivery.peer = (char *)"127.0.0.1:2575";
    run.begun++;
    if (plugin_deliver(run.instance, &delivery, NULL) == 0)
        run.failed++;
}

static enum fascia_status owner_submit(void *context, uint64_t delivery, void *user, Fascia__Submission *submission)
{
    (void)context;
    (void)delivery;
    (void)user;
    (void)submission;
    return FASCIA_E_INTERNAL;
}

static void owner_ended(void *context, uint64_t delivery, enum plugin_call call, void *user,
                        const ProtobufCMessage *ending)
{
    (void)context;
    (void)delivery;
    (void)call;
    (void)user;
    run.ended++;
    run.failed += ending == NULL;
    if (run.loop == NULL)
        return;
    if (run.begun < run.wanted)
        begin_one();
    else if (run.ended == run.wanted)
        io_stop(run.loop);
}

static void owner_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    (void)context;
    (void)level;
    fprintf(stderr, "plugin_bench: %s %lld\n", event, (long long)number);
}

static int64_t owner_now(void *context)
{
    (void)context;
    return io_now();
}

static void owner_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    memset(bytes, 4, size);
}

static const struct plugin_owner owner = {&ledger, owner_submit, owner_ended, owner_log, owner_now, owner_random};

static void die(const char *what)
{
    fprintf(stderr, "plugin_bench: %s\n", what);
    exit(1);
}

/* ---- each way, in seconds for one ----------------------------------------------------------------------------------------- */

static enum fascia_status bare_complete(void *context, uint64_t delivery, struct fascia_bytes ending)
{
    *(int *)context += (int)delivery + (int)ending.size;
    return FASCIA_OK;
}

static double bare_call(const struct fascia_plugin *plugin)
{
    const struct fascia_host host = {
        .size = sizeof host, .context = &ledger, .complete = bare_complete, .abi_major = FASCIA_ABI_MAJOR};
    const struct fascia_bytes message = {payload, sizeof payload};
    void *instance = NULL;
    double start = 0;

    if (plugin->open(&host, (struct fascia_bytes){NULL, 0}, &instance, NULL, 0) != FASCIA_OK)
        die("open refused");
    start = seconds();
    for (uint64_t i = 0; i < CALLS; i++)
        plugin->deliver(instance, i, message);
    return (seconds() - start) / CALLS;
}

static double in_process(const struct plugin *plugin)
{
    struct plugin_limits limits = {.in_flight = 4096};
    Fascia__Options options = FASCIA__OPTIONS__INIT;
    struct fault fault = {{0}};
    double start = 0;

    memset(&run, 0, sizeof run);
    if (plugin_open(plugin, "bench", &options, &owner, &limits, &run.instance, &fault) != PLUGIN_OK)
        die(fault.text);
    start = seconds();
    for (uint64_t i = 0; i < DELIVERIES; i++)
        begin_one();
    start = (seconds() - start) / DELIVERIES;
    plugin_close(run.instance);
    if (run.ended != DELIVERIES || run.failed != 0)
        die("a delivery was lost in process");
    return start;
}

static bool whole(int socket, uint8_t *bytes, size_t size)
{
    for (size_t got = 0; got < size;) {
        ssize_t count = read(socket, bytes + got, size - got);

        if (count <= 0)
            return false;
        got += (size_t)count;
    }
    return true;
}

/* Answers as many as have come, with one write. */
static void answer_all(int socket)
{
    static uint8_t buffer[PIPELINED * PAYLOAD];
    size_t waiting = 0;

    for (;;) {
        ssize_t count = read(socket, buffer, sizeof buffer);
        size_t replies = 0;

        if (count <= 0)
            _exit(0);
        waiting += (size_t)count;
        replies = waiting / PAYLOAD * REPLY;
        waiting %= PAYLOAD;
        if (replies > 0 && write(socket, buffer, replies) != (ssize_t)replies)
            _exit(0);
    }
}

/* Bytes of a delivery's size to another process, and a reply's back: blocking, with nothing around them. */
static double raw_socket(unsigned window)
{
    static uint8_t buffer[PIPELINED * PAYLOAD];
    const unsigned turns = ROUND_TRIPS / window * window;
    double start = 0;
    int ends[2];
    pid_t child = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || (child = fork()) < 0)
        die("no child");
    if (child == 0) {
        close(ends[0]);
        answer_all(ends[1]);
    }
    close(ends[1]);
    start = seconds();
    for (unsigned i = 0; i < turns; i += window)
        if (write(ends[0], buffer, (size_t)window * PAYLOAD) != (ssize_t)window * PAYLOAD ||
            !whole(ends[0], buffer, (size_t)window * REPLY))
            die("the other process is gone");
    start = (seconds() - start) / turns;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return start;
}

static Fascia__Options *was_described(void *context, const struct fascia_plugin *described, struct fault *fault)
{
    Fascia__Options *options = memory_allocate(1, sizeof *options);

    (void)context;
    (void)described;
    (void)fault;
    fascia__options__init(options);
    return options;
}

static void it_works(void *context, bool works)
{
    (void)context;
    if (!works)
        die("the isolated plugin does not run");
}

static void has_room(void *context)
{
    (void)context;
}

struct isolated {
    struct isolation *isolation;
    struct io_timer *timer;
    unsigned window;
    double start;
};

static void begin_when_it_runs(void *context)
{
    struct isolated *isolated = context;

    if (isolated->isolation->state != ISOLATION_RUNNING) {
        io_timer_set(isolated->timer, 5);
        return;
    }
    isolated->start = seconds();
    for (unsigned i = 0; i < isolated->window; i++)
        begin_one();
}

/* A process of its own for each measurement. */
static double isolated_run(struct plugin_registry *registry, char **words, uint64_t count, unsigned window)
{
    const struct isolation_settings settings = {.name = "bench",
                                                .path = words[2],
                                                .interpreter = "",
                                                .reads = "",
                                                .memory = UINT64_C(256) << 20,
                                                .call_timeout_ms = 10000};
    const struct isolation_owner keeper = {&ledger, was_described, it_works, has_room};
    struct plugin_limits limits = {.in_flight = 4096, .deadline_ms = 60000};
    struct isolated isolated = {.window = window};
    struct plugin_process process;
    struct fault fault = {{0}};
    struct spawner *spawner = spawner_create(words[1], "nobody", &fault);

    memset(&run, 0, sizeof run);
    run.wanted = count;
    run.loop = spawner == NULL ? NULL : io_loop_create(&fault);
    if (run.loop == NULL)
        die(fault.text);
    spawner_attach(spawner, run.loop);
    isolated.isolation = isolation_create(run.loop, spawner, &settings, &keeper);
    process = isolation_process(isolated.isolation);
    run.instance = plugin_isolated_create(registry, "bench", &owner, &limits, &process);
    isolation_start(isolated.isolation, run.instance);
    isolated.timer = io_timer_create(run.loop, begin_when_it_runs, &isolated);
    io_timer_set(isolated.timer, 5);
    io_loop_run(run.loop);
    isolated.start = (seconds() - isolated.start) / (double)count;
    if (run.ended != count || run.failed != 0)
        die("a delivery to the isolated plugin was lost");
    io_timer_destroy(isolated.timer);
    isolation_close(isolated.isolation);
    plugin_close(run.instance);
    spawner_destroy(spawner);
    io_loop_destroy(run.loop);
    isolation_destroy(isolated.isolation);
    return isolated.start;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

enum way { BARE, IN_PROCESS, RAW, RAW_FAR, ISOLATED_CALL, ISOLATED_PIPELINED, WAYS };

static int by_value(const void *left, const void *right)
{
    const double *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

static void print(double values[WAYS][ROUNDS])
{
    static const struct {
        const char *name;
        enum way beside;
    } ways[WAYS] = {
        [BARE] = {"bare call", BARE},
        [IN_PROCESS] = {"a delivery in process", BARE},
        [RAW] = {"bytes over a socketpair and back", RAW},
        [RAW_FAR] = {"the same, 64 under way", RAW_FAR},
        [ISOLATED_CALL] = {"a delivery isolated", RAW},
        [ISOLATED_PIPELINED] = {"the same, 64 under way", RAW_FAR},
    };
    double medians[WAYS];

    for (int i = 0; i < WAYS; i++)
        medians[i] = median(values[i]);
    printf("| %-34s | %10s | %12s | %15s | %15s |\n", "a delivery of 1 KiB", "ns each", "a second", "times its limit",
           "times in process");
    printf("|%.*s|-----------:|-------------:|----------------:|-----------------:|\n", 36,
           "------------------------------------");
    for (int i = 0; i < WAYS; i++)
        printf("| %-34s | %10.0f | %12.0f | %15.2f | %16.2f |\n", ways[i].name, medians[i] * 1e9, 1 / medians[i],
               medians[i] / medians[ways[i].beside], medians[i] / medians[IN_PROCESS]);
}

int main(int count, char **words)
{
    struct plugin_registry *registry = plugin_registry_create();
    const struct plugin *plugin = NULL;
    static double values[WAYS][ROUNDS];
    struct fault fault = {{0}};

    if (count != 3) {
        fprintf(stderr, "usage: plugin_bench RUNNER PLUGIN (absolute paths)\n");
        return 2;
    }
    memset(payload, 'x', sizeof payload);
    if (plugin_load(registry, words[2], &plugin, &fault) != PLUGIN_OK)
        die(fault.text);
    for (int round = 0; round < ROUNDS; round++) {
        values[BARE][round] = bare_call(plugin_describe(plugin));
        values[IN_PROCESS][round] = in_process(plugin);
        values[RAW][round] = raw_socket(1);
        values[RAW_FAR][round] = raw_socket(PIPELINED);
        values[ISOLATED_CALL][round] = isolated_run(registry, words, ISOLATED, 1);
        values[ISOLATED_PIPELINED][round] = isolated_run(registry, words, ISOLATED_FAR, PIPELINED);
    }
    plugin_registry_destroy(registry);
    print(values);
    return 0;
}
