/* What was wrong with the rows of a file: where, and what would be right. The first PROBLEMS_KEPT are kept, all are counted. */
#ifndef FASCIA_CTL_PROBLEMS_H
#define FASCIA_CTL_PROBLEMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define PROBLEMS_KEPT 10000

struct ctl_problem {
    size_t line;   /* from 1; 0: of the whole file */
    size_t column; /* in characters from 1; 0: not known */
    char *field;   /* column's name, or a path in a JSON object; "" */
    char *text;
    size_t number; /* in the order they were found */
};

struct ctl_problems {
    struct ctl_problem *items;
    size_t count, room;
    size_t total;
};

void ctl_problems_add(struct ctl_problems *problems, size_t line, size_t column, const char *field, const char *text);
/* By line, then column, then as they were found. */
void ctl_problems_sort(struct ctl_problems *problems);
void ctl_problems_finish(struct ctl_problems *problems);
/* "FILE line 14 column 35 (licences): ...", the first `most` of them and how many are left. */
void ctl_problems_show(const struct ctl_problems *problems, FILE *out, const char *file, size_t most);
json_t *ctl_problems_json(const struct ctl_problems *problems);

#endif
