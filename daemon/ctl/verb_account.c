/* client add, list, show, set, remove; user add, list, show, set, password, totp, unlock, remove. */
#include "access/sign_in.h"
#include "core/account.h"
#include "core/memory.h"
#include "core/message.h"
#include "ctl/account.h"
#include "ctl/json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT FASCIA__ACCOUNT__KIND__CLIENT
#define PERSON FASCIA__ACCOUNT__KIND__PERSON

/* ---- adding and changing ---- */

static bool take_client_options(struct ctl_call *call, Fascia__Account *account)
{
    char *set;

    if (call->scope != NULL) {
        for (size_t i = 0; i < account->n_scopes; i++)
            free(account->scopes[i]);
        account->n_scopes = 0;
        ctl_account_words(call->scope, &account->scopes, &account->n_scopes);
    }
    if (call->remove_key != NULL && !ctl_keys_remove(call, account, call->remove_key))
        return false;
    if (call->jwks == NULL)
        return true;
    set = ctl_keys_read(call, call->jwks);
    if (set == NULL)
        return false;
    message_push_text(&account->jwks, &account->n_jwks, set);
    free(set);
    return true;
}

/* A name that is there already is not taken over by mistake. */
static int check_free(struct ctl_call *call)
{
    Fascia__ControlResponse *response = NULL;
    int code = ctl_account_ask(call, &response);

    if (code == CTL_OK && response->n_accounts > 0) {
        fprintf(call->errors, "fasciactl: there is an account of this name already\n");
        code = CTL_REFUSED;
    }
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

static int add(struct ctl_call *call, Fascia__Account__Kind kind)
{
    Fascia__Account *account = memory_allocate(1, sizeof *account);
    int code = CTL_USAGE;

    fascia__account__init(account);
    account->kind = kind;
    account->name = message_text(call->words[0]);
    if (ctl_account_take_options(call, account) && take_client_options(call, account))
        code = check_free(call);
    if (code == CTL_OK)
        code = ctl_account_put(call, account);
    fascia__account__free_unpacked(account, NULL);
    return code;
}

static int set(struct ctl_call *call, Fascia__Account__Kind kind)
{
    Fascia__ControlResponse *response = NULL;
    int code;
    const Fascia__AccountRow *row = ctl_account_fetch(call, kind, &code, &response);

    if (row != NULL)
        code = ctl_account_take_options(call, row->account) && take_client_options(call, row->account)
                   ? ctl_account_put(call, row->account)
                   : CTL_USAGE;
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

static int client_add(struct ctl_call *call)
{
    return add(call, CLIENT);
}

static int client_set(struct ctl_call *call)
{
    return set(call, CLIENT);
}

static int client_list(struct ctl_call *call)
{
    return ctl_account_list(call, CLIENT);
}

static int client_show(struct ctl_call *call)
{
    return ctl_account_show(call, CLIENT);
}

static int client_remove(struct ctl_call *call)
{
    return ctl_account_remove(call, CLIENT);
}

static int user_add(struct ctl_call *call)
{
    return add(call, PERSON);
}

static int user_set(struct ctl_call *call)
{
    return set(call, PERSON);
}

static int user_list(struct ctl_call *call)
{
    return ctl_account_list(call, PERSON);
}

static int user_show(struct ctl_call *call)
{
    return ctl_account_show(call, PERSON);
}

static int user_remove(struct ctl_call *call)
{
    return ctl_account_remove(call, PERSON);
}

/* ---- secrets ---- */

/* What the daemon hears is the hash: it sees a password only when somebody signs in. */
static int read_and_hash(struct ctl_call *call, char hash[128])
{
    char password[ACCESS_PASSWORD_BYTES + 2] = "";
    bool hashed;

    if (call->remove) {
        snprintf(hash, 128, "%s", ACCOUNT_NO_SECRET);
        return CTL_OK;
    }
    if (!ctl_read_password(call, password, sizeof password))
        return CTL_USAGE;
    hashed = access_password_hash(password, hash);
    explicit_bzero(password, sizeof password);
    if (hashed)
        return CTL_OK;
    fprintf(call->errors, "fasciactl: there is too little memory to hash a password\n");
    return CTL_FAILED;
}

static int user_password(struct ctl_call *call)
{
    Fascia__ControlResponse *response = NULL;
    char hash[128];
    int code;
    const Fascia__AccountRow *row = ctl_account_fetch(call, PERSON, &code, &response);

    if (row != NULL)
        code = read_and_hash(call, hash);
    if (row != NULL && code == CTL_OK) {
        message_set(&row->account->password, hash);
        code = ctl_account_put(call, row->account);
    }
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

/* RFC 4648 6, without padding, as authenticators read it. 20 bytes are 32 characters. */
static void write_base32(const uint8_t secret[ACCESS_TOTP_SECRET], char text[ACCESS_TOTP_SECRET * 8 / 5 + 1])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    size_t at = 0;

    for (size_t bit = 0; bit < ACCESS_TOTP_SECRET * 8; bit += 5) {
        unsigned value = (unsigned)secret[bit / 8] << 8;

        if (bit / 8 + 1 < ACCESS_TOTP_SECRET)
            value |= secret[bit / 8 + 1];
        text[at++] = alphabet[value >> (11 - bit % 8) & 31];
    }
    text[at] = '\0';
}

static void print_secret(struct ctl_call *call, const uint8_t secret[ACCESS_TOTP_SECRET])
{
    char text[ACCESS_TOTP_SECRET * 8 / 5 + 1], *uri = NULL;
    int written;

    write_base32(secret, text);
    written = asprintf(&uri, "otpauth://totp/fascia:%s?secret=%s&issuer=fascia&algorithm=SHA1&digits=6&period=30",
                       call->words[0], text);
    INVARIANT(written > 0);
    if (call->json) {
        json_t *object = json_pack("{s:s, s:s}", "uri", uri, "secret", text);

        json_dumpf(object, call->out, JSON_INDENT(2));
        fputc('\n', call->out);
        json_decref(object);
    } else {
        fprintf(call->out, "%s\nThis is shown once: let an authenticator read it now.\n", uri);
    }
    explicit_bzero(text, sizeof text);
    explicit_bzero(uri, strlen(uri));
    free(uri);
}

/* The command's own answer is not shown: the secret is. */
static int put_secret(struct ctl_call *call, Fascia__Account *account, const uint8_t *secret, size_t size)
{
    FILE *out = call->out;
    char *said = NULL;
    size_t said_size = 0;
    int code;

    account->totp.data = memory_allocate(size, 1);
    memcpy(account->totp.data, secret, size);
    account->totp.len = size;
    call->out = open_memstream(&said, &said_size);
    INVARIANT(call->out != NULL);
    code = ctl_account_put(call, account);
    fclose(call->out);
    call->out = out;
    if (code != CTL_OK || size == 1)
        fputs(said, out);
    free(said);
    return code;
}

static int user_totp(struct ctl_call *call)
{
    Fascia__ControlResponse *response = NULL;
    uint8_t secret[ACCESS_TOTP_SECRET];
    int code;
    const Fascia__AccountRow *row = ctl_account_fetch(call, PERSON, &code, &response);

    randombytes_buf(secret, sizeof secret);
    if (row != NULL && call->remove)
        code = put_secret(call, row->account, (const uint8_t *)ACCOUNT_NO_SECRET, 1);
    else if (row != NULL)
        code = put_secret(call, row->account, secret, sizeof secret);
    if (row != NULL && code == CTL_OK && !call->remove)
        print_secret(call, secret);
    explicit_bzero(secret, sizeof secret);
    fascia__control_response__free_unpacked(response, NULL);
    return code;
}

static void show_unlocked(struct ctl_call *call, const Fascia__ControlResponse *response)
{
    (void)response;
    fprintf(call->out, "done\n");
}

static int user_unlock(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__UnlockAccount unlock = FASCIA__UNLOCK_ACCOUNT__INIT;

    unlock.name = (char *)(uintptr_t)call->words[0];
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_UNLOCK_ACCOUNT;
    request.unlock_account = &unlock;
    return ctl_ask_and_show(call, &request, NULL, show_unlocked);
}

const struct ctl_verb ctl_client_verbs[] = {
    {"client",
     "add",
     "NAME",
     "let a system ask over HTTP, by SMART Backend Services",
     {CTL_OPTION_JWKS + CTL_NEEDED, CTL_OPTION_SCOPE + CTL_NEEDED, CTL_OPTION_ROLE + CTL_NEEDED, CTL_OPTION_WHOSE,
      CTL_OPTION_IS_THERAPIST, CTL_OPTION_TITLE, CTL_OPTION_DISABLE},
     client_add},
    {"client", "list", "", "list systems that may ask", {CTL_OPTION_LIMIT, CTL_OPTION_AFTER_NAME}, client_list},
    {"client", "show", "NAME", "show one, with its keys", {0}, client_show},
    {"client",
     "set",
     "NAME",
     "change one; its tokens end",
     {CTL_OPTION_ADD_JWKS, CTL_OPTION_REMOVE_KEY, CTL_OPTION_SCOPE, CTL_OPTION_ROLE, CTL_OPTION_WHOSE,
      CTL_OPTION_IS_THERAPIST, CTL_OPTION_TITLE, CTL_OPTION_DISABLE, CTL_OPTION_ENABLE},
     client_set},
    {"client", "remove", "NAME", "let it in no more", {0}, client_remove},
    {0}};

const struct ctl_verb ctl_user_verbs[] = {
    {"user",
     "add",
     "NAME",
     "let a person sign in; then give them a password",
     {CTL_OPTION_ROLE + CTL_NEEDED, CTL_OPTION_WHOSE, CTL_OPTION_IS_THERAPIST, CTL_OPTION_TITLE, CTL_OPTION_DISABLE},
     user_add},
    {"user", "list", "", "list people who may sign in", {CTL_OPTION_LIMIT, CTL_OPTION_AFTER_NAME}, user_list},
    {"user", "show", "NAME", "show one", {0}, user_show},
    {"user",
     "set",
     "NAME",
     "change one; their sessions end",
     {CTL_OPTION_ROLE, CTL_OPTION_WHOSE, CTL_OPTION_IS_THERAPIST, CTL_OPTION_TITLE, CTL_OPTION_DISABLE,
      CTL_OPTION_ENABLE},
     user_set},
    {"user",
     "password",
     "NAME",
     "set the password, from the terminal or standard input",
     {CTL_OPTION_REMOVE},
     user_password},
    {"user",
     "totp",
     "NAME",
     "demand codes of an authenticator, whose secret is shown once",
     {CTL_OPTION_REMOVE},
     user_totp},
    {"user", "unlock", "NAME", "forgive failures to sign in", {0}, user_unlock},
    {"user", "remove", "NAME", "let them in no more", {0}, user_remove},
    {0}};
