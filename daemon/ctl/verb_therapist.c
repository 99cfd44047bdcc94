/* therapist import, export, list, show, remove; slots is verb_slots.c. */
#include "core/memory.h"
#include "ctl/call.h"
#include "ctl/hours.h"
#include "ctl/import.h"
#include "ctl/json.h"
#include "ctl/show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE           1000
#define LIST_DEFAULT   100
#define PROBLEMS_SHOWN 50

static char *lent(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* ---- import ---------------------------------------------------------------------------------------------------------- */

struct importing {
    struct ctl_call *call;
    FILE *stream;
    off_t size;   /* of the file; 0 when it has none */
    bool visible; /* somebody sees a bar */
};

static int send_import(void *context, const Fascia__ImportTherapists *chunk)
{
    struct importing *importing = context;
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;

    request.body_case = FASCIA__CONTROL_REQUEST__BODY_IMPORT_THERAPISTS;
    request.import_therapists = (Fascia__ImportTherapists *)(uintptr_t)chunk;
    return ctl_send(importing->call, &request);
}

static int receive_import(void *context, Fascia__ControlResponse **answer)
{
    struct importing *importing = context;

    return ctl_receive(importing->call, answer);
}

static void draw_bar(void *context, size_t rows, size_t unread)
{
    static const char full[] = "##############################";
    static const char empty[] = "..............................";
    const struct importing *importing = context;
    const off_t at = ftello(importing->stream) - (off_t)unread;

    if (!importing->visible)
        return;
    if (importing->size <= 0 || at < 0) {
        fprintf(stderr, "\r%zu rows", rows);
    } else {
        const int part = (int)(30 * at / importing->size);
        fprintf(stderr, "\r[%.*s%.*s] %3d%%  %zu rows", part, full, 30 - part, empty, (int)(100 * at / importing->size),
                rows);
    }
    fflush(stderr);
}

static void end_bar(const struct importing *importing)
{
    if (importing->visible)
        fprintf(stderr, "\r%60s\r", "");
}

/* The format that is named, or that the file's name ends in. */
static bool find_format(struct ctl_call *call, const char *path, enum therapist_format *format)
{
    const char *dot = path != NULL ? strrchr(path, '.') : NULL;

    *format = THERAPIST_CSV;
    if (call->format != NULL) {
        if (therapist_format_of(call->format, format))
            return true;
        (void)ctl_usage(call, "--format is csv or ndjson");
        return false;
    }
    if (dot != NULL && !therapist_format_of(dot + 1, format))
        *format = THERAPIST_CSV;
    return true;
}

static void print_summary(struct ctl_call *call, const struct ctl_import *import)
{
    json_t *object = json_pack("{sI sI sI sI sI sb so}", "rows", (json_int_t)import->rows, "added",
                               (json_int_t)import->added, "updated", (json_int_t)import->updated, "unchanged",
                               (json_int_t)import->unchanged, "refused", (json_int_t)import->refused, "dry_run",
                               (int)import->dry_run, "problems", ctl_problems_json(&import->problems));

    INVARIANT(object != NULL);
    json_dumpf(object, call->out, JSON_INDENT(2));
    fputc('\n', call->out);
    json_decref(object);
}

static void show_summary(struct ctl_call *call, const struct ctl_import *import, const char *path, bool taken)
{
    const char *would = import->dry_run ? "would be " : "";

    ctl_problems_show(&import->problems, call->errors, path, PROBLEMS_SHOWN);
    fprintf(call->out, "%zu rows: %zu %sadded, %zu %supdated, %zu unchanged, %zu refused%s\n", import->rows,
            import->added, would, import->updated, would, import->unchanged, import->refused,
            taken ? "" : "; nothing was taken");
}

static int run_once(struct importing *importing, struct ctl_import *import, bool dry_run)
{
    int code;

    ctl_problems_finish(&import->problems);
    *import = (struct ctl_import){.stream = importing->stream,
                                  .format = import->format,
                                  .dry_run = dry_run,
                                  .context = importing,
                                  .send = send_import,
                                  .receive = receive_import,
                                  .progress = draw_bar};
    code = ctl_import_run(import);
    end_bar(importing);
    return code;
}

static int import_stream(struct importing *importing, enum therapist_format format, const char *path)
{
    struct ctl_call *call = importing->call;
    struct ctl_import import = {.format = format};
    bool taken = true;
    int code = CTL_OK;

    if (call->all_or_nothing && !call->dry_run) {
        code = run_once(importing, &import, true);
        taken = code == CTL_OK;
        if (taken && fseeko(importing->stream, 0, SEEK_SET) != 0)
            code = ctl_usage(call, "--all-or-nothing reads the file twice: it must not be a pipe");
    }
    if (code == CTL_OK)
        code = run_once(importing, &import, call->dry_run);
    if (call->json && code != CTL_UNREACHABLE)
        print_summary(call, &import);
    else if (code != CTL_UNREACHABLE)
        show_summary(call, &import, path, taken);
    ctl_problems_finish(&import.problems);
    return code;
}

static int import_file(struct ctl_call *call)
{
    const char *path = call->words[0];
    const bool standard = strcmp(path, "-") == 0;
    struct importing importing = {.call = call, .visible = !call->json && isatty(STDERR_FILENO)};
    enum therapist_format format;
    struct stat facts;
    int code;

    if (!find_format(call, standard ? NULL : path, &format))
        return CTL_USAGE;
    importing.stream = standard ? stdin : fopen(path, "rb");
    if (importing.stream == NULL)
        return ctl_usage(call, "%s: %s", path, strerror(errno));
    if (fstat(fileno(importing.stream), &facts) == 0 && S_ISREG(facts.st_mode))
        importing.size = facts.st_size;
    code = import_stream(&importing, format, standard ? "standard input" : path);
    if (!standard)
        fclose(importing.stream);
    return code;
}

/* ---- pages ----------------------------------------------------------------------------------------------------------- */

/* Calls each for up to `most` therapists by identifier. */
static int for_each(struct ctl_call *call, size_t most, void (*each)(void *context, Fascia__TherapistRow *row),
                    void *context)
{
    char after[128] = "";
    size_t got = 0;
    size_t seen = 0;

    if (call->after != NULL)
        snprintf(after, sizeof after, "%s", call->after);
    do {
        Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
        Fascia__ListTherapists query = FASCIA__LIST_THERAPISTS__INIT;
        Fascia__ControlResponse *page = NULL;
        query.after = after;
        query.limit = (uint32_t)(most - seen < PAGE ? most - seen : PAGE);
        request.body_case = FASCIA__CONTROL_REQUEST__BODY_LIST_THERAPISTS;
        request.list_therapists = &query;
        const int code = ctl_ask(call, &request, &page);
        if (code != CTL_OK)
            return code;
        got = page->n_therapists;
        for (size_t i = 0; i < got; i++)
            each(context, page->therapists[i]);
        if (got > 0 && page->therapists[got - 1]->therapist != NULL)
            snprintf(after, sizeof after, "%s", page->therapists[got - 1]->therapist->identifier);
        seen += got;
        fascia__control_response__free_unpacked(page, NULL);
        if (got < query.limit)
            break;
    } while (seen < most);
    return CTL_OK;
}

/* ---- export ---------------------------------------------------------------------------------------------------------- */

struct exporting {
    FILE *out;
    enum therapist_format format;
    bool begun;
};

static void begin_export(struct exporting *exporting)
{
    if (!exporting->begun)
        therapist_write_header(exporting->out, exporting->format);
    exporting->begun = true;
}

static void export_one(void *context, Fascia__TherapistRow *row)
{
    struct exporting *exporting = context;

    begin_export(exporting);
    if (row->therapist != NULL)
        therapist_write(exporting->out, exporting->format, row->therapist);
}

static int export_all(struct ctl_call *call)
{
    struct exporting exporting = {.out = call->out};
    int code;

    if (!find_format(call, NULL, &exporting.format))
        return CTL_USAGE;
    if (call->json)
        exporting.format = THERAPIST_NDJSON;
    code = for_each(call, SIZE_MAX, export_one, &exporting);
    if (code == CTL_OK)
        begin_export(&exporting);
    return code;
}

/* ---- list, show, remove ---------------------------------------------------------------------------------------------- */

struct listing {
    struct ctl_call *call;
    struct ctl_table *table; /* for people */
    json_t *rows;            /* for machines */
};

static void list_one(void *context, Fascia__TherapistRow *row)
{
    const struct listing *listing = context;
    const Fascia__Therapist *therapist = row->therapist;

    if (listing->rows != NULL)
        json_array_append_new(listing->rows, ctl_json_write(&row->base, CTL_JSON_FULL));
    if (listing->table == NULL || therapist == NULL)
        return;
    ctl_table_row(listing->table);
    ctl_table_cell(listing->table, "%s", therapist->identifier);
    ctl_table_cell(listing->table, "%s", therapist->name);
    ctl_table_cell(listing->table, "%s", therapist->n_places > 0 ? therapist->places[0]->postal_code : "");
    ctl_table_cell(listing->table, "%u of %u", row->open_cases, therapist->capacity);
    ctl_table_when(listing->table, ctl_call_zone(listing->call, therapist->time_zone),
                   row->first_free == INT64_MAX ? 0 : row->first_free);
    ctl_table_cell(listing->table, "%s", therapist->not_accepting ? "no" : "yes");
    ctl_table_list(listing->table, therapist->techniques, therapist->n_techniques);
}

static int list(struct ctl_call *call)
{
    struct listing listing = {.call = call};
    json_t *object = json_object();
    int code;

    if (ctl_call_zone(call, NULL) == NULL) {
        json_decref(object);
        return CTL_USAGE;
    }
    if (call->json)
        listing.rows = json_array();
    else
        listing.table = ctl_table_create("IDENTIFIER|NAME|PLACE|CASES|FIRST FREE|ACCEPTING|TECHNIQUES");
    code = for_each(call, call->limit > 0 ? (size_t)call->limit : LIST_DEFAULT, list_one, &listing);
    if (listing.table != NULL)
        ctl_table_finish(listing.table, call, "no therapists");
    if (listing.rows != NULL && code == CTL_OK) {
        json_object_set(object, "therapists", listing.rows);
        json_dumpf(object, call->out, JSON_INDENT(2));
        fputc('\n', call->out);
    }
    json_decref(listing.rows);
    json_decref(object);
    return code;
}

static void show_credentials(struct ctl_call *call, const Fascia__Therapist *therapist)
{
    for (size_t i = 0; i < therapist->n_licences; i++) {
        const Fascia__Licence *licence = therapist->licences[i];
        ctl_show_field(call, "licence", "%s %s %s to %s", licence->jurisdiction, licence->number, licence->valid_from,
                       licence->valid_to);
    }
    for (size_t i = 0; i < therapist->n_certifications; i++) {
        const Fascia__Certification *certification = therapist->certifications[i];
        ctl_show_field(call, "certification", "%s %s %s", certification->code, certification->number,
                       certification->issuer);
    }
}

static void show_work(struct ctl_call *call, const Fascia__Therapist *therapist)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    INVARIANT(out != NULL);
    ctl_hours_write(out, therapist);
    fclose(out);
    ctl_show_field(call, "hours", "%s", text);
    free(text);
    out = open_memstream(&text, &size);
    INVARIANT(out != NULL);
    ctl_exceptions_write(out, therapist);
    fclose(out);
    ctl_show_field(call, "exceptions", "%s", text);
    free(text);
    ctl_show_field(call, "time zone", "%s", therapist->time_zone);
}

static void show_row(struct ctl_call *call, const Fascia__TherapistRow *row)
{
    const Fascia__Therapist *therapist = row->therapist;
    char when[40];

    ctl_show_text(call->out, therapist->identifier);
    fputc(' ', call->out);
    ctl_show_text(call->out, therapist->name);
    fputc('\n', call->out);
    ctl_show_field(call, "profession", "%s", therapist->profession);
    ctl_show_field(call, "telephone", "%s", therapist->telephone);
    show_credentials(call, therapist);
    ctl_show_list(call, "techniques", therapist->techniques, therapist->n_techniques);
    for (size_t i = 0; i < therapist->n_conditions; i++)
        ctl_show_field(call, i == 0 ? "conditions" : "", "%s, %u cases", therapist->conditions[i]->condition,
                       therapist->conditions[i]->cases);
    ctl_show_list(call, "payers", therapist->payers, therapist->n_payers);
    ctl_show_list(call, "languages", therapist->languages, therapist->n_languages);
    for (size_t i = 0; i < therapist->n_places; i++)
        ctl_show_field(call, "place", "%s %s %s", therapist->places[i]->name, therapist->places[i]->address,
                       therapist->places[i]->postal_code);
    show_work(call, therapist);
    ctl_show_field(call, "cases", "%u of %u", row->open_cases, therapist->capacity);
    ctl_show_field(call, "accepting", "%s", therapist->not_accepting ? "no" : "yes");
    ctl_show_field(
        call, "first free", "%s",
        ctl_when(ctl_call_zone(call, therapist->time_zone), row->first_free == INT64_MAX ? 0 : row->first_free, when));
}

static int show(struct ctl_call *call)
{
    Fascia__ControlRequest request = FASCIA__CONTROL_REQUEST__INIT;
    Fascia__ShowTherapist query = FASCIA__SHOW_THERAPIST__INIT;
    Fascia__ControlResponse *response = NULL;
    int code;

    if (ctl_call_zone(call, NULL) == NULL)
        return CTL_USAGE;
    query.identifier = lent(call->words[0]);
    request.body_case = FASCIA__CONTROL_REQUEST__BODY_SHOW_THERAPIST;
    request.show_therapist = &query;
    code = ctl_ask(call, &request, &response);
    if (code != CTL_OK)
        return code;
    if (call->json)
        ctl_print_json(call, &response->base, "therapists");
    else if (response->n_therapists > 0 && response->therapists[0]->therapist != NULL)
        show_row(call, response->therapists[0]);
    fascia__control_response__free_unpacked(response, NULL);
    return CTL_OK;
}

static int remove_one(struct ctl_call *call)
{
    Fascia__Command command = FASCIA__COMMAND__INIT;

    command.body_case = FASCIA__COMMAND__BODY_REMOVE_THERAPIST;
    command.remove_therapist = lent(call->words[0]);
    return ctl_command(call, &command);
}

const struct ctl_verb ctl_therapist_verbs[] = {
    {"therapist",
     "import",
     "FILE",
     "add and update therapists from CSV or NDJSON",
     {CTL_OPTION_DRY_RUN, CTL_OPTION_ALL_OR_NOTHING, CTL_OPTION_FORMAT},
     import_file},
    {"therapist", "export", "", "write all of them as import takes them", {CTL_OPTION_FORMAT}, export_all},
    {"therapist", "list", "", "list therapists", {CTL_OPTION_LIMIT, CTL_OPTION_AFTER}, list},
    {"therapist", "show", "IDENTIFIER", "show a therapist", {0}, show},
    {"therapist",
     "slots",
     "[IDENTIFIER]",
     "free time of a therapist, or of those who offer what is asked for",
     {CTL_OPTION_FROM, CTL_OPTION_TO, CTL_OPTION_FREE_MINUTES, CTL_OPTION_BUSY, CTL_OPTION_ONE_TECHNIQUE,
      CTL_OPTION_PROFESSION, CTL_OPTION_PLACE_NEAR, CTL_OPTION_NEAR_WITHIN, CTL_OPTION_MODE, CTL_OPTION_ONE_PAYER,
      CTL_OPTION_ONE_LANGUAGE, CTL_OPTION_LIMIT},
     ctl_therapist_slots},
    {"therapist", "remove", "IDENTIFIER", "take one out; open offers go to others", {0}, remove_one},
    {0}};
