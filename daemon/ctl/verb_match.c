/* match explain, try, replay. */
#include "core/memory.h"
#include "ctl/call.h"
#include "ctl/explanation.h"
#include "ctl/question.h"
#include "ctl/show.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const struct zone *zone_of(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    const Fascia__Explanation *explanation = response->explanation;

    return ctl_call_zone(call, explanation != NULL && explanation->need != NULL ? explanation->need->time_zone : NULL);
}

static int show(struct ctl_call *call, const Fascia__ControlResponse *response, uint64_t event)
{
    const struct zone *zone = zone_of(call, response);

    if (zone == NULL)
        return CTL_USAGE;
    if (call->json)
        ctl_print_json(call, &response->base, NULL);
    else if (response->explanation != NULL)
        ctl_show_explanation(call, response, event, zone);
    return CTL_OK;
}

static int explain(struct ctl_call *call)
{
    Fascia__ControlResponse *response = NULL;
    uint64_t referral = 0;
    int code;

    if (!ctl_referral_id(call, call->words[0], &referral))
        return CTL_USAGE;
    code = ctl_ask_explanation(call, referral, (uint64_t)call->event, &response);
    if (code != CTL_OK)
        return code;
    code = show(call, response, (uint64_t)call->event);
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

/* ---- what if ---- */

/* A field is said as the option that it was asked for by. */
static void show_problems(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    for (size_t i = 0; i < response->n_problems; i++) {
        Fascia__Problem problem = *response->problems[i];
        const char *option = ctl_question_option(problem.field);

        if (option != NULL)
            problem.field = (char *)(uintptr_t)option;
        if (problem.location[0] != '\0')
            problem.field = (char *)(uintptr_t) "";
        ctl_show_problem(call->errors, &problem);
    }
}

static int try(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ControlResponse *response = NULL;
    uint64_t referral = 0;
    int code;

    if (call->zone != NULL && ctl_call_zone(call, NULL) == NULL)
        return CTL_USAGE;
    if (call->word_count > 0 && !ctl_referral_id(call, call->words[0], &referral))
        return CTL_USAGE;
    request.try_match = ctl_question_create(call, referral);
    if (request.try_match == NULL)
        return CTL_USAGE;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_TRY_MATCH;
    call->explain_error = show_problems;
    code = ctl_ask(call, &request, &response);
    if (code == CTL_OK && !call->json)
        fputs("what if? Nothing of this is kept.\n", call->out);
    if (code == CTL_OK) {
        show_problems(call, response);
        code = show(call, response, 0);
        fascia__control_response__free_unpacked(response, NULL);
    }
    fascia__try_match__free_unpacked(request.try_match, NULL);
    return code;
}

/* ---- once more ---- */

static void show_progress(void *context, const Fascia__ControlResponse *response)
{
    struct ctl_call *call = context;
    const Fascia__ReplayReport *report = response->replay;

    if (report == NULL || report->last_event == 0)
        return;
    call->progress_shown = true;
    fprintf(call->errors, "\r%3" PRIu64 "%% of %" PRIu64 " events", report->events * 100 / report->last_event,
            report->last_event);
    fflush(call->errors);
}

static void end_progress(struct ctl_call *call)
{
    if (call->progress_shown)
        fputs("\r\033[K", call->errors);
}

static const char *verdict_words(Fascia__Replay__Verdict verdict)
{
    switch (verdict) {
    case FASCIA__REPLAY__VERDICT__SAME:
        return "the same answer comes out";
    case FASCIA__REPLAY__VERDICT__DIFFERENT:
        return "ANOTHER ANSWER COMES OUT";
    default:
        return "inconclusive: another answer comes out, or none, but not all that it was made from can be told any "
               "more";
    }
}

static void show_differences(struct ctl_call *call, const Fascia__Replay *replay)
{
    struct ctl_table *table;

    if (replay->n_differences == 0)
        return;
    table = ctl_table_create("FIELD|AS STORED|AS IT COMES OUT");
    for (size_t i = 0; i < replay->n_differences; i++) {
        ctl_table_row(table);
        ctl_table_cell(table, "%s", replay->differences[i]->field);
        ctl_table_cell(table, "%s", replay->differences[i]->stored);
        ctl_table_cell(table, "%s", replay->differences[i]->replayed);
    }
    ctl_table_finish(table, call, "");
    if (replay->different > replay->n_differences)
        fprintf(call->out, "and %zu more\n", replay->different - replay->n_differences);
}

static void show_gaps(struct ctl_call *call, const Fascia__Replay *replay)
{
    for (size_t i = 0; i < replay->n_gaps; i++)
        ctl_show_field(call, i == 0 ? "what is not known" : "", "%s", replay->gaps[i]);
}

static void show_one(struct ctl_call *call, const Fascia__Replay *replay, const struct zone *zone)
{
    char when[40];

    fprintf(call->out, "R%" PRIu64 ", event %" PRIu64 " (%s): %s\n", replay->referral, replay->event,
            ctl_when(zone, replay->at, when), verdict_words(replay->verdict));
    show_gaps(call, replay);
    show_differences(call, replay);
}

static void show_many(struct ctl_call *call, const Fascia__ReplayReport *report, const struct zone *zone)
{
    struct ctl_table *table = ctl_table_create("ID|>EVENT|WHEN|VERDICT|>FIELDS|FIRST OF THEM|WHAT IS NOT KNOWN");

    fprintf(call->out,
            "%" PRIu64 " explanations of %" PRIu64 " events: %" PRIu64 " the same, %" PRIu64 " different, %" PRIu64
            " inconclusive\n",
            report->same + report->different + report->inconclusive, report->events, report->same, report->different,
            report->inconclusive);
    for (size_t i = 0; i < report->n_replays; i++) {
        const Fascia__Replay *replay = report->replays[i];

        ctl_table_row(table);
        ctl_table_cell(table, "R%" PRIu64, replay->referral);
        ctl_table_cell(table, "%" PRIu64, replay->event);
        ctl_table_when(table, zone, replay->at);
        ctl_table_cell(table, "%s",
                       replay->verdict == FASCIA__REPLAY__VERDICT__DIFFERENT ? "DIFFERENT" : "inconclusive");
        ctl_table_cell(table, "%u", replay->different);
        ctl_table_cell(table, "%s", replay->n_differences > 0 ? replay->differences[0]->field : "");
        ctl_table_cell(table, "%s", replay->n_gaps > 0 ? replay->gaps[0] : "");
    }
    ctl_table_finish(table, call, "every one comes out the same");
}

static int exit_of(const Fascia__ReplayReport *report)
{
    if (report->different > 0)
        return CTL_DIFFERS;
    return report->inconclusive > 0 ? CTL_INCONCLUSIVE : CTL_OK;
}

static int show_report(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    const struct zone *zone = ctl_call_zone(call, NULL);

    if (response->replay == NULL) {
        fprintf(call->errors, "fasciactl: the daemon's answer has no report\n");
        return CTL_FAILED;
    }
    if (call->json)
        ctl_print_json(call, &response->base, NULL);
    else if (call->all)
        show_many(call, response->replay, zone);
    else if (response->replay->n_replays > 0)
        show_one(call, response->replay->replays[0], zone);
    return exit_of(response->replay);
}

static int replay(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ReplayMatch query = FASCIA__REPLAY_MATCH__INIT;
    Fascia__ControlResponse *response = NULL;
    int code;

    if (ctl_call_zone(call, NULL) == NULL)
        return CTL_USAGE;
    if ((call->word_count > 0) == call->all || (call->all && call->event != 0))
        return ctl_usage(call, "say which referral, with --event for one before its latest; or --all");
    if (!call->all && !ctl_referral_id(call, call->words[0], &query.referral))
        return CTL_USAGE;
    query.event = (uint64_t)call->event;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_REPLAY_MATCH;
    request.replay_match = &query;
    if (isatty(fileno(stderr)) && call->errors == stderr)
        call->progress = show_progress;
    code = ctl_ask(call, &request, &response);
    end_progress(call);
    if (code != CTL_OK)
        return code;
    code = show_report(call, response);
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

const struct ctl_verb ctl_match_verbs[] = {
    {"match", "explain", "ID", "who passes, why not the others, what would help", {CTL_OPTION_EVENT}, explain},
    {"match",
     "try",
     "[ID]",
     "what if? Of a referral with other wishes, or of none; nothing is kept",
     {CTL_OPTION_CONDITION, CTL_OPTION_TECHNIQUE, CTL_OPTION_CERTIFICATION, CTL_OPTION_PAYER, CTL_OPTION_LANGUAGE,
      CTL_OPTION_GENDER, CTL_OPTION_MODE, CTL_OPTION_POSTAL_CODE, CTL_OPTION_POSITION, CTL_OPTION_WITHIN,
      CTL_OPTION_JURISDICTION, CTL_OPTION_NOT_BEFORE, CTL_OPTION_NOT_AFTER, CTL_OPTION_WINDOW, CTL_OPTION_TRY_MINUTES,
      CTL_OPTION_NAMED, CTL_OPTION_WITHOUT, CTL_OPTION_WEIGHTS},
     try},
    {"match",
     "replay",
     "[ID]",
     "whether the same answer comes out when it is asked again",
     {CTL_OPTION_EVENT, CTL_OPTION_ALL_EXPLANATIONS},
     replay},
    {0}};
