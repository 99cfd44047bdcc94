/* therapist slots: when somebody has time. */
#include "core/memory.h"
#include "ctl/call.h"
#include "ctl/show.h"
#include "ctl/words.h"

#include <stdlib.h>
#include <string.h>

#define PAGE         1000
#define LIST_DEFAULT 100

static char *lent(const char *text)
{
    return text != NULL ? (char *)(uintptr_t)text : (char *)(uintptr_t)protobuf_c_empty_string;
}

/* ---- what is asked ---- */

static bool take_time(struct ctl_call *call, const char *option, const char *text, int64_t *instant)
{
    struct fault fault = {{0}};

    if (text == NULL || ctl_when_parse(ctl_call_zone(call, NULL), text, instant, &fault))
        return true;
    (void)ctl_usage(call, "--%s: %s", option, fault.text);
    return false;
}

static bool take_mode(struct ctl_call *call, Fascia__ListSlots *query)
{
    char words[64];
    int mode = 0;

    if (call->mode == NULL)
        return true;
    if (ctl_word_value(&fascia__visit_mode__descriptor, call->mode, &mode) && mode != 0) {
        query->mode = (Fascia__VisitMode)mode;
        return true;
    }
    ctl_words(&fascia__visit_mode__descriptor, words, sizeof words);
    (void)ctl_usage(call, "--mode is one of %s", words);
    return false;
}

/* Of one who is named nothing else is asked but the time. */
static bool take_name(struct ctl_call *call, Fascia__ListSlots *query, char **name)
{
    const bool asks_more = call->technique != NULL || call->profession != NULL || call->payer != NULL ||
                           call->language != NULL || call->mode != NULL || call->near != NULL;

    if (call->word_count == 0)
        return true;
    if (asks_more) {
        (void)ctl_usage(call, "name a therapist, or say what they must offer");
        return false;
    }
    *name = lent(call->words[0]);
    query->therapists = name;
    query->n_therapists = 1;
    return true;
}

/* ---- pages ---- */

static void take_page(Fascia__ControlResponse *all, Fascia__ControlResponse *page, size_t *room)
{
    if (page->n_slots == 0)
        return;
    all->slots = memory_grow(all->slots, room, all->n_slots + page->n_slots, sizeof(Fascia__SlotRow *));
    memcpy(all->slots + all->n_slots, page->slots, page->n_slots * sizeof(Fascia__SlotRow *));
    all->n_slots += page->n_slots;
    page->n_slots = 0;
    free(page->slots);
    page->slots = NULL;
}

static int ask_pages(struct ctl_call *call, Fascia__ListSlots *query, Fascia__ControlResponse *all)
{
    const size_t wanted = call->limit > 0 ? (size_t)call->limit : LIST_DEFAULT;
    char after[65] = "";
    size_t room = 0;

    query->after_therapist = after;
    do {
        Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
        Fascia__ControlResponse *page = NULL;
        int code;

        request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_SLOTS;
        request.list_slots = query;
        query->limit = (uint32_t)(wanted - all->n_slots < PAGE ? wanted - all->n_slots : PAGE);
        code = ctl_ask(call, &request, &page);
        if (code != CTL_OK)
            return code;
        snprintf(after, sizeof after, "%s", page->slot_page != NULL ? page->slot_page->next_therapist : "");
        query->after_from = page->slot_page != NULL ? page->slot_page->next_from : 0;
        take_page(all, page, &room);
        fascia__control_response__free_unpacked(page, NULL);
    } while (after[0] != '\0' && all->n_slots < wanted);
    return CTL_OK;
}

/* ---- what is shown ---- */

static void show_rows(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    struct ctl_table *table = ctl_table_create("THERAPIST|PLACE|TIME|FROM|TO|MINUTES");
    char word[64];

    for (size_t i = 0; i < response->n_slots; i++) {
        const Fascia__SlotRow *row = response->slots[i];
        const struct zone *zone = ctl_call_zone(call, row->time_zone);

        ctl_table_row(table);
        ctl_table_cell(table, "%s", row->therapist);
        ctl_table_cell(table, "%s", row->place_name);
        ctl_table_cell(table, "%s", ctl_word(&fascia__slot_row__kind__descriptor, row->kind, word));
        ctl_table_when(table, zone, row->from);
        ctl_table_when(table, zone, row->to);
        ctl_table_cell(table, "%lld", (long long)((row->to - row->from) / MINUTE_MS));
    }
    ctl_table_finish(table, call, "no free time");
}

int ctl_therapist_slots(struct ctl_call *call)
{
    Fascia__ListSlots query = FASCIA__LIST_SLOTS__INIT;
    Fascia__ControlResponse all = FASCIA__CONTROL_RESPONSE__INIT;
    char country[3] = "";
    char *name;
    int code;

    if (ctl_call_zone(call, NULL) == NULL || !take_name(call, &query, &name) ||
        !take_time(call, "from", call->from, &query.from) || !take_time(call, "to", call->to, &query.to) ||
        !take_mode(call, &query) || !ctl_area(call, &query.near, &query.within, &query.country, country))
        return CTL_USAGE;
    query.technique = lent(call->technique);
    query.profession = lent(call->profession);
    query.payer = lent(call->payer);
    query.language = lent(call->language);
    query.minutes = (uint32_t)call->minutes;
    query.busy = call->busy;
    code = ask_pages(call, &query, &all);
    if (code == CTL_OK && call->json)
        ctl_print_json(call, &all.base, "slots");
    else if (code == CTL_OK)
        show_rows(call, &all);
    for (size_t i = 0; i < all.n_slots; i++)
        fascia__slot_row__free_unpacked(all.slots[i], NULL);
    free(all.slots);
    return code;
}
