/*
 * Requests about accounts. They are changed by commands, like all that is kept; what can't be known in the core is done before: whether somebody could sign in by it,
 * and the sealing of its secret. Who is listed, and who has to wait, the loop knows itself.
 */
#include "node/control.h"

#include "access/access.h"
#include "access/sign_in.h"
#include "core/account.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

#define ROWS      100
#define ROWS_MOST 1000

/* The secret of codes, sealed in its place. */
static void seal(const struct stages *stages, Fascia__Account *account)
{
    const size_t size = account->totp.len;
    uint8_t *sealed;

    if (size == 0 || (size == 1 && account->totp.data[0] == ACCOUNT_NO_SECRET[0]))
        return;
    sealed = memory_allocate(size + STORE_SECRET_BYTES, 1);
    store_seal_secret(stages_settings(stages)->store, account->name, account->totp.data, size, sealed);
    explicit_bzero(account->totp.data, size);
    free(account->totp.data);
    account->totp.data = sealed;
    account->totp.len = size + STORE_SECRET_BYTES;
}

bool control_admit_account(struct control_request *request)
{
    Fascia__Account *account = request->request->command->put_account;
    struct fault fault = {{0}};

    if (account->totp.len > 0 && account->totp.len < ACCESS_TOTP_SECRET &&
        !(account->totp.len == 1 && account->totp.data[0] == ACCOUNT_NO_SECRET[0]))
        fault_set(&fault, "totp: a secret has at least %d bytes", ACCESS_TOTP_SECRET);
    else if (access_check_account(account, &fault)) {
        seal(control_stages(request->control), account);
        return true;
    }
    control_refuse(request, "%s", fault.text);
    return false;
}

/* Field by field: a secret that is added later is not told by forgetting it here. */
static Fascia__Account *without_secrets(const Fascia__Account *account)
{
    Fascia__Account told = FASCIA__ACCOUNT__INIT;

    told.name = account->name;
    told.kind = account->kind;
    told.title = account->title;
    told.roles = account->roles;
    told.n_roles = account->n_roles;
    told.sender = account->sender;
    told.therapist = account->therapist;
    told.disabled = account->disabled;
    told.jwks = account->jwks;
    told.n_jwks = account->n_jwks;
    told.scopes = account->scopes;
    told.n_scopes = account->n_scopes;
    told.created = account->created;
    return message_copy(&told.base);
}

static void add_row(Fascia__ControlResponse *response, const struct access *access, const Fascia__Account *account)
{
    Fascia__AccountRow *row = memory_allocate(1, sizeof *row);

    fascia__account_row__init(row);
    row->account = without_secrets(account);
    row->has_password = account->password[0] != '\0';
    row->has_totp = account->totp.len > 0;
    row->locked_until = access_locked_until(access, account->name, io_now());
    message_push(&response->accounts, &response->n_accounts, row);
}

static void list(struct control_request *request, const struct access *access, const Fascia__ListAccounts *query)
{
    const uint32_t limit = query->limit == 0 ? ROWS : query->limit < ROWS_MOST ? query->limit : ROWS_MOST;
    const Fascia__Account *account =
        query->name[0] != '\0' ? access_find(access, query->name) : access_next(access, query->after);
    Fascia__ControlResponse *response = control_response();

    while (account != NULL && response->n_accounts < limit) {
        add_row(response, access, account);
        account = query->name[0] != '\0' ? NULL : access_next(access, account->name);
    }
    control_answer(request, response, true);
}

static void unlock(struct control_request *request, struct access *access, const char *name)
{
    if (access_find(access, name) == NULL) {
        control_refuse(request, "there is no account of this name");
        return;
    }
    access_unlock(access, name);
    control_answer(request, control_response(), true);
}

void control_accounts(struct control_request *request)
{
    struct access *access = control_host(request->control)->access;

    if (request->request->body_case == FASCIA__CONTROL_REQUEST__BODY_UNLOCK_ACCOUNT)
        unlock(request, access, request->request->unlock_account->name);
    else
        list(request, access, request->request->list_accounts);
}
