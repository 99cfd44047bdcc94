/*
 * Accounts of those who ask over HTTP, as both `client` and `user` show and change them: an account is fetched, changed, and put back whole.
 */
#ifndef FASCIA_CTL_ACCOUNT_H
#define FASCIA_CTL_ACCOUNT_H

#include "ctl/call.h"

/* What the daemon says of the account that the call names: one row, or none. */
MUST_CHECK int ctl_account_ask(struct ctl_call *call, Fascia__ControlResponse **response);
/* The account of this name and kind, without secrets; NULL and an exit code when there is none, said. *code is CTL_OK else. The row is response's own. */
const Fascia__AccountRow *ctl_account_fetch(struct ctl_call *call, Fascia__Account__Kind kind, int *code,
                                            Fascia__ControlResponse **response);
/* Options of the call that stand in an account's fields: title, role, sender, therapist, disable and enable. false: said. */
MUST_CHECK bool ctl_account_take_options(struct ctl_call *call, Fascia__Account *account);
int ctl_account_put(struct ctl_call *call, Fascia__Account *account);
/* For both kinds: the verbs that are the same. */
int ctl_account_list(struct ctl_call *call, Fascia__Account__Kind kind);
int ctl_account_show(struct ctl_call *call, Fascia__Account__Kind kind);
int ctl_account_remove(struct ctl_call *call, Fascia__Account__Kind kind);
/* "a;b" or "a,b" or "a b" as list items. */
void ctl_account_words(const char *text, char ***list, size_t *count);

/* ---- account_keys.c: JWK sets ---- */
/* The file's text, heap; NULL, said. */
char *ctl_keys_read(struct ctl_call *call, const char *path);
void ctl_keys_show(struct ctl_call *call, const Fascia__Account *account);
/* Takes the key of this kid or number out. false: there is none such, said. */
MUST_CHECK bool ctl_keys_remove(struct ctl_call *call, Fascia__Account *account, const char *key);

/* ---- secret.c ---- */
/* A new password from the terminal, without showing it, or a line of standard input. false: said. */
MUST_CHECK bool ctl_read_password(struct ctl_call *call, char *password, size_t size);

#endif
