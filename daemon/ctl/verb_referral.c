/* referral list, show, withdraw, clear, erase; match explain is verb_match.c. */
#include "core/memory.h"
#include "ctl/call.h"
#include "ctl/history.h"
#include "ctl/need.h"
#include "ctl/show.h"
#include "ctl/words.h"

#include <stdlib.h>
#include <string.h>

#define PAGE         1000
#define STATES_MOST  32
#define LIST_DEFAULT 100

/* ---- list ------------------------------------------------------------------------------------------------------------ */

static bool add_state(struct ctl_call *call, Fascia__ListReferrals *list, const char *word)
{
    int value = 0;
    char words[512];

    if (list->n_states < STATES_MOST && ctl_word_value(&fascia__state__descriptor, word, &value) && value != 0) {
        list->states[list->n_states++] = (Fascia__State)value;
        return true;
    }
    ctl_words(&fascia__state__descriptor, words, sizeof words);
    (void)ctl_usage(call, "--state: the states are %s", words);
    return false;
}

static bool take_states(struct ctl_call *call, Fascia__ListReferrals *list)
{
    char *copy;
    char *rest;
    bool good = true;

    if (call->state != NULL) {
        copy = rest = memory_text(call->state);
        for (char *word; good && (word = strsep(&rest, ",")) != NULL;)
            good = add_state(call, list, word);
        free(copy);
        return good;
    }
    if (call->all)
        for (unsigned i = 1; i < fascia__state__descriptor.n_values; i++)
            list->states[list->n_states++] = (Fascia__State)fascia__state__descriptor.values[i].value;
    return true;
}

/* Takes the rows of a page over into all. */
static void take_page(Fascia__ControlResponse *all, Fascia__ControlResponse *page, size_t *room)
{
    if (page->n_referrals == 0)
        return;
    all->referrals =
        memory_grow(all->referrals, room, all->n_referrals + page->n_referrals, sizeof(Fascia__ReferralRow *));
    memcpy(all->referrals + all->n_referrals, page->referrals, page->n_referrals * sizeof(Fascia__ReferralRow *));
    all->n_referrals += page->n_referrals;
    page->n_referrals = 0;
    free(page->referrals);
    page->referrals = NULL;
}

/* The daemon gives at most PAGE rows at once, and says where the next page begins. */
static int ask_pages(struct ctl_call *call, Fascia__ListReferrals *list, Fascia__ControlResponse *all)
{
    const size_t wanted = call->limit > 0 ? (size_t)call->limit : LIST_DEFAULT;
    size_t room = 0;
    int code = CTL_OK;

    do {
        Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
        Fascia__ControlResponse *page = NULL;
        request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_REFERRALS;
        request.list_referrals = list;
        list->limit = (uint32_t)(wanted - all->n_referrals < PAGE ? wanted - all->n_referrals : PAGE);
        code = ctl_ask(call, &request, &page);
        if (code != CTL_OK)
            break;
        list->after = page->page != NULL ? page->page->next : 0;
        take_page(all, page, &room);
        fascia__control_response__free_unpacked(page, NULL);
    } while (list->after != 0 && all->n_referrals < wanted);
    return code;
}

static void show_rows(struct ctl_call *call, const Fascia__ControlResponse *response, const struct zone *zone)
{
    struct ctl_table *table = ctl_table_create("ID|STATE|PRIORITY|CONDITIONS|THERAPIST|SOURCE|SENDER|OPENED|CHANGED");

    for (size_t i = 0; i < response->n_referrals; i++) {
        const Fascia__ReferralRow *row = response->referrals[i];
        ctl_table_row(table);
        ctl_table_cell(table, "R%llu", (unsigned long long)row->referral);
        ctl_table_cell(table, "%s", ctl_state_word(row->state));
        ctl_table_cell(table, "%s", ctl_priority_word(row->priority));
        ctl_table_list(table, row->conditions, row->n_conditions);
        ctl_table_cell(table, "%s", row->therapist);
        ctl_table_cell(table, "%s", row->source);
        ctl_table_cell(table, "%s", row->sender);
        ctl_table_when(table, zone, row->opened);
        ctl_table_when(table, zone, row->changed);
    }
    ctl_table_finish(table, call, "no such referrals");
}

static void free_rows(Fascia__ControlResponse *response)
{
    for (size_t i = 0; i < response->n_referrals; i++)
        fascia__referral_row__free_unpacked(response->referrals[i], NULL);
    free(response->referrals);
}

static int list(struct ctl_call *call)
{
    Fascia__ListReferrals query = FASCIA__LIST_REFERRALS__INIT;
    Fascia__ControlResponse all = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__State states[STATES_MOST];
    const struct zone *zone = ctl_call_zone(call, NULL);
    int code;

    query.states = states;
    if (zone == NULL || !take_states(call, &query))
        return CTL_USAGE;
    if (call->after != NULL && strcmp(call->after, "0") != 0 && !ctl_referral_id(call, call->after, &query.after))
        return CTL_USAGE;
    if (call->therapist != NULL)
        query.therapist = (char *)(uintptr_t)call->therapist;
    if (call->sender != NULL)
        query.sender = (char *)(uintptr_t)call->sender;
    code = ask_pages(call, &query, &all);
    if (code == CTL_OK && call->json)
        ctl_print_json(call, &all.base, "referrals");
    else if (code == CTL_OK)
        show_rows(call, &all, zone);
    free_rows(&all);
    return code;
}

/* ---- show ------------------------------------------------------------------------------------------------------------ */

static void show_visit(struct ctl_call *call, const Fascia__Status *status, const struct zone *zone)
{
    char from[40], to[40];

    if (status->visit_from == 0)
        return;
    ctl_show_field(call, "visit", "%s to %s", ctl_when(zone, status->visit_from, from),
                   ctl_when(zone, status->visit_to, to));
}

static void show_outcome(struct ctl_call *call, const Fascia__OutcomeReported *outcome)
{
    ctl_show_field(call, "outcome", "%s", outcome->summary);
    ctl_show_field(call, "goal", "%s", outcome->goal);
    ctl_show_field(call, "visits", "%u", outcome->visits);
    if (outcome->pain_before >= 0)
        ctl_show_field(call, "pain before", "%d of 10", outcome->pain_before);
    if (outcome->pain_after >= 0)
        ctl_show_field(call, "pain after", "%d of 10", outcome->pain_after);
}

static void show_status(struct ctl_call *call, const Fascia__Status *status, const struct zone *zone)
{
    ctl_show_field(call, "status", "%s", status->text);
    ctl_show_field(call, "reason", "%s", status->reason);
    if (status->therapist[0] != '\0')
        ctl_show_field(call, "therapist", "%s %s %s", status->therapist_name, status->therapist,
                       status->therapist_phone);
    show_visit(call, status, zone);
    if (status->visits_done > 0)
        ctl_show_field(call, "visits done", "%u", status->visits_done);
    if (status->outcome != NULL)
        show_outcome(call, status->outcome);
    for (size_t i = 0; i < status->n_problems; i++)
        ctl_show_problem(call->out, status->problems[i]);
}

static void show_detail(struct ctl_call *call, const Fascia__ReferralDetail *detail, const struct zone *zone)
{
    const Fascia__ReferralRow *row = detail->row;
    char text[40];

    if (row != NULL) {
        fprintf(call->out, "R%llu %s%s\n", (unsigned long long)row->referral, ctl_state_word(row->state),
                detail->erased ? ", erased" : "");
        ctl_show_field(call, "priority", "%s", ctl_priority_word(row->priority));
        ctl_show_field(call, "source", "%s", row->source);
        ctl_show_field(call, "sender", "%s", row->sender);
        ctl_show_field(call, "opened", "%s", ctl_when(zone, row->opened, text));
        ctl_show_field(call, "changed", "%s", ctl_when(zone, row->changed, text));
        if (row->state == FASCIA__STATE__STATE_OFFERED)
            ctl_show_field(call, "offered to", "%s until %s", row->therapist, ctl_when(zone, row->due, text));
    }
    if (detail->status != NULL)
        show_status(call, detail->status, zone);
    if (detail->need != NULL)
        ctl_show_need(call, detail->need);
    if (detail->content != NULL)
        ctl_show_content(call, detail->content);
    if (detail->n_history > 0)
        ctl_show_history(call, detail, zone);
}

static int show(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral query = FASCIA__SHOW_REFERRAL__INIT;
    Fascia__ControlResponse *response = NULL;
    const struct zone *zone = ctl_call_zone(call, NULL);
    int code;

    if (zone == NULL || !ctl_referral_id(call, call->words[0], &query.referral))
        return CTL_USAGE;
    query.history = call->history;
    query.content = call->content;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL;
    request.show_referral = &query;
    code = ctl_ask(call, &request, &response);
    if (code != CTL_OK)
        return code;
    if (call->json)
        ctl_print_json(call, &response->base, NULL);
    else if (response->detail != NULL)
        show_detail(call, response->detail, zone);
    fascia__control_response__free_unpacked(response, NULL);
    return CTL_OK;
}

/* ---- commands -------------------------------------------------------------------------------------------------------- */

static char *lent(const char *text)
{
    return (char *)(uintptr_t)text;
}

static int withdraw(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Withdraw body = FASCIA__WITHDRAW__INIT;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    body.reason = lent(call->reason);
    command.body_case = FASCIA__COMMAND__BODY_WITHDRAW;
    command.withdraw = &body;
    return ctl_command(call, &command);
}

static int clear(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Clear body = FASCIA__CLEAR__INIT;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    body.clinician = lent(call->clinician);
    command.body_case = FASCIA__COMMAND__BODY_CLEAR;
    command.clear = &body;
    return ctl_command(call, &command);
}

static int erase(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Erase body = FASCIA__ERASE__INIT;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    body.reason = lent(call->reason);
    command.body_case = FASCIA__COMMAND__BODY_ERASE;
    command.erase = &body;
    return ctl_command(call, &command);
}

const struct ctl_verb ctl_referral_verbs[] = {
    {"referral",
     "list",
     "",
     "list open referrals, or those in other states",
     {CTL_OPTION_STATE, CTL_OPTION_ALL, CTL_OPTION_THERAPIST, CTL_OPTION_SENDER, CTL_OPTION_LIMIT, CTL_OPTION_AFTER},
     list},
    {"referral",
     "show",
     "ID",
     "show where it stands and what it needs",
     {CTL_OPTION_HISTORY, CTL_OPTION_CONTENT},
     show},
    {"referral", "withdraw", "ID", "take it out; its sender hears of it", {CTL_OPTION_REASON | CTL_NEEDED}, withdraw},
    {"referral",
     "cancel",
     "ID",
     "the same (a referrer cancels by the source)",
     {CTL_OPTION_REASON | CTL_NEEDED},
     withdraw},
    {"referral",
     "clear",
     "ID",
     "a named clinician lets it go on despite a flag",
     {CTL_OPTION_CLINICIAN | CTL_NEEDED},
     clear},
    {"referral",
     "erase",
     "ID",
     "destroy, for good, what is known of the patient",
     {CTL_OPTION_REASON | CTL_NEEDED},
     erase},
    {0}};
