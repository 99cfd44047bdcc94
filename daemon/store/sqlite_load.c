#include "store/sqlite_store.h"

#include <string.h>

/* The loader's own fault stands; what it could not take was read whole, so what was kept is at fault. */
#define REFUSED STORE_DAMAGED

static enum store_status load_therapists(struct store *store, const struct store_loader *loader, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_OK;
    enum store_status status =
        file_prepare(store->writer, "SELECT payload FROM therapist ORDER BY therapist", &statement, fault);

    while (status == STORE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const uint8_t *packed = sqlite3_column_blob(statement, 0);
        if (!loader->therapist(loader->context, packed, (size_t)sqlite3_column_bytes(statement, 0), fault))
            status = REFUSED;
    }
    if (status == STORE_OK)
        status = file_status(store->writer, code, "load therapists", fault);
    sqlite3_finalize(statement);
    return status;
}

static enum store_status load_accounts(struct store *store, const struct store_loader *loader, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = SQLITE_OK;
    enum store_status status =
        file_prepare(store->writer, "SELECT payload FROM account ORDER BY name", &statement, fault);

    while (status == STORE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const uint8_t *packed = sqlite3_column_blob(statement, 0);
        if (!loader->account(loader->context, packed, (size_t)sqlite3_column_bytes(statement, 0), fault))
            status = REFUSED;
    }
    if (status == STORE_OK)
        status = file_status(store->writer, code, "load accounts", fault);
    sqlite3_finalize(statement);
    return status;
}

static enum store_status load_referrals(struct store *store, const struct store_loader *loader, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    struct referral_row row;
    int code = SQLITE_OK;
    enum store_status status =
        file_prepare(store->writer, "SELECT " REFERRAL_COLUMNS " FROM referral ORDER BY referral", &statement, fault);

    while (status == STORE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        referral_from_row(statement, &row);
        if (!loader->referral(loader->context, &row, fault))
            status = REFUSED;
    }
    if (status == STORE_OK)
        status = file_status(store->writer, code, "load referrals", fault);
    sqlite3_finalize(statement);
    return status;
}

static enum store_status load_event(struct store *store, sqlite3_stmt *statement, const struct store_loader *loader,
                                    struct fault *fault)
{
    struct event_record event;
    struct seal_place place = {.table = SEAL_EVENT};
    enum store_status status = STORE_OK;

    event_from_row(statement, &event);
    place.row = event.sequence;
    place.referral = event.referral;
    status = payload_open(store->vault, &place, statement, EVENT_PAYLOAD, &store->scratch, &store->scratch_size,
                          &event.size, fault);
    if (status == STORE_MISSING) {
        fault_prefix(fault, "referral %llu is open and was never erased", (unsigned long long)event.referral);
        return STORE_DAMAGED;
    }
    if (status != STORE_OK)
        return status;
    event.payload = store->scratch;
    return loader->event(loader->context, &event, fault) ? STORE_OK : REFUSED;
}

/* The numbers of the events come from the index and are sorted first, so that closed referrals' pages are not read. */
static enum store_status load_events(struct store *store, const struct store_loader *loader, struct fault *fault)
{
    static const char wanted[] = "SELECT e.sequence FROM referral AS r CROSS JOIN event AS e ON e.referral = r.referral"
                                 " WHERE r.open = 1 AND r.erased = 0 ORDER BY e.sequence";
    sqlite3_stmt *numbers = NULL, *event = NULL;
    int code = SQLITE_OK;
    enum store_status status = file_prepare(store->writer, wanted, &numbers, fault);

    if (status == STORE_OK)
        status = file_prepare(store->writer, "SELECT " EVENT_COLUMNS " FROM event WHERE sequence = ?1", &event, fault);
    while (status == STORE_OK && (code = sqlite3_step(numbers)) == SQLITE_ROW) {
        file_bind_number(event, 1, sqlite3_column_int64(numbers, 0));
        code = sqlite3_step(event);
        if (code == SQLITE_ROW)
            status = load_event(store, event, loader, fault);
        else
            status =
                file_status(store->writer, code == SQLITE_DONE ? SQLITE_CORRUPT_INDEX : code, "load events", fault);
        sqlite3_reset(event);
    }
    if (status == STORE_OK)
        status = file_status(store->writer, code, "load events", fault);
    sqlite3_finalize(numbers);
    sqlite3_finalize(event);
    return status;
}

enum store_status store_load(struct store *store, const struct store_loader *loader, struct fault *fault)
{
    int64_t last_outbox = 0, last_referral = 0, last_therapist = 0;
    /* Rows are seldom removed, so the last numbers say how many there are without a walk over all. */
    enum store_status status =
        file_number(store->writer, "SELECT max(therapist) FROM therapist", &last_therapist, fault);

    if (status == STORE_OK)
        status = file_number(store->writer, "SELECT max(referral) FROM referral", &last_referral, fault);
    if (status == STORE_OK && loader->begin != NULL)
        loader->begin(loader->context, (uint64_t)last_therapist, (uint64_t)last_referral);
    if (status == STORE_OK && loader->account != NULL)
        status = load_accounts(store, loader, fault);
    if (status == STORE_OK)
        status = load_therapists(store, loader, fault);
    if (status == STORE_OK)
        status = load_referrals(store, loader, fault);
    if (status == STORE_OK)
        status = load_events(store, loader, fault);
    scratch_release(&store->scratch, &store->scratch_size);
    if (status == STORE_OK)
        status = file_number(store->writer, "SELECT max(outbox) FROM outbox", &last_outbox, fault);
    if (status == STORE_OK)
        loader->finish(loader->context, (uint64_t)last_referral, store->last_sequence, (uint64_t)last_outbox);
    return store_note(store, status);
}
