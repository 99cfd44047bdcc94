/*
 * One check at work in its child: what it was told, the plugin it loaded, and where it writes what it finds.
 */
#ifndef FASCIA_CHECK_BENCH_H
#define FASCIA_CHECK_BENCH_H

#include "check/samples.h"
#include "check/sheet.h"
#include "plugin/plugin.h"

struct check_bench {
    const struct check_settings *settings;
    const struct check_samples *samples;
    struct check_sheet *sheet;
    uint64_t seed;
    struct plugin_registry *registry;
    const struct plugin *plugin;
    const struct fascia_plugin *described;
    Fascia__Options *options;
};

struct check_kind {
    const char *name;
    const char *help;
    void (*run)(struct check_bench *bench);
};
extern const struct check_kind check_kinds[];
extern const size_t check_kind_count;

/* Loads and reads the options. False, with a finding, when that can't be done. */
MUST_CHECK bool check_bench_load(struct check_bench *bench);

/* What is being done, for the finding that may come of it. */
void check_doing(struct check_bench *bench, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* says is one of the sentences of says.h; a second finding of the same is only counted. */
void check_find(struct check_bench *bench, const char *says, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void check_skip(struct check_bench *bench, const char *why);
/* What is no UTF-8, or was cut in a character, becomes '?'. */
void check_text_clean(char *text);
bool check_has_transport(const struct check_bench *bench, enum fascia_transport transport);

/* ---- chance, decided by the seed ---- */
uint64_t check_random(uint64_t *state);
size_t check_below(uint64_t *state, size_t bound); /* 0 when bound is 0 */
uint64_t check_seed(uint64_t seed, const char *what, uint64_t number);

/* ---- whether the process was built with, or runs under, something that looks after memory itself ---- */
bool check_has_sanitizer(void);

/* ---- the checks; each is a row of check_kinds ---- */
void check_load_describe(struct check_bench *bench);
void check_load_help(struct check_bench *bench);
void check_load_options(struct check_bench *bench);
void check_load_odd_options(struct check_bench *bench);
void check_framing_whole(struct check_bench *bench);
void check_framing_splits(struct check_bench *bench);
void check_framing_stream(struct check_bench *bench);
void check_framing_pure(struct check_bench *bench);
void check_framing_noise(struct check_bench *bench);
void check_framing_endless(struct check_bench *bench);
void check_delivery_samples(struct check_bench *bench);
void check_delivery_submissions(struct check_bench *bench);
void check_delivery_replies(struct check_bench *bench);
void check_delivery_too_large(struct check_bench *bench);
void check_verdict_each(struct check_bench *bench);
void check_verdict_refused(struct check_bench *bench);
void check_verdict_busy(struct check_bench *bench);
void check_verdict_order(struct check_bench *bench);
void check_resend_same(struct check_bench *bench);
void check_input_mutated(struct check_bench *bench);
void check_input_stream(struct check_bench *bench);
void check_status_states(struct check_bench *bench);
void check_status_again(struct check_bench *bench);
void check_status_answers(struct check_bench *bench);
void check_abandon_waiting(struct check_bench *bench);
void check_closing_open(struct check_bench *bench);
void check_closing_rounds(struct check_bench *bench);
void check_memory_rounds(struct check_bench *bench);
void check_privacy_log(struct check_bench *bench);
void check_privacy_others(struct check_bench *bench);
void check_node_room(struct check_bench *bench);

#endif
