/* What is handed on from a process that ends in peace to the next. */
#include "access/access.h"

#include "access/state.h"
#include "core/memory.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

static ProtobufCBinaryData key_bytes(const struct ledger_entry *entry)
{
    return (ProtobufCBinaryData){LEDGER_KEY_BYTES, (uint8_t *)(uintptr_t)entry->key};
}

static void remember_assertions(const struct access *access, Fascia__AccessMemory *memory)
{
    const struct ledger_entry *entry = NULL;
    size_t place = ledger_count(access->assertions);

    memory->assertions = memory_allocate(place, sizeof *memory->assertions);
    while ((entry = ledger_next(access->assertions, &place)) != NULL) {
        Fascia__UsedAssertion *used = memory_allocate(1, sizeof *used);
        fascia__used_assertion__init(used);
        used->key = key_bytes(entry);
        used->until = entry->until;
        memory->assertions[memory->n_assertions++] = used;
    }
}

/* Of one that was revoked nothing is handed on: it is unknown then. */
static void remember_tickets(const struct access *access, Fascia__AccessMemory *memory)
{
    const struct ledger_entry *entry = NULL;
    size_t place = ledger_count(access->tickets);

    memory->tickets = memory_allocate(place, sizeof *memory->tickets);
    while ((entry = ledger_next(access->tickets, &place)) != NULL) {
        const struct ticket *ticket = entry->item;
        Fascia__Ticket *told = NULL;
        if (ticket->account == NULL)
            continue;
        told = memory_allocate(1, sizeof *told);
        fascia__ticket__init(told);
        told->key = key_bytes(entry);
        told->account = ticket->account->content->name;
        told->session = ticket->session;
        told->issued = ticket->issued;
        told->ends = ticket->ends;
        told->idle_from = ticket->idle_from;
        told->scopes = ticket->scopes;
        told->until = entry->until;
        memory->tickets[memory->n_tickets++] = told;
    }
}

uint8_t *access_remember(const struct access *access, size_t *size)
{
    Fascia__AccessMemory memory = FASCIA__ACCESS_MEMORY__INIT;
    uint8_t *bytes = NULL;

    remember_assertions(access, &memory);
    remember_tickets(access, &memory);
    bytes = message_pack(&memory.base, size);
    for (size_t i = 0; i < memory.n_assertions; i++)
        free(memory.assertions[i]);
    for (size_t i = 0; i < memory.n_tickets; i++)
        free(memory.tickets[i]);
    free(memory.assertions);
    free(memory.tickets);
    return bytes;
}

static void recall_assertion(struct access *access, const Fascia__UsedAssertion *used, int64_t now)
{
    if (used->key.len == LEDGER_KEY_BYTES && used->until > now &&
        ledger_find(access->assertions, used->key.data) == NULL)
        (void)ledger_add(access->assertions, used->key.data, now, used->until, NULL, false);
}

static void recall_ticket(struct access *access, const Fascia__Ticket *told, int64_t now)
{
    struct account *account = account_find(access, told->account);
    struct ledger_entry *entry = NULL;

    if (account == NULL || account->content->disabled || told->key.len != LEDGER_KEY_BYTES || told->ends <= now ||
        account->tickets >= TICKETS_EACH || ledger_find(access->tickets, told->key.data) != NULL)
        return;
    entry = ledger_add(access->tickets, told->key.data, now, told->until, &account->tickets, false);
    if (entry == NULL)
        return;
    *(struct ticket *)entry->item = (struct ticket){.session = told->session,
                                                    .account = account,
                                                    .issued = told->issued,
                                                    .ends = told->ends,
                                                    .idle_from = told->idle_from,
                                                    .scopes = memory_text(told->scopes)};
}

void access_begin_anew(struct access *access)
{
    access->assertions_from = INT64_MIN;
}

bool access_recall(struct access *access, const uint8_t *bytes, size_t size, int64_t now)
{
    Fascia__AccessMemory *memory = message_receive(&fascia__access_memory__descriptor, bytes, size);

    if (memory == NULL)
        return false;
    for (size_t i = 0; i < memory->n_assertions; i++)
        recall_assertion(access, memory->assertions[i], now);
    for (size_t i = 0; i < memory->n_tickets; i++)
        recall_ticket(access, memory->tickets[i], now);
    fascia__access_memory__free_unpacked(memory, NULL);
    access_begin_anew(access);
    return true;
}
