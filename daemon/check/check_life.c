/* What is given up, closed, and done again and again. */
#include "check/rig.h"
#include "check/says.h"
#include "core/memory.h"

#include <dirent.h>
#include <malloc.h>
#include <stdlib.h>

/* ---- abandon --------------------------------------------------------------------------------------------------------------- */

/* Given up with `results` of its submissions answered; what follows must go on as if nothing had been. */
static void abandon_one(struct rig *rig, const struct check_delivery *delivery, size_t results)
{
    struct rig_token *token = NULL;
    struct rig_result result;

    check_doing(rig->bench, "deliver %s, give %zu results, abandon it, and deliver it again",
                check_delivery_name(delivery).text, results);
    token = rig_deliver(rig, delivery);
    for (size_t i = 0; i < results && i < token->count; i++) {
        rig_result_fill(&result, FASCIA__RESULT__VERDICT__OK, token->submissions[i].message);
        rig_result(rig, token, i, &result.result);
    }
    if (token->state == RIG_OPEN) {
        rig->bench->sheet->cases++;
        rig_abandon(rig, token);
    }
    (void)rig_answer_all(rig, rig_deliver(rig, delivery), FASCIA__RESULT__VERDICT__DUPLICATE);
}

void check_abandon_waiting(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count; i++)
        for (size_t results = 0; results < 3; results++)
            abandon_one(&rig, &all.items[i], results);
    rig_end(&rig, &all);
}

/* ---- closing ----------------------------------------------------------------------------------------------------------------- */

void check_closing_open(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count; i++)
        (void)rig_deliver(&rig, &all.items[i]);
    bench->sheet->cases = rig.count;
    check_doing(bench, "abandon %zu deliveries and close the instance", rig.count);
    rig_close(&rig);
    if (rig_open(&rig, bench)) {
        check_doing(bench, "deliver %zu to a new instance", all.count);
        for (size_t i = 0; i < all.count; i++)
            (void)rig_answer_all(&rig, rig_deliver(&rig, &all.items[i]), FASCIA__RESULT__VERDICT__OK);
        rig_close(&rig);
    }
    check_deliveries_finish(&all);
}

static size_t count_entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t count = 0;

    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        (void)closedir(directory);
    return count;
}

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Growth that goes on from window to window is a leak; a cache fills, and stops. */
#define WINDOWS 4
#define ROUNDS  24

struct growth {
    size_t at[WINDOWS + 1];
};

static bool is_growing(const struct growth *growth)
{
    for (size_t i = 1; i < WINDOWS; i++)
        if (growth->at[i + 1] <= growth->at[i])
            return false;
    return growth->at[WINDOWS] - growth->at[1] >= (WINDOWS - 1) * ROUNDS * 8;
}

static void tell_growth(struct check_bench *bench, const struct growth *growth, const char *says)
{
    if (!check_has_sanitizer() && !bench->settings->under_valgrind && is_growing(growth))
        check_find(bench, says, "about %zu bytes more are taken each round, and never given back",
                   (growth->at[WINDOWS] - growth->at[1]) / ((WINDOWS - 1) * (size_t)ROUNDS));
}

static bool open_and_close(struct check_bench *bench, const struct check_deliveries *all)
{
    struct rig rig;

    if (!rig_open(&rig, bench))
        return false;
    for (size_t i = 0; i < all->count; i++) {
        struct rig_token *token = rig_deliver(&rig, &all->items[i]);
        if (i % 2 == 0)
            (void)rig_answer_all(&rig, token, FASCIA__RESULT__VERDICT__OK);
    }
    rig_close(&rig);
    bench->sheet->cases++;
    return true;
}

void check_closing_rounds(struct check_bench *bench)
{
    size_t files = 0, threads = 0;
    struct growth growth = {0};
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t window = 0; window <= WINDOWS; window++) {
        for (size_t round = 0; round < ROUNDS; round++) {
            check_doing(bench, "open an instance, deliver everything, and close it (round %zu)",
                        window * ROUNDS + round + 1);
            if (!open_and_close(bench, &all))
                return;
        }
        if (window == 0) {
            files = count_entries("/proc/self/fd");
            threads = count_entries("/proc/self/task");
        }
        growth.at[window] = allocated();
    }
    if (count_entries("/proc/self/fd") > files || count_entries("/proc/self/task") > threads)
        check_find(bench, SAYS_CLOSE, "there are %zu open files (%zu before) and %zu threads (%zu before)",
                   count_entries("/proc/self/fd") - 3, files - 3, count_entries("/proc/self/task") - 2, threads - 2);
    tell_growth(bench, &growth, SAYS_CLOSE);
    rig_end(&rig, &all);
}

/* ---- memory ----------------------------------------------------------------------------------------------------------------- */

static void work(struct rig *rig, const struct check_deliveries *all, size_t round)
{
    static const Fascia__Result__Verdict verdicts[] = {FASCIA__RESULT__VERDICT__OK, FASCIA__RESULT__VERDICT__REFUSED,
                                                       FASCIA__RESULT__VERDICT__FAILED};

    for (size_t i = 0; i < all->count; i++) {
        struct rig_token *token = NULL;
        rig->submit = (round + i) % 5 == 0 ? SUBMIT_BUSY : SUBMIT_TAKE;
        token = rig_deliver(rig, &all->items[i]);
        if ((round + i) % 7 != 0) /* some are abandoned */
            (void)rig_answer_all(rig, token, verdicts[(round + i) % 3]);
        rig_forget(rig, token);
    }
    rig->log_count = 0;
    rig->bench->sheet->cases++;
}

/* A window is as many rounds as it takes for each delivery to have gone each way, so that windows are alike. */
void check_memory_rounds(struct check_bench *bench)
{
    struct growth growth = {0};
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t window = 0; window <= WINDOWS; window++) {
        check_doing(bench, "deliver everything %d times, with all verdicts, and abandon some", 105);
        for (size_t round = 0; round < 105; round++)
            work(&rig, &all, round);
        growth.at[window] = allocated();
    }
    if (!check_has_sanitizer() && !bench->settings->under_valgrind && is_growing(&growth))
        check_find(bench, SAYS_MEMORY, "%zu bytes more are taken by %d rounds, and never given back",
                   (growth.at[WINDOWS] - growth.at[1]) / (WINDOWS - 1), 105);
    rig_end(&rig, &all);
}
