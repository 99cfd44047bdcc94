/*
 * Accounts in the core: a table by name, no more. What an account must be like is known where people and systems sign in; here it is kept, told about in an
 * event, and its secrets are bytes that nobody reads.
 */
#ifndef FASCIA_CORE_ACCOUNT_H
#define FASCIA_CORE_ACCOUNT_H

#define ACCOUNT_NO_SECRET "!" /* in put_account: removes a password, or a totp; empty ones are left as they are */

#endif
