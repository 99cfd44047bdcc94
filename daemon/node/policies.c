#include "node/policies.h"

#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

/* One policy's token of one ask. */
struct judging {
    struct ending ending;
    struct source *source;
    uint64_t ask;
};

/* judgement: its rulings are moved from it. NULL: there is none, and failed says why. */
static void answer(struct source *source, uint64_t ask, Fascia__Judgement *judgement, const char *failed)
{
    struct work *work = work_create(work_destroy, NULL);
    Fascia__Command *command = memory_allocate(1, sizeof *command);
    Fascia__Judged *judged = memory_allocate(1, sizeof *judged);

    fascia__command__init(command);
    fascia__judged__init(judged);
    message_set(&command->actor, "policies");
    command->body_case = FASCIA__COMMAND__BODY_JUDGED;
    command->judged = judged;
    judged->ask = ask;
    message_set(&judged->policy, source->config->name);
    message_set(&judged->failed, failed);
    if (judgement != NULL) {
        judged->rulings = judgement->rulings;
        judged->n_rulings = judgement->n_rulings;
        judgement->rulings = NULL;
        judgement->n_rulings = 0;
    }
    work->command = command;
    if (!work_push(source->stages, work))
        work_destroy(work); /* then its time passes */
}

static void judged(struct ending *ending, const ProtobufCMessage *message)
{
    struct judging *judging = (struct judging *)ending;
    Fascia__Judgement *copy = message != NULL ? message_copy(message) : NULL;

    answer(judging->source, judging->ask, copy, copy == NULL ? "it failed" : "");
    if (copy != NULL)
        fascia__judgement__free_unpacked(copy, NULL);
    free(judging);
}

static bool is_policy(const struct source *source)
{
    return (source->config->grants & CONFIG_GRANTS_OF_POLICY) != 0;
}

void policies_ask(struct source *const *sources, size_t count, uint64_t ask, const Fascia__Question *question)
{
    for (size_t i = 0; i < count; i++) {
        struct source *source = sources[i];
        struct judging *judging;

        if (!is_policy(source) || source->instance == NULL)
            continue;
        judging = memory_allocate(1, sizeof *judging);
        *judging = (struct judging){.ending.ended = judged, .source = source, .ask = ask};
        if (plugin_judge(source->instance, question, &judging->ending) != 0) {
            source_touch_expiry(source);
            continue;
        }
        free(judging);
        answer(source, ask, NULL, "it was busy");
    }
}
