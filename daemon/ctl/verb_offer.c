/* offer list, show, accept, decline. */
#include "ctl/call.h"
#include "ctl/explanation.h"
#include "ctl/show.h"

#include <stdlib.h>
#include <string.h>

#define OFFERS_MOST 1000

static char *lent(const char *text)
{
    return (char *)(uintptr_t)text;
}

static int ask_offers(struct ctl_call *call, const char *therapist, Fascia__ControlResponse **response)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ListOffers query = FASCIA__LIST_OFFERS__INIT;

    if (therapist != NULL)
        query.therapist = lent(therapist);
    query.limit = call->limit > 0 && call->limit < OFFERS_MOST ? (uint32_t)call->limit : OFFERS_MOST;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_OFFERS;
    request.list_offers = &query;
    return ctl_ask(call, &request, response);
}

static void show_offers(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    struct ctl_table *table =
        ctl_table_create("ID|PRIORITY|CONDITIONS|TECHNIQUES|THERAPIST|NAME|VISIT KEPT FREE|ANSWER BY|>SCORE");

    for (size_t i = 0; i < response->n_offers; i++) {
        const Fascia__OfferRow *offer = response->offers[i];
        const struct zone *zone = ctl_call_zone(call, offer->time_zone);
        ctl_table_row(table);
        ctl_table_cell(table, "R%llu", (unsigned long long)offer->referral);
        ctl_table_cell(table, "%s", ctl_priority_word(offer->priority));
        ctl_table_list(table, offer->conditions, offer->n_conditions);
        ctl_table_list(table, offer->techniques, offer->n_techniques);
        ctl_table_cell(table, "%s", offer->therapist);
        ctl_table_cell(table, "%s", offer->therapist_name);
        ctl_table_when(table, zone, offer->hold_to > offer->hold_from ? offer->hold_from : 0);
        ctl_table_when(table, zone, offer->expires);
        ctl_table_cell(table, "%d", offer->score);
    }
    ctl_table_finish(table, call, "no open offers");
}

static int list(struct ctl_call *call)
{
    Fascia__ControlResponse *response = NULL;
    int code;

    if (ctl_call_zone(call, NULL) == NULL)
        return CTL_USAGE;
    code = ask_offers(call, call->therapist, &response);
    if (code != CTL_OK)
        return code;
    if (call->json)
        ctl_print_json(call, &response->base, "offers");
    else
        show_offers(call, response);
    fascia__control_response__free_unpacked(response, NULL);
    return CTL_OK;
}

/* The open offer of a referral, as the only row of an answer; without one the answer has no row. */
static int ask_offer(struct ctl_call *call, uint64_t referral, const char *therapist,
                     Fascia__ControlResponse **response)
{
    Fascia__OfferRow *found = NULL;
    int code = ask_offers(call, therapist, response);

    if (code != CTL_OK)
        return code;
    for (size_t i = 0; i < (*response)->n_offers; i++) {
        if ((*response)->offers[i]->referral == referral && found == NULL)
            found = (*response)->offers[i];
        else
            fascia__offer_row__free_unpacked((*response)->offers[i], NULL);
    }
    (*response)->n_offers = found != NULL;
    if (found != NULL) {
        (*response)->offers[0] = found;
    } else {
        free((*response)->offers);
        (*response)->offers = NULL;
    }
    return CTL_OK;
}

static int ask_detail(struct ctl_call *call, uint64_t referral, Fascia__ControlResponse **response)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowReferral query = FASCIA__SHOW_REFERRAL__INIT;

    query.referral = referral;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_REFERRAL;
    request.show_referral = &query;
    return ctl_ask(call, &request, response);
}

static void show_need(struct ctl_call *call, const Fascia__Need *need)
{
    ctl_show_list(call, "conditions", need->conditions, need->n_conditions);
    ctl_show_list(call, "asked for", need->techniques_required, need->n_techniques_required);
    ctl_show_list(call, "suitable", need->techniques_suitable, need->n_techniques_suitable);
    ctl_show_list(call, "avoid", need->techniques_avoided, need->n_techniques_avoided);
    ctl_show_field(call, "visit", "%u minutes", need->duration_minutes);
    if (need->visits_authorised > 0)
        ctl_show_field(call, "authorised", "%u visits", need->visits_authorised);
}

static void show_offer(struct ctl_call *call, Fascia__ControlResponse *offer, const Fascia__ReferralDetail *detail,
                       const Fascia__ControlResponse *explanation)
{
    const struct zone *zone = ctl_call_zone(call, offer->n_offers > 0 ? offer->offers[0]->time_zone : NULL);

    show_offers(call, offer);
    fputc('\n', call->out);
    if (detail->need != NULL)
        show_need(call, detail->need);
    if (explanation->explanation != NULL) {
        fputc('\n', call->out);
        ctl_show_explanation(call, explanation, 0, zone);
    }
}

/* The three answers as one. */
static void print_offer(struct ctl_call *call, Fascia__ControlResponse *offer, Fascia__ControlResponse *detail,
                        Fascia__ControlResponse *explanation)
{
    offer->detail = detail->detail;
    offer->explanation = explanation->explanation;
    ctl_print_json(call, &offer->base, "offers");
    offer->detail = NULL;
    offer->explanation = NULL;
}

static int show(struct ctl_call *call)
{
    Fascia__ControlResponse *detail = NULL;
    Fascia__ControlResponse *offer = NULL;
    Fascia__ControlResponse *explanation = NULL;
    uint64_t referral = 0;
    int code;

    if (ctl_call_zone(call, NULL) == NULL || !ctl_referral_id(call, call->words[0], &referral))
        return CTL_USAGE;
    code = ask_detail(call, referral, &detail);
    if (code == CTL_OK && (detail->detail == NULL || detail->detail->row == NULL ||
                           detail->detail->row->state != FASCIA__STATE__STATE_OFFERED)) {
        fprintf(call->errors, "fasciactl: R%llu is not on offer to anybody\n", (unsigned long long)referral);
        code = CTL_REFUSED;
    }
    if (code == CTL_OK)
        code = ask_offer(call, referral, detail->detail->row->therapist, &offer);
    if (code == CTL_OK)
        code = ctl_ask_explanation(call, referral, 0, &explanation);
    if (code == CTL_OK && call->json)
        print_offer(call, offer, detail, explanation);
    else if (code == CTL_OK)
        show_offer(call, offer, detail->detail, explanation);
    if (detail != NULL)
        fascia__control_response__free_unpacked(detail, NULL);
    if (offer != NULL)
        fascia__control_response__free_unpacked(offer, NULL);
    if (explanation != NULL)
        fascia__control_response__free_unpacked(explanation, NULL);
    return code;
}

/* A time without an offset is by the clock of the therapist who has the offer. */
static int read_at(struct ctl_call *call, uint64_t referral, int64_t *from)
{
    Fascia__ControlResponse *offer = NULL;
    const struct zone *zone = NULL;
    struct fault fault = {{0}};
    int code = CTL_OK;

    if (call->at == NULL || ctl_when_parse(NULL, call->at, from, NULL))
        return CTL_OK;
    if (call->zone == NULL)
        code = ask_offer(call, referral, call->therapist, &offer);
    if (code != CTL_OK)
        return code;
    zone = ctl_call_zone(call, offer != NULL && offer->n_offers > 0 ? offer->offers[0]->time_zone : NULL);
    if (zone == NULL)
        code = CTL_USAGE;
    else if (!ctl_when_parse(zone, call->at, from, &fault))
        code = ctl_usage(call, "--at: %s", fault.text);
    if (offer != NULL)
        fascia__control_response__free_unpacked(offer, NULL);
    return code;
}

static int accept(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Accept body = FASCIA__ACCEPT__INIT;
    int code;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    code = read_at(call, body.referral, &body.from);
    if (code != CTL_OK)
        return code;
    body.therapist = lent(call->therapist);
    command.body_case = FASCIA__COMMAND__BODY_ACCEPT;
    command.accept = &body;
    return ctl_command(call, &command);
}

static bool is_reason(const char *word)
{
    static const char *const reasons[] = {"no-time", "not-my-field", "too-far", "patient-known", "other"};

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(word, reasons[i]) == 0)
            return true;
    return false;
}

static int decline(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__Decline body = FASCIA__DECLINE__INIT;

    if (!ctl_referral_id(call, call->words[0], &body.referral))
        return CTL_USAGE;
    if (!is_reason(call->reason))
        return ctl_usage(call,
                         "--reason is one of no-time, not-my-field, too-far, patient-known, other; say more in --note");
    body.therapist = lent(call->therapist);
    body.reason_code = lent(call->reason);
    if (call->note != NULL)
        body.reason = lent(call->note);
    command.body_case = FASCIA__COMMAND__BODY_DECLINE;
    command.decline = &body;
    return ctl_command(call, &command);
}

const struct ctl_verb ctl_offer_verbs[] = {
    {"offer", "list", "", "list open offers", {CTL_OPTION_THERAPIST, CTL_OPTION_LIMIT}, list},
    {"offer", "show", "ID", "show what is asked for, and why of this one", {0}, show},
    {"offer",
     "accept",
     "ID",
     "accept; the time that is kept free is booked",
     {CTL_OPTION_THERAPIST | CTL_NEEDED, CTL_OPTION_AT},
     accept},
    {"offer",
     "decline",
     "ID",
     "decline; it goes to the next therapist",
     {CTL_OPTION_THERAPIST | CTL_NEEDED, CTL_OPTION_REASON_CODE | CTL_NEEDED, CTL_OPTION_NOTE},
     decline},
    {0}};
