/* What the plugin says of itself, and whether it opens. */
#include "check/rig.h"
#include "check/says.h"
#include "config/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 20

void check_load_describe(struct check_bench *bench)
{
    static const struct {
        enum fascia_transport bit;
        const char *word;
    } transports[] = {{FASCIA_TRANSPORT_STREAM, "streams "},
                      {FASCIA_TRANSPORT_FOLDER, "folders "},
                      {FASCIA_TRANSPORT_HTTP, "http "},
                      {FASCIA_TRANSPORT_POLL, "poll "}};
    const struct fascia_plugin *described = bench->described;
    struct check_sheet *sheet = bench->sheet;
    char *manual = config_options_help(described->options, described->option_count);

    snprintf(sheet->name, sizeof sheet->name, "%.32s", described->name);
    snprintf(sheet->version, sizeof sheet->version, "%.64s", described->version);
    snprintf(sheet->summary, sizeof sheet->summary, "%.200s", described->summary);
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++)
        if (check_has_transport(bench, transports[i].bit))
            strncat(sheet->transports, transports[i].word, sizeof sheet->transports - strlen(sheet->transports) - 1);
    snprintf(sheet->manual, sizeof sheet->manual, "%s", manual);
    free(manual);
    sheet->cases = 1;
}

/* ---- help ------------------------------------------------------------------------------------------------------------------- */

static const char *clumsy(const char *help)
{
    size_t size = strlen(help);

    if (isspace((unsigned char)help[0]) || isspace((unsigned char)help[size - 1]))
        return "begins or ends in a blank";
    if (help[size - 1] == '.')
        return "ends in a full stop, which the manual writes itself";
    if (strchr(help, '\n') != NULL || strchr(help, '\t') != NULL)
        return "is more than one line";
    if (size < 12 || strchr(help, ' ') == NULL)
        return "is too short to help: say what the option changes, in a sentence";
    if (size > 240)
        return "is longer than a sentence should be; at most 240 bytes";
    return NULL;
}

static bool repeats_name(const struct fascia_option *option)
{
    const char *help = option->help, *name = option->name;

    for (; *help != '\0' && *name != '\0'; help++, name++)
        if (tolower((unsigned char)*help) != (*name == '_' ? ' ' : *name))
            return false;
    return *help == '\0' && *name == '\0';
}

static void check_help(struct check_bench *bench, const struct fascia_option *options, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct fascia_option *option = plugin_option(options, i);
        const char *problem = repeats_name(option) ? "says no more than its name" : clumsy(option->help);
        check_doing(bench, "read the option '%s' and its help: \"%.200s\"", option->name, option->help);
        bench->sheet->cases++;
        if (problem != NULL)
            check_find(bench, SAYS_HELP, "the help of '%s' %s", option->name, problem);
        if (option->type == FASCIA_OPTION_CHOICE && strchr(option->choices, '|') == NULL)
            check_find(bench, SAYS_HELP, "'%s' is a choice of one: nothing can be chosen", option->name);
        if ((option->flags & FASCIA_OPTION_SECRET) != 0 && option->default_value != NULL &&
            option->default_value[0] != '\0')
            check_find(bench, SAYS_SECRET, "'%s' is secret and has a default, which everybody can read", option->name);
        if (option->type == FASCIA_OPTION_GROUP)
            check_help(bench, option->children, option->child_count);
    }
}

void check_load_help(struct check_bench *bench)
{
    check_help(bench, bench->described->options, bench->described->option_count);
}

/* ---- opening ---------------------------------------------------------------------------------------------------------------- */

void check_load_options(struct check_bench *bench)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        struct rig rig;
        check_doing(bench, "open an instance with the options of %s, and close it (round %zu)",
                    bench->samples->file != NULL ? bench->samples->file : "no file: all defaults", round + 1);
        if (!rig_open(&rig, bench))
            return;
        rig_close(&rig);
        bench->sheet->cases++;
    }
}

/* A refusal is fine, in one line; a secret in it is not. */
static void open_odd(struct check_bench *bench, const struct fascia_option *row, const char *odd)
{
    char fault[256] = "";
    struct rig rig;
    enum fascia_status status;

    check_doing(bench, "open an instance whose option '%s' is \"%.60s\"", row->name, odd);
    status = rig_try_open(&rig, bench, fault, sizeof fault);
    if (status == FASCIA_OK)
        rig_close(&rig);
    else if (fault[0] == '\0' || memchr(fault, '\0', sizeof fault) == NULL || strpbrk(fault, "\r\n") != NULL)
        check_find(bench, SAYS_OPTIONS, "open() answered %d and wrote no single line into fault", (int)status);
    else if ((row->flags & FASCIA_OPTION_SECRET) != 0 && odd[0] != '\0' && strstr(fault, odd) != NULL)
        check_find(bench, SAYS_SECRET, "open() refused and wrote the secret '%s' into fault", row->name);
    bench->sheet->cases++;
}

static bool is_allowed(const struct fascia_option *row, const char *odd)
{
    size_t size = strlen(odd);

    return (int64_t)size >= row->minimum && (row->maximum == 0 || (int64_t)size <= row->maximum);
}

/* The value of an option, made when nobody wrote it. config_options() left room for each row of the table. */
static Fascia__OptionValue *value_of(struct check_bench *bench, const char *name, Fascia__OptionValue *made)
{
    Fascia__Options *options = bench->options;

    for (size_t i = 0; i < options->n_values; i++)
        if (strcmp(options->values[i]->name, name) == 0)
            return options->values[i];
    fascia__option_value__init(made);
    made->name = (char *)(uintptr_t)name;
    made->value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
    options->values[options->n_values++] = made;
    return made;
}

static void try_odd(struct check_bench *bench, const struct fascia_option *row)
{
    static const char *const odd[] = {
        "", "|", "\\", "%s%n", "a b", "Zz9-odd.value", "\xc3\xa9\xe2\x82\xac", "'\"<&>", "../../etc/passwd"};
    Fascia__OptionValue made, *value = value_of(bench, row->name, &made);
    char *before = value->text;

    for (size_t at = 0; at < sizeof odd / sizeof odd[0]; at++) {
        value->text = (char *)(uintptr_t)odd[at];
        if (is_allowed(row, odd[at]))
            open_odd(bench, row, odd[at]);
    }
    value->text = before;
    if (value == &made)
        bench->options->n_values--;
}

void check_load_odd_options(struct check_bench *bench)
{
    for (uint32_t i = 0; i < bench->described->option_count; i++)
        if (plugin_option(bench->described->options, i)->type == FASCIA_OPTION_TEXT)
            try_odd(bench, plugin_option(bench->described->options, i));
    if (bench->sheet->cases == 0)
        check_skip(bench, "no option is a text");
}
