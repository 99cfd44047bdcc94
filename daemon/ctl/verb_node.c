/* status, outbox, audit, backup, restore, check, reload. */
#include "core/memory.h"
#include "core/notation.h"
#include "ctl/call.h"
#include "ctl/show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t limit_of(const struct ctl_call *call)
{
    return call->limit > 1000 ? 1000 : (uint32_t)call->limit;
}

/* ---- status ---------------------------------------------------------------------------------------------------------- */

static void show_sources(struct ctl_call *call, const Fascia__Node *node)
{
    struct ctl_table *table = ctl_table_create("SOURCE|PLUGIN|VERSION|ADDRESS|>CONNECTIONS|>DELIVERIES|>REFUSED");

    for (size_t i = 0; i < node->n_sources; i++) {
        const Fascia__SourceStatus *source = node->sources[i];
        ctl_table_row(table);
        ctl_table_cell(table, "%s", source->name);
        ctl_table_cell(table, "%s", source->plugin);
        ctl_table_cell(table, "%s", source->version);
        ctl_table_cell(table, "%s", source->address);
        ctl_table_cell(table, "%u", source->connections);
        ctl_table_cell(table, "%" PRIu64, source->deliveries);
        ctl_table_cell(table, "%" PRIu64, source->refused);
    }
    ctl_table_finish(table, call, "no sources are configured");
}

/* A number of the node, or that it can't be told. */
static const char *number_text(const Fascia__Node *node, const char *name, uint64_t number, char text[24])
{
    for (size_t i = 0; i < node->n_unknown; i++)
        if (strcmp(node->unknown[i], name) == 0)
            return "unknown";
    snprintf(text, 24, "%" PRIu64, number);
    return text;
}

static void show_numbers(struct ctl_call *call, const Fascia__Node *node)
{
    const struct {
        const char *label, *name;
        uint64_t number;
    } numbers[] = {{"open referrals", "referrals_open", node->referrals_open},
                   {"waiting for capacity", "waitlisted", node->waitlisted},
                   {"open offers", "offers_open", node->offers_open},
                   {"therapists", "therapists", node->therapists}};
    char text[24], more[24];

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        ctl_show_field(call, numbers[i].label, "%s", number_text(node, numbers[i].name, numbers[i].number, text));
    ctl_show_field(call, "untold senders", "%s to come, %s given up",
                   number_text(node, "outbox_pending", node->outbox_pending, text),
                   number_text(node, "outbox_given_up", node->outbox_given_up, more));
}

static void show_node(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    const Fascia__Node *node = response->node;
    const struct zone *zone = ctl_call_zone(call, NULL);
    char since[40];

    if (node == NULL)
        return;
    fprintf(call->out, "%s, fasciad %s, up since %s\n", node->name, node->version,
            ctl_when(zone, node->started, since));
    if (node->accepting)
        ctl_show_field(call, "accepting", "yes");
    else
        ctl_show_field(call, "accepting", "no: %s", node->not_accepting_because);
    show_numbers(call, node);
    fputc('\n', call->out);
    show_sources(call, node);
}

static int status(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__NodeStatus query = FASCIA__NODE_STATUS__INIT;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_NODE_STATUS;
    request.node_status = &query;
    return ctl_ask_and_show(call, &request, NULL, show_node);
}

/* ---- outbox ---------------------------------------------------------------------------------------------------------- */

static void show_outbox(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    struct ctl_table *table = ctl_table_create(">ID|REFERRAL|SOURCE|STATUS|>ATTEMPTS|NEXT|LAST ERROR");
    const struct zone *zone = ctl_call_zone(call, NULL);

    for (size_t i = 0; i < response->n_outbox; i++) {
        const Fascia__OutboxRow *row = response->outbox[i];
        ctl_table_row(table);
        ctl_table_cell(table, "%" PRIu64, row->outbox);
        if (row->referral != 0)
            ctl_table_cell(table, "R%" PRIu64, row->referral);
        else
            ctl_table_cell(table, "-");
        ctl_table_cell(table, "%s", row->source);
        ctl_table_cell(table, "%s", row->event[0] != '\0' ? row->event : ctl_state_word(row->state));
        ctl_table_cell(table, "%u", row->attempts);
        if (row->given_up)
            ctl_table_cell(table, "given up");
        else
            ctl_table_when(table, zone, row->due);
        ctl_table_cell(table, "%s", row->last_error);
    }
    ctl_table_finish(table, call, "nothing waits to be told");
}

static int list_outbox(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ListOutbox query = FASCIA__LIST_OUTBOX__INIT;

    query.given_up = call->given_up;
    query.limit = limit_of(call);
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_OUTBOX;
    request.list_outbox = &query;
    return ctl_ask_and_show(call, &request, "outbox", show_outbox);
}

static void show_done(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    (void)response;
    fprintf(call->out, "done\n");
}

static int retry_outbox(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__RetryOutbox query = FASCIA__RETRY_OUTBOX__INIT;
    char *end = NULL;

    if (call->word_count > 0) {
        errno = 0;
        query.outbox = strtoull(call->words[0], &end, 10);
        if (errno != 0 || end == call->words[0] || *end != '\0' || query.outbox == 0)
            return ctl_usage(call, "an entry of the outbox is named by its number, as 'outbox list' shows it");
    }
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_RETRY_OUTBOX;
    request.retry_outbox = &query;
    return ctl_ask_and_show(call, &request, NULL, show_done);
}

/* ---- audit ----------------------------------------------------------------------------------------------------------- */

static void show_audit(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    struct ctl_table *table = ctl_table_create(">ENTRY|WHEN|WHO|REFERRAL|WHAT");
    const struct zone *zone = ctl_call_zone(call, NULL);

    for (size_t i = 0; i < response->n_audit; i++) {
        const Fascia__AuditRow *row = response->audit[i];
        ctl_table_row(table);
        ctl_table_cell(table, "%" PRIu64, row->sequence);
        ctl_table_when(table, zone, row->at);
        ctl_table_cell(table, "%s", row->actor);
        if (row->referral != 0)
            ctl_table_cell(table, "R%" PRIu64, row->referral);
        else
            ctl_table_cell(table, "%s", "");
        ctl_table_cell(table, "%s", row->kind);
    }
    ctl_table_finish(table, call, "no entries");
}

static int list_audit(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__AuditList query = FASCIA__AUDIT_LIST__INIT;
    int64_t after = 0;

    if (call->referral != NULL && !ctl_referral_id(call, call->referral, &query.referral))
        return CTL_USAGE;
    if (call->after != NULL && (!notation_integer(call->after, &after) || after < 0))
        return ctl_usage(call, "--after is the number of an entry");
    query.after = (uint64_t)after;
    query.limit = limit_of(call);
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_AUDIT_LIST;
    request.audit_list = &query;
    return ctl_ask_and_show(call, &request, "audit", show_audit);
}

static void show_head(struct ctl_call *call, const ProtobufCBinaryData *head)
{
    char *text = memory_allocate(2 * head->len + 1, 1);

    for (size_t i = 0; i < head->len; i++)
        snprintf(text + 2 * i, 3, "%02x", head->data[i]);
    ctl_show_field(call, "head", "%s", text);
    free(text);
}

/* The walk ends at the first entry that does not follow from those before: it knows how many were good, and not how many there are. */
static void show_broken_chain(struct ctl_call *call, const Fascia__AuditReport *report)
{
    fprintf(call->out, "THE CHAIN IS BROKEN after %" PRIu64 " good %s: entry %" PRIu64 " was changed or is missing\n",
            report->entries, report->entries == 1 ? "entry" : "entries", report->first_bad);
}

static int verify_audit(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__AuditVerify query = FASCIA__AUDIT_VERIFY__INIT;
    Fascia__ControlResponse *response = NULL;
    const Fascia__AuditReport *report;
    int code;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_AUDIT_VERIFY;
    request.audit_verify = &query;
    code = ctl_ask(call, &request, &response);
    if (code != CTL_OK)
        return code;
    report = response->audit_report;
    if (report == NULL) {
        fprintf(call->errors, "fasciactl: the daemon's answer has no report\n");
        code = CTL_FAILED;
    } else if (call->json) {
        ctl_print_json(call, &response->base, NULL);
    } else if (report->whole) {
        fprintf(call->out, "the chain of %" PRIu64 " entries is whole\n", report->entries);
        show_head(call, &report->head);
    } else {
        show_broken_chain(call, report);
    }
    if (report != NULL && !report->whole)
        code = CTL_REFUSED;
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

/* ---- backup, reload -------------------------------------------------------------------------------------------------- */

static int backup(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__Backup query = FASCIA__BACKUP__INIT;
    char *here = call->words[0][0] == '/' ? NULL : getcwd(NULL, 0);
    char *path = NULL;
    int code;

    /* the daemon's working directory is not ours */
    INVARIANT(asprintf(&path, "%s%s%s", here != NULL ? here : "", here != NULL ? "/" : "", call->words[0]) >= 0);
    query.path = path;
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_BACKUP;
    request.backup = &query;
    code = ctl_ask_and_show(call, &request, NULL, show_done);
    free(path);
    free(here);
    return code;
}

static int reload(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__Reload query = FASCIA__RELOAD__INIT;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_RELOAD;
    request.reload = &query;
    return ctl_ask_and_show(call, &request, NULL, show_done);
}

static int restore(struct ctl_call *call)
{
    return ctl_usage(call,
                     "a restore is done while no daemon runs: fasciad --config FILE --restore BACKUP; see fasciad(8)");
}

static int check(struct ctl_call *call)
{
    return ctl_usage(call,
                     "the store is checked while no daemon runs: fasciad --config FILE --check-store; see fasciad(8). "
                     "'fasciactl audit verify' checks the audit trail of a running one");
}

const struct ctl_verb ctl_node_verbs[] = {
    {"status", "", "", "how the node is, what is open, its sources", {0}, status},
    {"outbox",
     "list",
     "",
     "list what senders and notifiers have not been told yet",
     {CTL_OPTION_GIVEN_UP, CTL_OPTION_LIMIT},
     list_outbox},
    {"outbox", "retry", "[ID]", "tell again what was given up; all without ID", {0}, retry_outbox},
    {"audit",
     "list",
     "",
     "list who saw or changed what, when",
     {CTL_OPTION_REFERRAL, CTL_OPTION_AFTER, CTL_OPTION_LIMIT},
     list_audit},
    {"audit", "verify", "", "check that the audit trail is whole", {0}, verify_audit},
    {"backup", "", "PATH", "copy the store to a new file while it runs", {0}, backup},
    {"reload", "", "", "read the configuration again, as SIGHUP does", {0}, reload},
    {"restore", "", "[BACKUP]", "(fasciad --restore does this)", {0}, restore},
    {"check", "", "", "(fasciad --check-store does this)", {0}, check},
    {0}};
