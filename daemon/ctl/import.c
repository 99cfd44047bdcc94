#include "ctl/import.h"

#include "core/memory.h"
#include "ctl/ctl.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* Rows on their way to the daemon. */
struct chunk {
    Fascia__Therapist *therapists[IMPORT_CHUNK_ROWS];
    size_t lines[IMPORT_CHUNK_ROWS]; /* they came from */
    struct therapist_columns columns[IMPORT_CHUNK_ROWS];
    size_t count, bytes;
};

/* What an answer is read against. */
struct sent {
    const struct therapist_file *file;
    size_t lines[IMPORT_CHUNK_ROWS];
    struct therapist_columns columns[IMPORT_CHUNK_ROWS];
    size_t count; /* 0: no answer is due */
};

struct traffic {
    struct chunk chunk; /* being filled */
    struct sent sent;
};

struct seen {
    size_t line;
    char identifier[];
};

static int by_identifier(const void *left, const void *right)
{
    return strcmp(((const struct seen *)left)->identifier, ((const struct seen *)right)->identifier);
}

/* The line on which the identifier was before; 0, and it is remembered, when it is new. */
static size_t seen_before(void **tree, const char *identifier, size_t line)
{
    const size_t size = strlen(identifier) + 1;
    struct seen *entry = memory_allocate(1, sizeof *entry + size);
    struct seen **found;

    entry->line = line;
    memcpy(entry->identifier, identifier, size);
    found = tsearch(entry, tree, by_identifier);
    INVARIANT(found != NULL);
    if (*found == entry)
        return 0;
    free(entry);
    return (*found)->line;
}

static void clear_chunk(struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++)
        fascia__therapist__free_unpacked(chunk->therapists[i], NULL);
    chunk->count = chunk->bytes = 0;
}

/* "row 17" of a chunk; 0 when it names none. */
static size_t row_of(const char *location, size_t count)
{
    unsigned long row = 0;

    if (strncmp(location, "row ", 4) == 0)
        row = strtoul(location + 4, NULL, 10);
    return row <= count ? row : 0;
}

static void take_answer(struct ctl_import *import, const struct sent *sent, const Fascia__ImportAnswer *answer)
{
    bool refused[IMPORT_CHUNK_ROWS + 1] = {false};

    import->added += answer->added;
    import->updated += answer->updated;
    import->unchanged += answer->unchanged;
    for (size_t i = 0; i < answer->n_problems; i++) {
        const Fascia__Problem *problem = answer->problems[i];
        const size_t row = row_of(problem->location, sent->count);
        if (row > 0)
            ctl_problems_add(&import->problems, sent->lines[row - 1],
                             therapist_file_column_of(sent->file, &sent->columns[row - 1], problem->field),
                             problem->field, problem->message);
        else
            ctl_problems_add(&import->problems, 0, 0, problem->field, problem->message);
        refused[row] |= problem->severity == FASCIA__PROBLEM__SEVERITY__ERROR;
    }
    for (size_t row = 1; row <= sent->count; row++)
        import->refused += refused[row];
}

/* Nothing when no answer is due. */
static int receive_answer(struct ctl_import *import, struct sent *sent)
{
    Fascia__ControlResponse *response = NULL;
    int code;

    if (sent->count == 0)
        return CTL_OK;
    code = import->receive(import->context, &response);
    if (code == CTL_OK && response->import_answer != NULL)
        take_answer(import, sent, response->import_answer);
    else if (code == CTL_OK)
        code = CTL_FAILED;
    if (response != NULL)
        fascia__control_response__free_unpacked(response, NULL);
    sent->count = 0;
    return code;
}

/* The answer to the chunk before is read only now: the daemon was at work meanwhile. */
static int send_chunk(struct ctl_import *import, struct traffic *traffic, size_t unread)
{
    Fascia__ImportTherapists message = FASCIA__IMPORT_THERAPISTS__INIT;
    struct chunk *chunk = &traffic->chunk;
    int code;

    if (chunk->count == 0)
        return CTL_OK;
    message.therapists = chunk->therapists;
    message.n_therapists = chunk->count;
    message.dry_run = import->dry_run;
    code = import->send(import->context, &message);
    if (code == CTL_OK)
        code = receive_answer(import, &traffic->sent);
    if (code == CTL_OK) {
        memcpy(traffic->sent.lines, chunk->lines, chunk->count * sizeof *chunk->lines);
        memcpy(traffic->sent.columns, chunk->columns, chunk->count * sizeof *chunk->columns);
        traffic->sent.count = chunk->count;
    }
    clear_chunk(chunk);
    if (import->progress != NULL)
        import->progress(import->context, import->rows, unread);
    return code;
}

/* Takes the therapist over. */
static int take_row(struct ctl_import *import, struct traffic *traffic, void **seen, Fascia__Therapist *therapist,
                    size_t line, const struct therapist_file *file)
{
    const size_t before = seen_before(seen, therapist->identifier, line);
    const size_t bytes = fascia__therapist__get_packed_size(therapist);
    struct chunk *chunk = &traffic->chunk;
    int code = CTL_OK;
    char text[96];

    if (before > 0) {
        snprintf(text, sizeof text, "stands on line %zu already", before);
        ctl_problems_add(&import->problems, line, therapist_file_column(file, "identifier"), "identifier", text);
        import->refused++;
        fascia__therapist__free_unpacked(therapist, NULL);
        return CTL_OK;
    }
    if (chunk->bytes + bytes > IMPORT_CHUNK_BYTES)
        code = send_chunk(import, traffic, therapist_file_unread(file));
    chunk->therapists[chunk->count] = therapist;
    therapist_file_keep_columns(file, &chunk->columns[chunk->count]);
    chunk->lines[chunk->count++] = line;
    chunk->bytes += bytes;
    if (code == CTL_OK && chunk->count == IMPORT_CHUNK_ROWS)
        code = send_chunk(import, traffic, therapist_file_unread(file));
    return code;
}

int ctl_import_run(struct ctl_import *import)
{
    struct therapist_file *file = therapist_file_create(import->stream, import->format, &import->problems);
    struct traffic *traffic = memory_allocate(1, sizeof *traffic);
    void *seen = NULL;
    enum therapist_row row = THERAPIST_WRONG;
    int code = CTL_OK;

    traffic->sent.file = file;
    while (code == CTL_OK && row != THERAPIST_END && row != THERAPIST_STOP) {
        Fascia__Therapist *therapist = NULL;
        size_t line = 0;
        row = therapist_file_next(file, &therapist, &line);
        import->rows += row == THERAPIST_ROW || row == THERAPIST_WRONG;
        import->refused += row == THERAPIST_WRONG;
        if (row == THERAPIST_ROW)
            code = take_row(import, traffic, &seen, therapist, line, file);
        if (code == CTL_OK && import->rows > IMPORT_ROWS_MOST) {
            ctl_problems_add(&import->problems, line, 0, "", "a file holds at most 2000000 rows; divide it");
            row = THERAPIST_STOP;
        }
    }
    if (code == CTL_OK)
        code = send_chunk(import, traffic, 0);
    if (code == CTL_OK)
        code = receive_answer(import, &traffic->sent);
    ctl_problems_sort(&import->problems); /* the daemon's came later than those of later lines */
    clear_chunk(&traffic->chunk);
    free(traffic);
    tdestroy(seen, free);
    therapist_file_destroy(file);
    if (code == CTL_OK && row == THERAPIST_STOP)
        code = CTL_USAGE;
    return code == CTL_OK && import->refused > 0 ? CTL_REFUSED : code;
}
