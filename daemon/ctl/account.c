#include "ctl/account.h"

#include "core/message.h"
#include "ctl/json.h"
#include "ctl/show.h"
#include "ctl/words.h"

#include <stdlib.h>
#include <string.h>

#define PAGE         1000
#define LIST_DEFAULT 100

static const char *kind_word(Fascia__Account__Kind kind)
{
    return kind == FASCIA__ACCOUNT__KIND__CLIENT ? "client" : "user";
}

static char *lent(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* ---- fetching and putting ---- */

int ctl_account_ask(struct ctl_call *call, Fascia__ControlResponse **response)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ListAccounts query = FASCIA__LIST_ACCOUNTS__INIT;

    *response = NULL;
    if (call->words[0][0] == '\0')
        return ctl_usage(call, "a name is not empty");
    query.name = lent(call->words[0]);
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_ACCOUNTS;
    request.list_accounts = &query;
    return ctl_ask(call, &request, response);
}

const Fascia__AccountRow *ctl_account_fetch(struct ctl_call *call, Fascia__Account__Kind kind, int *code,
                                            Fascia__ControlResponse **response)
{
    const Fascia__AccountRow *row;

    *code = ctl_account_ask(call, response);
    if (*code != CTL_OK)
        return NULL;
    row = *response != NULL && (*response)->n_accounts == 1 ? (*response)->accounts[0] : NULL;
    if (row != NULL && row->account != NULL && row->account->kind == kind)
        return row;
    *code = CTL_REFUSED;
    if (row == NULL || row->account == NULL)
        fprintf(call->errors, "fasciactl: there is no account of this name\n");
    else
        fprintf(call->errors, "fasciactl: that is no %s, but a %s\n", kind_word(kind), kind_word(row->account->kind));
    return NULL;
}

int ctl_account_put(struct ctl_call *call, Fascia__Account *account)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;

    command.body_case = FASCIA__COMMAND__BODY_PUT_ACCOUNT;
    command.put_account = account;
    return ctl_command(call, &command);
}

int ctl_account_remove(struct ctl_call *call, Fascia__Account__Kind kind)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;
    Fascia__ControlResponse *response = NULL;
    int code;

    if (ctl_account_fetch(call, kind, &code, &response) != NULL) {
        command.body_case = FASCIA__COMMAND__BODY_REMOVE_ACCOUNT;
        command.remove_account = lent(call->words[0]);
        code = ctl_command(call, &command);
    }
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

/* ---- options ---- */

void ctl_account_words(const char *text, char ***list, size_t *count)
{
    while (*text != '\0') {
        const size_t size = strcspn(text, ", ");
        char *word = strndup(text, size);

        INVARIANT(word != NULL);
        if (size > 0)
            message_push_text(list, count, word);
        free(word);
        text += size + (text[size] != '\0');
    }
}

static bool add_role(struct ctl_call *call, Fascia__Account *account, const char *word)
{
    char name[64];
    int value = 0;

    if (!ctl_word_value(&fascia__access_role__descriptor, word, &value) || value == 0) {
        ctl_words(&fascia__access_role__descriptor, name, sizeof name);
        (void)ctl_usage(call, "--role is one or more of %s", name);
        return false;
    }
    account->roles = realloc(account->roles, (account->n_roles + 1) * sizeof *account->roles);
    INVARIANT(account->roles != NULL);
    account->roles[account->n_roles++] = (Fascia__AccessRole)value;
    return true;
}

static bool take_roles(struct ctl_call *call, Fascia__Account *account)
{
    char **words = NULL;
    size_t count = 0;
    bool good = true;

    account->n_roles = 0;
    ctl_account_words(call->role, &words, &count);
    for (size_t i = 0; i < count; i++) {
        good = good && add_role(call, account, words[i]);
        free(words[i]);
    }
    free(words);
    return good;
}

bool ctl_account_take_options(struct ctl_call *call, Fascia__Account *account)
{
    if (call->disable && call->enable) {
        (void)ctl_usage(call, "--disable or --enable, not both");
        return false;
    }
    if (call->title != NULL)
        message_set(&account->title, call->title);
    if (call->sender != NULL)
        message_set(&account->sender, call->sender);
    if (call->therapist != NULL)
        message_set(&account->therapist, call->therapist);
    account->disabled = call->disable || (account->disabled && !call->enable);
    return call->role == NULL || take_roles(call, account);
}

/* ---- showing ---- */

static void write_roles(const Fascia__Account *account, char *text, size_t size)
{
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < account->n_roles && at < size; i++) {
        char word[64];

        at += (size_t)snprintf(text + at, size - at, "%s%s", i > 0 ? ", " : "",
                               ctl_word(&fascia__access_role__descriptor, (int)account->roles[i], word));
    }
}

static const char *way_in(const Fascia__AccountRow *row)
{
    if (row->account->disabled)
        return "disabled";
    if (row->locked_until != 0)
        return "has to wait";
    if (row->account->kind == FASCIA__ACCOUNT__KIND__CLIENT)
        return "keys";
    if (!row->has_password)
        return "no password";
    return row->has_totp ? "password and code" : "password";
}

static void list_one(struct ctl_table *table, const Fascia__AccountRow *row)
{
    char roles[256];

    write_roles(row->account, roles, sizeof roles);
    ctl_table_row(table);
    ctl_table_cell(table, "%s", row->account->name);
    ctl_table_cell(table, "%s", roles);
    ctl_table_cell(table, "%s", way_in(row));
    ctl_table_cell(table, "%s", row->account->title);
}

/* Calls each for up to `most` of the kind, by name. */
static int for_each(struct ctl_call *call, Fascia__Account__Kind kind, size_t most, json_t *rows,
                    struct ctl_table *table)
{
    char after[128] = "";
    size_t got = PAGE, seen = 0;

    if (call->after != NULL)
        snprintf(after, sizeof after, "%s", call->after);
    while (got == PAGE && seen < most) {
        Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
        Fascia__ListAccounts query = FASCIA__LIST_ACCOUNTS__INIT;
        Fascia__ControlResponse *page = NULL;
        int code;

        query.after = after;
        query.limit = PAGE;
        request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_ACCOUNTS;
        request.list_accounts = &query;
        code = ctl_ask(call, &request, &page);
        if (code != CTL_OK)
            return code;
        got = page->n_accounts;
        for (size_t i = 0; i < got && seen < most; i++) {
            const Fascia__AccountRow *row = page->accounts[i];

            snprintf(after, sizeof after, "%s", row->account->name);
            if (row->account->kind != kind)
                continue;
            seen++;
            if (rows != NULL)
                json_array_append_new(rows, ctl_json_write(&row->base, CTL_JSON_FULL));
            else
                list_one(table, row);
        }
        fascia__control_response__free_unpacked(page, NULL);
    }
    return CTL_OK;
}

int ctl_account_list(struct ctl_call *call, Fascia__Account__Kind kind)
{
    struct ctl_table *table = call->json ? NULL : ctl_table_create("NAME|ROLES|SIGNS IN BY|TITLE");
    json_t *rows = call->json ? json_array() : NULL, *object;
    const int code = for_each(call, kind, call->limit > 0 ? (size_t)call->limit : LIST_DEFAULT, rows, table);

    if (table != NULL)
        ctl_table_finish(table, call, kind == FASCIA__ACCOUNT__KIND__CLIENT ? "no clients" : "no users");
    if (rows == NULL)
        return code;
    object = json_pack("{s:o}", "accounts", rows);
    if (code == CTL_OK) {
        json_dumpf(object, call->out, JSON_INDENT(2));
        fputc('\n', call->out);
    }
    json_decref(object);
    return code;
}

static void show_row(struct ctl_call *call, const Fascia__AccountRow *row)
{
    const Fascia__Account *account = row->account;
    char roles[256], when[40];

    write_roles(account, roles, sizeof roles);
    ctl_show_text(call->out, account->name);
    fputc('\n', call->out);
    ctl_show_field(call, "title", "%s", account->title);
    ctl_show_field(call, "roles", "%s", roles);
    ctl_show_field(call, "sender", "%s", account->sender);
    ctl_show_field(call, "therapist", "%s", account->therapist);
    ctl_show_field(call, "signs in by", "%s", way_in(row));
    if (row->locked_until != 0)
        ctl_show_field(call, "not before", "%s", ctl_when(ctl_call_zone(call, NULL), row->locked_until, when));
    ctl_show_list(call, "scopes", account->scopes, account->n_scopes);
    ctl_keys_show(call, account);
    ctl_show_field(call, "since", "%s", ctl_when(ctl_call_zone(call, NULL), account->created, when));
}

int ctl_account_show(struct ctl_call *call, Fascia__Account__Kind kind)
{
    Fascia__ControlResponse *response = NULL;
    const Fascia__AccountRow *row;
    int code;

    if (ctl_call_zone(call, NULL) == NULL)
        return CTL_USAGE;
    row = ctl_account_fetch(call, kind, &code, &response);
    if (row != NULL && call->json)
        ctl_print_json(call, &response->base, "accounts");
    else if (row != NULL)
        show_row(call, row);
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}
