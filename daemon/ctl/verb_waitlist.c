/* waitlist: who waits, why, and what would help most. */
#include "core/memory.h"
#include "ctl/call.h"
#include "ctl/json.h"
#include "ctl/show.h"
#include "ctl/waitlist.h"
#include "ctl/words.h"

#include <stdlib.h>
#include <string.h>

#define PAGE          1000
#define SHOWN_DEFAULT 100
#define HELPS_MOST    10

static const char computed[] =
    "from the last recorded match of each referral; each counts once, the largest group first";

struct list {
    Fascia__WaitingRow **rows;
    size_t count, room;
    size_t urgent, stat;
    struct waitlist_help helps[HELPS_MOST];
    size_t help_count;
};

/* ---- asking ---- */

static void take_page(struct list *list, Fascia__ControlResponse *page)
{
    list->rows = memory_grow(list->rows, &list->room, list->count + page->n_waiting, sizeof(Fascia__WaitingRow *));
    if (page->n_waiting > 0)
        memcpy(list->rows + list->count, page->waiting, page->n_waiting * sizeof(Fascia__WaitingRow *));
    list->count += page->n_waiting;
    page->n_waiting = 0;
    free(page->waiting);
    page->waiting = NULL;
}

static int ask_all(struct ctl_call *call, Fascia__ListWaiting *query, struct list *list)
{
    size_t got;

    query->limit = PAGE;
    do {
        Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
        Fascia__ControlResponse *page = NULL;
        int code;

        request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_WAITING;
        request.list_waiting = query;
        code = ctl_ask(call, &request, &page);
        if (code != CTL_OK)
            return code;
        got = page->n_waiting;
        take_page(list, page);
        fascia__control_response__free_unpacked(page, NULL);
        if (got > 0)
            query->after = list->rows[list->count - 1]->referral;
    } while (got == PAGE);
    return CTL_OK;
}

static bool take_urgency(struct ctl_call *call, Fascia__ListWaiting *query)
{
    int value = 0;

    if (call->urgency == NULL)
        return true;
    if (ctl_word_value(&fascia__priority__descriptor, call->urgency, &value) && value != 0) {
        query->priority = (Fascia__Priority)value;
        return true;
    }
    (void)ctl_usage(call, "--urgency is stat, urgent or routine");
    return false;
}

/* ---- order and counts ---- */

static int class_of(const Fascia__WaitingRow *row)
{
    return row->priority == FASCIA__PRIORITY__PRIORITY_STAT     ? 0
           : row->priority == FASCIA__PRIORITY__PRIORITY_URGENT ? 1
                                                                : 2;
}

static int by_urgency(const void *left, const void *right)
{
    const Fascia__WaitingRow *const *a = left, *const *b = right;
    const int order = class_of(*a) - class_of(*b);

    return order != 0 ? order : ((*a)->referral > (*b)->referral) - ((*a)->referral < (*b)->referral);
}

static void work_out(struct list *list)
{
    if (list->count > 0)
        qsort(list->rows, list->count, sizeof *list->rows, by_urgency);
    for (size_t i = 0; i < list->count; i++) {
        list->stat += class_of(list->rows[i]) == 0;
        list->urgent += class_of(list->rows[i]) == 1;
    }
    list->help_count = waitlist_helps(list->rows, list->count, list->helps, HELPS_MOST);
}

static size_t shown_of(const struct ctl_call *call, const struct list *list)
{
    const size_t wanted = call->limit > 0 ? (size_t)call->limit : SHOWN_DEFAULT;

    return wanted < list->count ? wanted : list->count;
}

/* ---- showing ---- */

static void show_help(struct ctl_call *call, const struct waitlist_help *help)
{
    fprintf(call->out, "  %zu %s for ", help->referrals, help->referrals == 1 ? "referral waits" : "referrals wait");
    ctl_show_text(call->out, help->what);
    if (help->placed && help->km > 0)
        fprintf(call->out, " within %u km of ", help->km);
    else if (help->place[0] != '\0')
        fputs(" in ", call->out);
    ctl_show_text(call->out, help->place);
    fputs(" (", call->out);
    if (help->urgent > 0)
        fprintf(call->out, "%zu of them urgent; ", help->urgent);
    fprintf(call->out, "R%llu is the oldest)\n", (unsigned long long)help->oldest);
}

static const char *reason_of(const Fascia__WaitingRow *row)
{
    if (row->n_near_misses > 0)
        return row->near_misses[0]->relaxation;
    return row->all_declined ? "everybody who passes has declined" : "nobody comes near to passing";
}

static void show_rows(struct ctl_call *call, const struct list *list, const struct zone *zone)
{
    struct ctl_table *table = ctl_table_create("ID|PRIORITY|WAITS SINCE|CONDITIONS|TECHNIQUES|NEAR|LAST MATCH|WHY");

    for (size_t i = 0; i < shown_of(call, list); i++) {
        const Fascia__WaitingRow *row = list->rows[i];
        const Fascia__Need *need = row->need;
        const bool named = need->n_techniques_required > 0;

        ctl_table_row(table);
        ctl_table_cell(table, "R%llu", (unsigned long long)row->referral);
        ctl_table_cell(table, "%s", ctl_priority_word(row->priority));
        ctl_table_when(table, zone, row->since);
        ctl_table_list(table, need->conditions, need->n_conditions);
        ctl_table_list(table, named ? need->techniques_required : need->techniques_suitable,
                       named ? need->n_techniques_required : need->n_techniques_suitable);
        ctl_table_cell(table, "%s", row->place);
        ctl_table_when(table, zone, row->matched_at);
        ctl_table_cell(table, "%s%s", row->all_declined && row->n_near_misses > 0 ? "all declined; " : "",
                       reason_of(row));
    }
    ctl_table_finish(table, call, "nobody waits");
}

static void show(struct ctl_call *call, const struct list *list, const struct zone *zone)
{
    fprintf(call->out, "%zu %s: %zu stat, %zu urgent, %zu routine\n", list->count,
            list->count == 1 ? "referral waits" : "referrals wait", list->stat, list->urgent,
            list->count - list->stat - list->urgent);
    if (list->help_count > 0)
        fprintf(call->out, "\nwhat would help most (%s)\n", computed);
    for (size_t i = 0; i < list->help_count; i++)
        show_help(call, &list->helps[i]);
    fputc('\n', call->out);
    show_rows(call, list, zone);
    if (shown_of(call, list) < list->count)
        fprintf(call->out, "and %zu more (--limit)\n", list->count - shown_of(call, list));
}

static json_t *help_json(const struct waitlist_help *help)
{
    return json_pack("{s:s, s:s, s:i, s:I, s:I, s:I}", "what", help->what, "place", help->place, "km", (int)help->km,
                     "referrals", (json_int_t)help->referrals, "urgent", (json_int_t)help->urgent, "oldest",
                     (json_int_t)help->oldest);
}

static void show_json(struct ctl_call *call, const struct list *list)
{
    json_t *helps = json_array(), *rows = json_array();
    json_t *object;

    for (size_t i = 0; i < list->help_count; i++)
        json_array_append_new(helps, help_json(&list->helps[i]));
    for (size_t i = 0; i < shown_of(call, list); i++)
        json_array_append_new(rows, ctl_json_write(&list->rows[i]->base, CTL_JSON_FULL));
    object =
        json_pack("{s:I, s:I, s:I, s:s, s:o, s:o}", "waiting", (json_int_t)list->count, "stat", (json_int_t)list->stat,
                  "urgent", (json_int_t)list->urgent, "computed", computed, "would_help", helps, "referrals", rows);
    INVARIANT(object != NULL);
    json_dumpf(object, call->out, JSON_INDENT(2));
    fputc('\n', call->out);
    json_decref(object);
}

static int waitlist(struct ctl_call *call)
{
    Fascia__ListWaiting query = FASCIA__LIST_WAITING__INIT;
    const struct zone *zone = ctl_call_zone(call, NULL);
    struct list list = {0};
    char country[3] = "";
    int code;

    if (zone == NULL || !take_urgency(call, &query) ||
        !ctl_area(call, &query.near, &query.within, &query.country, country))
        return CTL_USAGE;
    code = ask_all(call, &query, &list);
    if (code == CTL_OK) {
        work_out(&list);
        if (call->json)
            show_json(call, &list);
        else
            show(call, &list, zone);
    }
    for (size_t i = 0; i < list.help_count; i++)
        free(list.helps[i].what);
    for (size_t i = 0; i < list.count; i++)
        fascia__waiting_row__free_unpacked(list.rows[i], NULL);
    free(list.rows);
    return code;
}

const struct ctl_verb ctl_waitlist_verbs[] = {
    {"waitlist",
     "",
     "",
     "who waits, why, and what would help most",
     {CTL_OPTION_LIMIT, CTL_OPTION_URGENCY, CTL_OPTION_NEAR, CTL_OPTION_NEAR_WITHIN},
     waitlist},
    {0}};
