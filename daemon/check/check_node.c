/* Everything once more through the daemon's own host, as a node would: nothing may be refused there. */
#include "check/rig.h"
#include "check/says.h"
#include "core/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MOST 4096

/* What the node owes: a result for each submission that it took. */
struct node {
    struct check_bench *bench;
    struct plugin_instance *instance;
    struct {
        uint64_t delivery;
        uint32_t item;
    } waiting[WAITING_MOST];
    size_t count;
    uint64_t ended, failed;
    int64_t now;
    uint64_t chance;
};

static enum fascia_status take(void *context, uint64_t delivery, void *user, Fascia__Submission *submission)
{
    struct node *node = context;

    (void)user;
    if (node->count == WAITING_MOST)
        return FASCIA_E_BUSY;
    node->waiting[node->count].delivery = delivery;
    node->waiting[node->count++].item = submission->item;
    return FASCIA_OK;
}

static void ended(void *context, uint64_t delivery, enum plugin_call call, void *user, const ProtobufCMessage *ending)
{
    struct node *node = context;

    (void)delivery;
    (void)call;
    (void)user;
    node->ended++;
    node->failed += ending == NULL;
}

static void take_log(void *context, enum fascia_log_level level, const char *event, int64_t number)
{
    (void)context;
    (void)level;
    (void)event;
    (void)number;
}

static int64_t tell_time(void *context)
{
    struct node *node = context;

    return node->now;
}

static void give_random(void *context, uint8_t *bytes, size_t size)
{
    struct node *node = context;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)check_random(&node->chance);
}

static void answer_waiting(struct node *node)
{
    Fascia__Result result = FASCIA__RESULT__INIT;

    result.referral = 41;
    result.state = FASCIA__STATE__STATE_MATCHING;
    while (node->count > 0) {
        node->count--;
        node->bench->sheet->calls++;
        plugin_result(node->instance, node->waiting[node->count].delivery, node->waiting[node->count].item, &result);
        node->bench->sheet->calls++;
    }
}

static void deliver(struct node *node, const struct check_delivery *delivery)
{
    Fascia__Delivery message = FASCIA__DELIVERY__INIT;

    message.payload = (ProtobufCBinaryData){delivery->payload.size, (uint8_t *)(uintptr_t)delivery->payload.data};
    message.received = node->now;
    message.connection = delivery->connection;
    message.peer = delivery->is_file ? "" : "192.0.2.7:51234";
    message.file_name = delivery->is_file ? delivery->sample->name : "";
    check_doing(node->bench, "deliver %s through the daemon's own host", check_delivery_name(delivery).text);
    node->bench->sheet->calls++;
    (void)plugin_deliver(node->instance, &message, NULL);
    node->bench->sheet->calls++;
    node->bench->sheet->cases++;
}

static void compare_counts(struct node *node)
{
    struct plugin_counts counts;

    plugin_counts(node->instance, &counts);
    check_doing(node->bench, "deliver %" PRIu64 " times through the daemon's own host, and count", counts.delivered);
    if (counts.refused_completions > 0 || counts.refused_submissions > 0)
        check_find(node->bench, SAYS_TOKEN,
                   "the daemon would refuse %" PRIu64 " completions and %" PRIu64 " submissions",
                   counts.refused_completions, counts.refused_submissions);
    if (counts.open > 0)
        check_find(node->bench, SAYS_ENDS, "%u deliveries would run into their deadline", counts.open);
}

/* With everything delivered and nothing answered it is drained: deadlines pass, then close(). */
static void drain(struct node *node, const struct check_deliveries *all)
{
    struct plugin_counts counts;
    uint64_t before = 0;

    plugin_counts(node->instance, &counts);
    before = counts.refused_completions;
    for (size_t i = 0; i < all->count; i++)
        deliver(node, &all->items[i]);
    node->now += 3600000;
    check_doing(node->bench, "let the deadlines of what is open pass, and close");
    node->bench->sheet->calls++;
    (void)plugin_expire(node->instance, node->now);
    node->bench->sheet->calls++;
    plugin_counts(node->instance, &counts);
    if (counts.refused_completions > before)
        check_find(node->bench, SAYS_ABANDON, "%" PRIu64 " completions came for what had been given up",
                   counts.refused_completions - before);
}

static void run(struct node *node, const struct check_deliveries *all)
{
    for (size_t i = 0; i < all->count; i++) {
        deliver(node, &all->items[i]);
        answer_waiting(node);
    }
    compare_counts(node);
    drain(node, all);
}

static void open_and_run(struct node *node, const struct check_deliveries *all)
{
    const struct plugin_owner owner = {
        .context = node, .submit = take, .ended = ended, .log = take_log, .now = tell_time, .random = give_random};
    struct check_bench *bench = node->bench;
    struct fault fault = {{0}};
    enum plugin_error error = PLUGIN_OK;

    snprintf(bench->sheet->call, sizeof bench->sheet->call, "open");
    bench->sheet->calls++;
    error = plugin_open(bench->plugin, "check", bench->options, &owner, NULL, &node->instance, &fault);
    bench->sheet->calls++;
    if (error != PLUGIN_OK) {
        check_find(bench, SAYS_OPEN, "%s", fault.text);
        return;
    }
    snprintf(bench->sheet->call, sizeof bench->sheet->call, "deliver");
    run(node, all);
    snprintf(bench->sheet->call, sizeof bench->sheet->call, "close");
    bench->sheet->calls++;
    plugin_close(node->instance);
    bench->sheet->calls++;
}

void check_node_room(struct check_bench *bench)
{
    struct node *node = NULL;
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    node = memory_allocate(1, sizeof *node);
    node->bench = bench;
    node->now = rig.now;
    node->chance = bench->seed;
    open_and_run(node, &all);
    free(node);
    rig_end(&rig, &all);
}
