#include "node/metrics.h"

#include "core/lifecycle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void metric(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    metric(out, name, type, help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void write_referrals(FILE *out, const struct engine_counts *engine)
{
    metric(out, "fascia_referrals_open", "gauge", "Open referrals by state.");
    for (uint32_t state = 1; state < sizeof engine->by_state / sizeof engine->by_state[0]; state++) {
        const struct lifecycle_words *words = lifecycle_words((Fascia__State)state);
        if (words->open)
            fprintf(out, "fascia_referrals_open{state=\"%s\"} %" PRIu64 "\n", words->name, engine->by_state[state]);
    }
    single(out, "fascia_therapists", "gauge", "Therapists in the directory.", engine->therapists);
    single(out, "fascia_offers_open", "gauge", "Offers that wait for a therapist's answer.", engine->offers_open);
    single(out, "fascia_matches_pending", "gauge", "Referrals that wait for their turn to be matched.",
           engine->pending_matches);
}

static void write_stages(FILE *out, struct stages *stages)
{
    struct stage_counts counts;

    stages_counts(stages, &counts);
    single(out, "fascia_commands_total", "counter", "Commands executed by the core.", counts.commands);
    single(out, "fascia_events_total", "counter", "Events made durable.", counts.events);
    single(out, "fascia_commits_total", "counter", "Transactions made durable.", counts.commits);
    single(out, "fascia_commit_failures_total", "counter", "Transactions that the disk refused.",
           counts.commit_failures);
    metric(out, "fascia_commit_seconds_total", "counter", "Time spent in committing.");
    fprintf(out, "fascia_commit_seconds_total %.6f\n", (double)counts.commit_microseconds / 1e6);
    metric(out, "fascia_queue_length", "gauge", "Items that wait before a stage.");
    fprintf(out, "fascia_queue_length{stage=\"core\"} %" PRIu64 "\n", counts.queue_core);
    fprintf(out, "fascia_queue_length{stage=\"store\"} %" PRIu64 "\n", counts.queue_store);
    fprintf(out, "fascia_queue_length{stage=\"read\"} %" PRIu64 "\n", counts.queue_read);
    single(out, "fascia_store_accepting", "gauge", "1 while the disk takes what it is given.", counts.accepting);
}

static void write_by_source(FILE *out, const struct metrics_input *input, const char *name, const char *type,
                            const char *help, uint64_t (*value)(const struct source *source))
{
    metric(out, name, type, help);
    for (size_t i = 0; i < input->source_count; i++)
        fprintf(out, "%s{source=\"%s\"} %" PRIu64 "\n", name, input->sources[i]->config->name,
                value(input->sources[i]));
}

static uint64_t frames_of(const struct source *source)
{
    return source->frames + source->files;
}

static uint64_t refused_of(const struct source *source)
{
    return source->refused;
}

static uint64_t busy_of(const struct source *source)
{
    return source->busy;
}

static uint64_t failed_of(const struct source *source)
{
    return source->failed_endings;
}

static uint64_t connections_of(const struct source *source)
{
    return source_connections(source);
}

static uint64_t limited_of(const struct source *source)
{
    return source->closed_by_limit;
}

static void write_sources(FILE *out, const struct metrics_input *input)
{
    write_by_source(out, input, "fascia_source_deliveries_total", "counter",
                    "Frames and files handed to a source's plugin.", frames_of);
    write_by_source(out, input, "fascia_source_refused_total", "counter", "Submissions refused for what they said.",
                    refused_of);
    write_by_source(out, input, "fascia_source_busy_total", "counter", "Submissions told to come back later.", busy_of);
    write_by_source(out, input, "fascia_source_failed_total", "counter", "Deliveries that the plugin did not end.",
                    failed_of);
    write_by_source(out, input, "fascia_source_connections", "gauge", "Open connections.", connections_of);
    write_by_source(out, input, "fascia_source_closed_by_limit_total", "counter", "Connections closed by a limit.",
                    limited_of);
}

static void write_outbox(FILE *out, const struct outbox *outbox)
{
    struct outbox_counts counts;

    outbox_counts(outbox, &counts);
    single(out, "fascia_outbox_delivered_total", "counter", "Statuses that their senders have acknowledged.",
           counts.delivered);
    single(out, "fascia_outbox_retried_total", "counter", "Attempts to deliver a status that failed.", counts.retried);
    single(out, "fascia_outbox_given_up_total", "counter", "Statuses given up.", counts.given_up);
    single(out, "fascia_outbox_in_hand", "gauge", "Statuses read from the store and not yet heard.", counts.waiting);
}

char *metrics_text(const struct metrics_input *input, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    INVARIANT(out != NULL);
    metric(out, "fascia_build_info", "gauge", "The running release.");
    fprintf(out, "fascia_build_info{version=\"%s\"} 1\n", FASCIA_VERSION);
    metric(out, "fascia_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
    fprintf(out, "fascia_start_time_seconds %.3f\n", (double)input->started / 1e3);
    single(out, "fascia_ready", "gauge", "1 while referrals are taken in.", input->ready);
    write_referrals(out, &input->engine);
    write_stages(out, input->stages);
    write_sources(out, input);
    write_outbox(out, input->outbox);
    fclose(out);
    return text;
}
