#include "check/bench.h"

#include "check/says.h"
#include "config/config.h"

#include <stdarg.h>
#include <string.h>

/* There only when the process, or what it was started with, has such a sanitizer. */
extern void __asan_init(void) __attribute__((weak)); /* NOLINT(bugprone-reserved-identifier) */
extern void __tsan_init(void) __attribute__((weak)); /* NOLINT(bugprone-reserved-identifier) */

bool check_has_sanitizer(void)
{
    return __asan_init != NULL || __tsan_init != NULL;
}

void check_doing(struct check_bench *bench, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(bench->sheet->doing, sizeof bench->sheet->doing, format, arguments);
    va_end(arguments);
}

/* The row for a sentence: a new one, or the one that stands there; NULL when it is only counted. */
static struct check_finding *row_for(struct check_sheet *sheet, const char *says)
{
    for (uint32_t i = 0; i < sheet->count; i++)
        if (strcmp(sheet->findings[i].says, says) == 0) {
            sheet->findings[i].times++;
            return NULL;
        }
    return sheet->count == SHEET_FINDINGS_MOST ? NULL : &sheet->findings[sheet->count++];
}

void check_find(struct check_bench *bench, const char *says, const char *format, ...)
{
    struct check_finding *finding = row_for(bench->sheet, says);
    va_list arguments;

    if (finding == NULL)
        return;
    finding->times = 1;
    snprintf(finding->says, sizeof finding->says, "%s", says);
    snprintf(finding->did, sizeof finding->did, "%s", bench->sheet->doing);
    va_start(arguments, format);
    vsnprintf(finding->came, sizeof finding->came, format, arguments);
    va_end(arguments);
}

void check_skip(struct check_bench *bench, const char *why)
{
    snprintf(bench->sheet->skipped, sizeof bench->sheet->skipped, "%s", why);
}

bool check_has_transport(const struct check_bench *bench, enum fascia_transport transport)
{
    return (bench->described->transports & (uint32_t)transport) != 0;
}

/* ---- chance (splitmix64) ---------------------------------------------------------------------------------------------- */

uint64_t check_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

size_t check_below(uint64_t *state, size_t bound)
{
    return bound == 0 ? 0 : (size_t)(check_random(state) % bound);
}

uint64_t check_seed(uint64_t seed, const char *what, uint64_t number)
{
    uint64_t state = seed ^ (number << 20);

    for (; *what != '\0'; what++)
        state = (state ^ (uint8_t)*what) * UINT64_C(1099511628211);
    return check_random(&state);
}

/* ---- loading ------------------------------------------------------------------------------------------------------------ */

static bool read_options(struct check_bench *bench)
{
    const struct check_samples *samples = bench->samples;
    const struct config_node empty = {.kind = CONFIG_MAP, .place = {.file = "no check.yaml"}};
    const struct config_source source = {
        .name = (char *)(uintptr_t) "check",
        .options = (void *)(uintptr_t)(samples->root != NULL ? samples->root : &empty),
    };
    struct config_errors errors = {0};

    bench->options = config_options(NULL, &source, bench->described->options, bench->described->option_count, &errors);
    if (bench->options == NULL)
        check_find(bench, SAYS_LOAD, "the options do not fit the plugin's own table: %s",
                   errors.count > 0 ? errors.items[0].text : "no reason is known");
    config_errors_finish(&errors);
    return bench->options != NULL;
}

bool check_bench_load(struct check_bench *bench)
{
    struct fault fault = {{0}};
    enum plugin_error error = PLUGIN_OK;

    check_doing(bench, "load %.600s as a node would", bench->settings->plugin);
    snprintf(bench->sheet->call, sizeof bench->sheet->call, "fascia_plugin");
    bench->registry = plugin_registry_create();
    /* Its constructors run here, and fascia_plugin(). */
    bench->sheet->calls++;
    error = plugin_load(bench->registry, bench->settings->plugin, &bench->plugin, &fault);
    bench->sheet->calls++;
    if (error != PLUGIN_OK) {
        check_find(bench, SAYS_LOAD, "%s", fault.text);
        return false;
    }
    bench->described = plugin_describe(bench->plugin);
    if (bench->described->kind != FASCIA_KIND_SOURCE) {
        check_find(bench, SAYS_LOAD, "it is a notifier or a policy; this kit tries sources, which are fed");
        return false;
    }
    check_doing(bench, "read the options against the plugin's table");
    return read_options(bench);
}
