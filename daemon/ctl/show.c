#include "ctl/show.h"

#include "core/memory.h"
#include "ctl/words.h"

#include <libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MOST 16

struct ctl_table {
    struct libscols_table *table;
    struct libscols_line *line;
    size_t columns, next;
    size_t rows;
};

/* ---- text ------------------------------------------------------------------------------------------------------------ */

/* C0 and C1 controls (U+0080 to U+009F is C2 80 to C2 9F) become '?'; line ends become spaces. */
static void clean(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
        else if (*at < ' ' || *at == 0x7f)
            *at = '?';
        else if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
            at[0] = at[1] = '?';
    }
}

static char *format_clean(const char *format, va_list arguments)
{
    char *text = NULL;

    INVARIANT(vasprintf(&text, format, arguments) >= 0);
    clean(text);
    return text;
}

void ctl_show_text(FILE *out, const char *text)
{
    char *copy = memory_text(text);

    clean(copy);
    fputs(copy, out);
    free(copy);
}

static char *join(char *const *texts, size_t count)
{
    char *joined = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&joined, &size);

    INVARIANT(stream != NULL);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "%s%s", i > 0 ? ", " : "", texts[i]);
    fclose(stream);
    clean(joined);
    return joined;
}

void ctl_show_field(struct ctl_call *call, const char *label, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = format_clean(format, arguments);
    va_end(arguments);
    if (text[0] != '\0')
        fprintf(call->out, "  %-20s  %s\n", label, text);
    free(text);
}

void ctl_show_list(struct ctl_call *call, const char *label, char *const *texts, size_t count)
{
    char *joined = join(texts, count);

    ctl_show_field(call, label, "%s", joined);
    free(joined);
}

/* ---- tables ---------------------------------------------------------------------------------------------------------- */

struct ctl_table *ctl_table_create(const char *titles)
{
    struct ctl_table *table = memory_allocate(1, sizeof *table);
    char *copy = memory_text(titles);
    char *rest = copy;

    table->table = scols_new_table();
    INVARIANT(table->table != NULL);
    for (char *title; (title = strsep(&rest, "|")) != NULL && table->columns < COLUMNS_MOST; table->columns++) {
        const bool right = title[0] == '>';
        INVARIANT(scols_table_new_column(table->table, title + right, 0, right ? SCOLS_FL_RIGHT : 0) != NULL);
    }
    free(copy);
    return table;
}

void ctl_table_row(struct ctl_table *table)
{
    table->line = scols_table_new_line(table->table, NULL);
    INVARIANT(table->line != NULL);
    table->next = 0;
    table->rows++;
}

void ctl_table_cell(struct ctl_table *table, const char *format, ...)
{
    va_list arguments;
    char *text;

    INVARIANT(table->next < table->columns);
    va_start(arguments, format);
    text = format_clean(format, arguments);
    va_end(arguments);
    INVARIANT(scols_line_refer_data(table->line, table->next++, text) == 0);
}

void ctl_table_list(struct ctl_table *table, char *const *texts, size_t count)
{
    char *joined = join(texts, count);

    ctl_table_cell(table, "%s", joined);
    free(joined);
}

void ctl_table_when(struct ctl_table *table, const struct zone *zone, int64_t instant)
{
    char text[40];

    ctl_table_cell(table, "%s", ctl_when(zone, instant, text));
}

void ctl_table_finish(struct ctl_table *table, struct ctl_call *call, const char *none)
{
    if (table->rows == 0) {
        fprintf(call->out, "%s\n", none);
    } else {
        scols_table_set_stream(table->table, call->out);
        scols_table_set_column_separator(table->table, "  ");
        scols_print_table(table->table);
    }
    scols_unref_table(table->table);
    free(table);
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

const char *ctl_state_word(Fascia__State state)
{
    static char words[4][64];
    static unsigned turn;

    return ctl_word(&fascia__state__descriptor, (int)state, words[turn++ % 4]);
}

const char *ctl_priority_word(Fascia__Priority priority)
{
    static char words[4][64];
    static unsigned turn;

    if (priority == FASCIA__PRIORITY__PRIORITY_UNSPECIFIED)
        priority = FASCIA__PRIORITY__PRIORITY_ROUTINE;
    return ctl_word(&fascia__priority__descriptor, (int)priority, words[turn++ % 4]);
}

void ctl_show_problem(FILE *out, const Fascia__Problem *problem)
{
    fprintf(out, "  %s: ", problem->severity == FASCIA__PROBLEM__SEVERITY__WARNING ? "warning" : "problem");
    if (problem->location[0] != '\0') {
        ctl_show_text(out, problem->location);
        fputs(": ", out);
    }
    if (problem->field[0] != '\0') {
        ctl_show_text(out, problem->field);
        fputs(": ", out);
    }
    ctl_show_text(out, problem->message);
    fputc('\n', out);
}

static const char *verdict_text(Fascia__Result__Verdict verdict)
{
    switch (verdict) {
    case FASCIA__RESULT__VERDICT__OK:
        return "done";
    case FASCIA__RESULT__VERDICT__DUPLICATE:
        return "was so already; nothing changed";
    case FASCIA__RESULT__VERDICT__REFUSED:
        return "refused";
    case FASCIA__RESULT__VERDICT__NOT_FOUND:
        return "not found";
    case FASCIA__RESULT__VERDICT__CONFLICT:
        return "not possible as it stands";
    case FASCIA__RESULT__VERDICT__BUSY:
        return "the node is busy; try again";
    default:
        return "the node could not keep it; nothing changed";
    }
}

void ctl_show_result(struct ctl_call *call, const Fascia__Result *result)
{
    const bool good =
        result->verdict == FASCIA__RESULT__VERDICT__OK || result->verdict == FASCIA__RESULT__VERDICT__DUPLICATE;
    FILE *out = good ? call->out : call->errors;

    if (!good)
        fputs("fasciactl: ", out);
    if (result->referral != 0)
        fprintf(out, "R%llu ", (unsigned long long)result->referral);
    fputs(verdict_text(result->verdict), out);
    if (result->referral != 0 && result->state != FASCIA__STATE__STATE_NONE)
        fprintf(out, " (%s)", ctl_state_word(result->state));
    if (result->status != NULL && result->status->text[0] != '\0') {
        fputs(": ", out);
        ctl_show_text(out, result->status->text);
    }
    fputc('\n', out);
    for (size_t i = 0; i < result->n_problems; i++)
        ctl_show_problem(out, result->problems[i]);
}
