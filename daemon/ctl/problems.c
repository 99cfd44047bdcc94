#include "ctl/problems.h"

#include "core/memory.h"
#include "ctl/show.h"

#include <stdlib.h>

void ctl_problems_add(struct ctl_problems *problems, size_t line, size_t column, const char *field, const char *text)
{
    problems->total++;
    if (problems->count == PROBLEMS_KEPT)
        return;
    problems->items = memory_grow(problems->items, &problems->room, problems->count + 1, sizeof *problems->items);
    problems->items[problems->count++] =
        (struct ctl_problem){line, column, memory_text(field != NULL ? field : ""), memory_text(text), problems->total};
}

static int by_place(const void *left, const void *right)
{
    const struct ctl_problem *one = left, *other = right;

    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    if (one->column != other->column)
        return one->column < other->column ? -1 : 1;
    return one->number < other->number ? -1 : one->number > other->number;
}

void ctl_problems_sort(struct ctl_problems *problems)
{
    if (problems->count > 1)
        qsort(problems->items, problems->count, sizeof *problems->items, by_place);
}

void ctl_problems_finish(struct ctl_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].field);
        free(problems->items[i].text);
    }
    free(problems->items);
    *problems = (struct ctl_problems){0};
}

static void show(const struct ctl_problem *problem, FILE *out, const char *file)
{
    fprintf(out, "%s", file);
    if (problem->line > 0)
        fprintf(out, " line %zu", problem->line);
    if (problem->column > 0)
        fprintf(out, " column %zu", problem->column);
    if (problem->field[0] != '\0') {
        fputs(" (", out);
        ctl_show_text(out, problem->field);
        fputc(')', out);
    }
    fputs(": ", out);
    ctl_show_text(out, problem->text);
    fputc('\n', out);
}

void ctl_problems_show(const struct ctl_problems *problems, FILE *out, const char *file, size_t most)
{
    for (size_t i = 0; i < problems->count && i < most; i++)
        show(&problems->items[i], out, file);
    if (problems->total > most)
        fprintf(out, "... and %zu more\n", problems->total - most);
}

json_t *ctl_problems_json(const struct ctl_problems *problems)
{
    json_t *list = json_array();

    for (size_t i = 0; i < problems->count; i++) {
        const struct ctl_problem *problem = &problems->items[i];
        json_array_append_new(list, json_pack("{sI sI ss ss}", "line", (json_int_t)problem->line, "column",
                                              (json_int_t)problem->column, "field", problem->field, "message",
                                              problem->text));
    }
    return list;
}
