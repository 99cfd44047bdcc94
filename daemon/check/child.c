#include "check/child.h"

#include "check/lent.h"
#include "check/says.h"
#include "core/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSOR_SECONDS 1800 /* of one whole check; its calls have their own bound */
#define OUTPUT_MOST       ((rlim_t)64 << 20)
#define WALL_PER_PATIENCE 12 /* a call that does not run waits for something; it may also wait for its processor */
#define SANITIZER_TAKES   4  /* times the memory, for what it remembers of it */
#define LEAKED            88 /* the exit status of a child whose plugin leaked, or that valgrind is not content with */

/* Given by a sanitizer that was linked or preloaded. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak)); /* NOLINT(bugprone-reserved-identifier) */

struct check_sheet *check_sheet_create(void)
{
    void *pages = mmap(NULL, sizeof(struct check_sheet), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

void check_sheet_destroy(struct check_sheet *sheet)
{
    if (sheet != NULL)
        munmap(sheet, sizeof *sheet);
}

/* ---- in the child --------------------------------------------------------------------------------------------------------- */

static struct check_sheet *dying; /* for the handler */

static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (number == SIGSEGV && lent_is_watched(info->si_addr))
        return;
    dying->signal = number;
    dying->touched_lent = (number == SIGSEGV || number == SIGBUS) && lent_is_gone(info->si_addr);
    (void)signal(number, SIG_DFL);
    raise(number);
}

static void watch_crashes(struct check_sheet *sheet)
{
    static uint8_t stack[65536]; /* the plugin may have used up its own */
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    dying = sheet;
    if (check_has_sanitizer())
        return; /* it has its own handlers, which say more */
    action.sa_sigaction = on_crash;
    INVARIANT(sigaltstack(&alternate, NULL) == 0);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        INVARIANT(sigaction(signals[i], &action, NULL) == 0);
}

static void limit(__rlimit_resource_t resource, rlim_t most)
{
    const struct rlimit bound = {.rlim_cur = most, .rlim_max = most};

    INVARIANT(setrlimit(resource, &bound) == 0);
}

static void settle(const struct check_settings *settings, int output)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    INVARIANT(setpgid(0, 0) == 0);
    INVARIANT(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
    INVARIANT(dup2(output, 1) == 1 && dup2(output, 2) == 2 && nothing >= 0 && dup2(nothing, 0) == 0);
    close(nothing);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, PROCESSOR_SECONDS);
    limit(RLIMIT_FSIZE, OUTPUT_MOST);
    if (settings->memory > 0 && !check_has_sanitizer() && !settings->under_valgrind)
        limit(RLIMIT_AS, settings->memory);
}

_Noreturn static void be_child(const struct check_kind *kind, struct check_bench *bench, int output)
{
    settle(bench->settings, output);
    watch_crashes(bench->sheet);
    if (check_bench_load(bench)) {
        kind->run(bench);
        fascia__options__free_unpacked(bench->options, NULL);
        lent_finish();
        plugin_registry_destroy(bench->registry);
        *bench = (struct check_bench){.sheet = bench->sheet};
    }
    bench->sheet->finished = true;
    if (__lsan_do_recoverable_leak_check != NULL && __lsan_do_recoverable_leak_check() != 0)
        _exit(LEAKED);
    _exit(0);
}

/* ---- in the parent: watching -------------------------------------------------------------------------------------------- */

static int64_t milliseconds(clockid_t clock)
{
    struct timespec time = {0};

    return clock_gettime(clock, &time) == 0 ? (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000 : 0;
}

struct watch {
    pid_t child;
    clockid_t processor; /* of the child */
    uint64_t call;       /* the number of the call that was seen */
    int64_t ran, since;  /* when it was first seen */
};

/* 0, or which bound the running call is over. */
enum hang { HANG_NONE, HANG_RUNS, HANG_WAITS, HANG_EATS };

/* What it holds, in bytes; 0 when that can't be known. */
static size_t resident(pid_t child)
{
    char path[64];
    unsigned long all = 0, held = 0;
    FILE *file = NULL;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)child);
    file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%lu %lu", &all, &held) != 2) /* NOLINT(cert-err34-c): the kernel wrote it */
        held = 0;
    if (file != NULL)
        (void)fclose(file);
    return held * (size_t)sysconf(_SC_PAGESIZE);
}

static enum hang look_at_call(struct watch *watch, const struct check_sheet *sheet, int64_t patience)
{
    uint64_t call = sheet->calls;
    int64_t ran = milliseconds(watch->processor), now = milliseconds(CLOCK_MONOTONIC);

    if (call != watch->call || call % 2 == 0) {
        watch->call = call;
        watch->ran = ran;
        watch->since = now;
        return HANG_NONE;
    }
    if (ran - watch->ran > patience)
        return HANG_RUNS;
    return now - watch->since > patience * WALL_PER_PATIENCE ? HANG_WAITS : HANG_NONE;
}

/* Where the system's own limit can't be set the kit looks for itself. */
static enum hang look(struct watch *watch, const struct check_sheet *sheet, const struct check_settings *settings)
{
    size_t most = settings->memory * (check_has_sanitizer() || settings->under_valgrind ? SANITIZER_TAKES : 1);

    if (most > 0 && resident(watch->child) > most)
        return HANG_EATS;
    return look_at_call(watch, sheet, settings->patience_ms);
}

static int await(struct watch *watch, const struct check_sheet *sheet, const struct check_settings *settings,
                 enum hang *hang, struct rusage *used)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int status = 0;

    *hang = HANG_NONE;
    while (wait4(watch->child, &status, WNOHANG, used) == 0) {
        if (*hang == HANG_NONE && (*hang = look(watch, sheet, settings)) != HANG_NONE)
            kill(watch->child, SIGKILL);
        nanosleep(&pause, NULL);
    }
    kill(-watch->child, SIGKILL); /* what it may have started */
    return status;
}

/* ---- in the parent: telling --------------------------------------------------------------------------------------------- */

#define OUTPUT_READ 65536

/* Where a sanitizer or valgrind comes to the point; else the end. */
static const char *point_of(const char *text, size_t room)
{
    static const char *const points[] = {
        "Direct leak", "runtime error", "ERROR: ", "definitely lost", "Invalid read", "Invalid write"};
    size_t size = strlen(text);

    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (strstr(text, points[i]) != NULL)
            return strstr(text, points[i]);
    return size < room ? text : text + size - room + 1;
}

/* What of the child's output matters, as one line. */
static void read_output(int output, char *text, size_t room)
{
    static char all[OUTPUT_READ];
    ssize_t got = pread(output, all, sizeof all - 1, 0);

    all[got > 0 ? got : 0] = '\0';
    snprintf(text, room, "%.*s", (int)room - 1, point_of(all, room));
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
}

/* One that dies for want of memory does not say so itself. */
static void tell_memory(const struct check_settings *settings, const struct rusage *used, char *text, size_t room)
{
    size_t most = (size_t)used->ru_maxrss * 1024;

    if (settings->memory > 0 && most > settings->memory / 2 && text[0] == '\0')
        snprintf(text, room, "nothing, but it had taken %zu MiB of the %zu that it may have (--memory)", most >> 20,
                 settings->memory >> 20);
}

static void tell_death(struct check_bench *bench, int status, enum hang hang, const char *output)
{
    const struct check_sheet *sheet = bench->sheet;
    const char *where = sheet->call[0] != '\0' ? sheet->call : "fascia_plugin";
    const char *said = output[0] != '\0' ? "; it printed: " : "";

    if (hang == HANG_EATS)
        check_find(bench, SAYS_MEMORY, "%s() took more than the %zu MiB that it may have (--memory)", where,
                   bench->settings->memory >> 20);
    else if (hang != HANG_NONE)
        check_find(bench, SAYS_BLOCK, "%s() did not return: it %s", where,
                   hang == HANG_RUNS ? "ran longer than the kit's patience (--patience)" : "waits for something");
    else if (sheet->touched_lent)
        check_find(bench, SAYS_LENT, "%s() touched bytes that were lent for an earlier call, and crashed", where);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        check_find(bench, SAYS_SILENT, "%s() wrote without end", where);
    else if (WIFSIGNALED(status))
        check_find(bench, SAYS_CRASH, "%s() crashed: %s%s%.400s", where, strsignal(WTERMSIG(status)), said, output);
    else if (WEXITSTATUS(status) == LEAKED)
        check_find(bench, SAYS_MEMORY, "memory was left behind or misused%s%.500s", said, output);
    else
        check_find(bench, SAYS_CRASH, "%s() ended the process with status %d%s%.400s", where, WEXITSTATUS(status), said,
                   output);
}

static void end_text(char *text, size_t room)
{
    text[room - 1] = '\0';
    for (char *at = text; *at != '\0'; at++)
        if (((unsigned char)*at < ' ' && *at != '\n') || *at == 0x7f)
            *at = ' ';
    check_text_clean(text);
}

/* The plugin could have written anything over it. */
static void distrust(struct check_sheet *sheet)
{
    sheet->count = sheet->count > SHEET_FINDINGS_MOST ? SHEET_FINDINGS_MOST : sheet->count;
    for (uint32_t i = 0; i < sheet->count; i++) {
        end_text(sheet->findings[i].did, sizeof sheet->findings[i].did);
        end_text(sheet->findings[i].came, sizeof sheet->findings[i].came);
        end_text(sheet->findings[i].says, sizeof sheet->findings[i].says);
    }
    end_text(sheet->call, sizeof sheet->call);
    end_text(sheet->doing, sizeof sheet->doing);
    end_text(sheet->skipped, sizeof sheet->skipped);
    end_text(sheet->name, sizeof sheet->name);
    end_text(sheet->version, sizeof sheet->version);
    end_text(sheet->summary, sizeof sheet->summary);
    end_text(sheet->transports, sizeof sheet->transports);
    end_text(sheet->manual, sizeof sheet->manual);
}

void check_child_run(const struct check_kind *kind, const struct check_settings *settings,
                     const struct check_samples *samples, uint64_t seed, struct check_sheet *sheet)
{
    struct check_bench bench = {.settings = settings, .samples = samples, .sheet = sheet, .seed = seed};
    struct watch watch = {0};
    enum hang hang = HANG_NONE;
    struct rusage used = {0};
    char output[512] = "";
    int file = memfd_create("output", MFD_CLOEXEC), status = 0;

    memset(sheet, 0, sizeof *sheet);
    INVARIANT(file >= 0);
    watch.child = fork();
    INVARIANT(watch.child >= 0);
    if (watch.child == 0)
        be_child(kind, &bench, file);
    watch.since = milliseconds(CLOCK_MONOTONIC);
    if (clock_getcpuclockid(watch.child, &watch.processor) != 0)
        watch.processor = CLOCK_MONOTONIC;
    status = await(&watch, sheet, settings, &hang, &used);
    read_output(file, output, sizeof output);
    tell_memory(settings, &used, output, sizeof output);
    close(file);
    distrust(sheet);
    if (!sheet->finished || hang != HANG_NONE || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        tell_death(&bench, status, hang, output);
}
