/* Each delivery ends exactly once, whatever the host can say. */
#include "check/rig.h"
#include "check/says.h"
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_MOST 32 /* deliveries at a time */

static const struct {
    Fascia__Result__Verdict verdict;
    const char *name;
} verdicts[] = {
    {FASCIA__RESULT__VERDICT__OK, "OK"},
    {FASCIA__RESULT__VERDICT__DUPLICATE, "DUPLICATE"},
    {FASCIA__RESULT__VERDICT__REFUSED, "REFUSED"},
    {FASCIA__RESULT__VERDICT__NOT_FOUND, "NOT_FOUND"},
    {FASCIA__RESULT__VERDICT__CONFLICT, "CONFLICT"},
    {FASCIA__RESULT__VERDICT__BUSY, "BUSY"},
    {FASCIA__RESULT__VERDICT__FAILED, "FAILED"},
    /* Verdicts are only added: a newer host may know one that this plugin does not. */
    {(Fascia__Result__Verdict)99, "99, which is of a newer host"},
};
#define VERDICTS (sizeof verdicts / sizeof verdicts[0])

void check_verdict_each(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < VERDICTS * all.count; i++) {
        const struct check_delivery *delivery = &all.items[i / VERDICTS];
        struct rig_token *token = NULL;
        check_doing(bench, "deliver %s, and give the verdict %s", check_delivery_name(delivery).text,
                    verdicts[i % VERDICTS].name);
        token = rig_deliver(&rig, delivery);
        (void)rig_answer_all(&rig, token, verdicts[i % VERDICTS].verdict);
        rig_forget(&rig, token);
    }
    rig_end(&rig, &all);
}

/* ---- refused and taken ----------------------------------------------------------------------------------------------------- */

static bool is_same_ending(const Fascia__Completion *left, const Fascia__Completion *right)
{
    return left->failed == right->failed && left->later == right->later && left->close == right->close &&
           left->reply.len == right->reply.len &&
           (left->reply.len == 0 || memcmp(left->reply.data, right->reply.data, left->reply.len) == 0);
}

/* A fresh instance each time: counters and chance begin where they began for the other. */
static bool end_with(struct rig *rig, struct check_bench *bench, const struct check_delivery *delivery, size_t verdict,
                     struct rig_token **token)
{
    if (!rig_open(rig, bench))
        return false;
    check_doing(bench, "deliver %s, and give the verdict %s", check_delivery_name(delivery).text,
                verdicts[verdict].name);
    *token = rig_deliver(rig, delivery);
    return rig_answer_all(rig, *token, verdicts[verdict].verdict) && rig_completion(*token) != NULL &&
           (*token)->count > 0;
}

static void compare_with_taken(struct check_bench *bench, const struct check_delivery *delivery,
                               const struct rig_token *taken)
{
    static const size_t not_kept[] = {2, 5, 6}; /* REFUSED, BUSY, FAILED */

    for (size_t i = 0; i < sizeof not_kept / sizeof not_kept[0]; i++) {
        struct rig rig;
        struct rig_token *token = NULL;
        bool ended = end_with(&rig, bench, delivery, not_kept[i], &token);
        if (ended && rig_completion(taken)->reply.len > 0 &&
            is_same_ending(rig_completion(taken), rig_completion(token)))
            check_find(bench, SAYS_TELLS, "the reply of %zu bytes is the same as for OK",
                       rig_completion(token)->reply.len);
        if (token != NULL)
            rig_close(&rig);
    }
}

void check_verdict_refused(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t i = 0; i < all.count; i++) {
        struct rig first;
        struct rig_token *taken = NULL;
        if (end_with(&first, bench, &all.items[i], 0, &taken))
            compare_with_taken(bench, &all.items[i], taken);
        if (taken != NULL)
            rig_close(&first);
    }
    rig_end(&rig, &all);
}

/* ---- busy ------------------------------------------------------------------------------------------------------------------- */

void check_verdict_busy(struct check_bench *bench)
{
    static const struct {
        enum rig_submit submit;
        const char *what;
    } ways[] = {{SUBMIT_BUSY, "always answers FASCIA_E_BUSY"},
                {SUBMIT_BUSY_FIRST, "answers FASCIA_E_BUSY the first time"},
                {SUBMIT_BUSY_OTHER, "answers FASCIA_E_BUSY every other time"},
                {SUBMIT_LIMIT, "always answers FASCIA_E_LIMIT"},
                {SUBMIT_INTERNAL, "always answers FASCIA_E_INTERNAL"}};
    struct rig rig;
    struct check_deliveries all;

    if (!rig_begin(&rig, bench, &all))
        return;
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++)
        for (size_t i = 0; i < all.count; i++) {
            struct rig_token *token = NULL;
            check_doing(bench, "deliver %s while submit() %s", check_delivery_name(&all.items[i]).text, ways[way].what);
            rig.submit = ways[way].submit;
            token = rig_deliver(&rig, &all.items[i]);
            (void)rig_answer_all(&rig, token, FASCIA__RESULT__VERDICT__OK);
            rig_forget(&rig, token);
        }
    rig_end(&rig, &all);
}

/* ---- order ------------------------------------------------------------------------------------------------------------------ */

/* Lines of a file's reply may stand in the order of the results: only which bytes there are is compared. */
static uint64_t bytes_of(const struct rig_token *token)
{
    const Fascia__Completion *completion = rig_completion(token);
    uint64_t sum = completion == NULL ? 0 : completion->reply.len;

    for (size_t i = 0; completion != NULL && i < completion->reply.len; i++) {
        uint64_t state = completion->reply.data[i];
        sum += check_random(&state);
    }
    return sum;
}

/* Alone in an instance, the first there or a later one. */
static uint64_t sum_of(struct check_bench *bench, const struct check_delivery *delivery, size_t before)
{
    struct rig rig;
    struct rig_token *token = NULL;
    uint64_t sum = 0;

    if (!rig_open(&rig, bench))
        return 0;
    rig.chance += before;
    rig.lenient = true;
    for (size_t i = 0; i <= before; i++) {
        token = rig_deliver(&rig, delivery);
        (void)rig_answer_all(&rig, token, FASCIA__RESULT__VERDICT__OK);
    }
    sum = bytes_of(token);
    rig_close(&rig);
    return sum;
}

/* 0 when the answer is another each time (it counts, or is made by chance), and can't be compared. */
static uint64_t alone(struct check_bench *bench, const struct check_delivery *delivery)
{
    uint64_t sum = sum_of(bench, delivery, 0);

    return sum == sum_of(bench, delivery, 3) ? sum : 0;
}

/* Answers one submission of one of the open ones, chosen by chance. False when nothing waits. */
static bool answer_one(struct rig *rig, struct rig_token **open, size_t count, uint64_t *chance)
{
    size_t from = check_below(chance, count);

    for (size_t i = 0; i < count; i++) {
        struct rig_token *token = open[(from + i) % count];
        size_t first = rig_unanswered(token), wanted = 0;
        struct rig_result result;
        if (token->state != RIG_OPEN || first == SIZE_MAX)
            continue;
        wanted = first + check_below(chance, token->count - first);
        wanted = token->submissions[wanted].answered ? first : wanted;
        rig_result_fill(&result, FASCIA__RESULT__VERDICT__OK, token->submissions[wanted].message);
        rig_result(rig, token, wanted, &result.result);
        return true;
    }
    return false;
}

static void try_order(struct rig *rig, const struct check_delivery *deliveries, const uint64_t *sums, size_t count,
                      uint64_t *chance)
{
    struct rig_token *open[OPEN_MOST];

    check_doing(rig->bench, "deliver %zu at a time, from %s on, and give their results in another order", count,
                check_delivery_name(deliveries).text);
    for (size_t i = 0; i < count; i++)
        open[i] = rig_deliver(rig, &deliveries[i]);
    while (answer_one(rig, open, count, chance))
        ;
    for (size_t i = 0; i < count; i++) {
        bool ended = rig_answer_all(rig, open[i], FASCIA__RESULT__VERDICT__OK);
        if (ended && sums[i] != 0 && bytes_of(open[i]) != sums[i])
            check_find(rig->bench, SAYS_OTHERS, "%s is answered otherwise than when it is alone",
                       check_delivery_name(&deliveries[i]).text);
        rig_forget(rig, open[i]);
    }
}

void check_verdict_order(struct check_bench *bench)
{
    struct rig rig;
    struct check_deliveries all;
    uint64_t chance = check_seed(bench->seed, "order", 0), *sums = NULL;

    if (!rig_begin(&rig, bench, &all))
        return;
    sums = memory_allocate(all.count, sizeof *sums);
    check_doing(bench, "deliver each alone");
    for (size_t i = 0; i < all.count; i++)
        sums[i] = alone(bench, &all.items[i]);
    for (size_t round = 0; round < 8; round++)
        for (size_t i = 0; i < all.count; i += OPEN_MOST)
            try_order(&rig, &all.items[i], &sums[i], all.count - i < OPEN_MOST ? all.count - i : OPEN_MOST, &chance);
    free(sums);
    rig_end(&rig, &all);
}
