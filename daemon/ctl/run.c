/* The command line: which verb, which options, and their help, all from the verbs' tables. */
#include "core/memory.h"
#include "core/notation.h"
#include "ctl/call.h"

#include <argp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_NUMBER, KIND_FLAG };

/* An option, where it goes in struct ctl_call, and for a number its bounds. */
struct option_row {
    const char *name, *argument, *help;
    enum kind kind;
    size_t offset;
    int64_t minimum, maximum;
};

#define MEMBER(member) offsetof(struct ctl_call, member)

/* clang-format off */
static const struct option_row option_rows[CTL_OPTION_COUNT] = {
    [CTL_OPTION_STATE] = {"state", "STATE[,STATE]", "only those in these states (offered, waitlisted, needs-information ...)", KIND_TEXT, MEMBER(state), 0, 0},
    [CTL_OPTION_ALL] = {"all", NULL, "finished ones, too", KIND_FLAG, MEMBER(all), 0, 0},
    [CTL_OPTION_THERAPIST] = {"therapist", "IDENTIFIER", "the therapist", KIND_TEXT, MEMBER(therapist), 0, 0},
    [CTL_OPTION_LIMIT] = {"limit", "N", "at most so many", KIND_NUMBER, MEMBER(limit), 1, 10000000},
    [CTL_OPTION_AFTER] = {"after", "ID", "begin behind this one", KIND_TEXT, MEMBER(after), 0, 0},
    [CTL_OPTION_HISTORY] = {"history", NULL, "everything that happened to it; who looked is recorded", KIND_FLAG, MEMBER(history), 0, 0},
    [CTL_OPTION_CONTENT] = {"content", NULL, "what the sender wrote, with the patient's name; who looked is recorded", KIND_FLAG, MEMBER(content), 0, 0},
    [CTL_OPTION_REASON] = {"reason", "TEXT", "why", KIND_TEXT, MEMBER(reason), 0, 0},
    [CTL_OPTION_REASON_CODE] = {"reason", "CODE", "no-time, not-my-field, too-far, patient-known or other", KIND_TEXT, MEMBER(reason), 0, 0},
    [CTL_OPTION_NOTE] = {"note", "TEXT", "a remark that is kept with it", KIND_TEXT, MEMBER(note), 0, 0},
    [CTL_OPTION_CLINICIAN] = {"clinician", "NAME", "who takes responsibility", KIND_TEXT, MEMBER(clinician), 0, 0},
    [CTL_OPTION_AT] = {"at", "TIME", "2026-12-03T09:15:00-05:00, or '2026-12-03 09:15' by the clock of the therapist's zone or of --zone", KIND_TEXT, MEMBER(at), 0, 0},
    [CTL_OPTION_MINUTES] = {"minutes", "N", "length of the visit (as the first)", KIND_NUMBER, MEMBER(minutes), 15, 480},
    [CTL_OPTION_MOVE] = {"move", NULL, "in place of the visit that is booked", KIND_FLAG, MEMBER(move), 0, 0},
    [CTL_OPTION_ANYWAY] = {"anyway", NULL, "insist: before the visit has begun, or with no visit; it is recorded", KIND_FLAG, MEMBER(anyway), 0, 0},
    [CTL_OPTION_SUMMARY] = {"summary", "TEXT", "what became of it, for the referrer", KIND_TEXT, MEMBER(summary), 0, 0},
    [CTL_OPTION_GOAL] = {"goal", "GOAL", "met, partly-met or not-met", KIND_TEXT, MEMBER(goal), 0, 0},
    [CTL_OPTION_PAIN_BEFORE] = {"pain-before", "N", "pain before the first visit, 0 to 10", KIND_NUMBER, MEMBER(pain_before), 0, 10},
    [CTL_OPTION_PAIN_AFTER] = {"pain-after", "N", "pain after the last visit, 0 to 10", KIND_NUMBER, MEMBER(pain_after), 0, 10},
    [CTL_OPTION_VISITS] = {"visits", "N", "how many visits took place (as many as were reported done)", KIND_NUMBER, MEMBER(visits), 0, 1000},
    [CTL_OPTION_DRY_RUN] = {"dry-run", NULL, "only say what would happen", KIND_FLAG, MEMBER(dry_run), 0, 0},
    [CTL_OPTION_ALL_OR_NOTHING] = {"all-or-nothing", NULL, "take nothing when any row is refused", KIND_FLAG, MEMBER(all_or_nothing), 0, 0},
    [CTL_OPTION_FORMAT] = {"format", "FORMAT", "csv or ndjson (by the file's name, else csv)", KIND_TEXT, MEMBER(format), 0, 0},
    [CTL_OPTION_GIVEN_UP] = {"given-up", NULL, "those that nobody tries to deliver any more", KIND_FLAG, MEMBER(given_up), 0, 0},
    [CTL_OPTION_EVENT] = {"event", "SEQUENCE", "the explanation that was recorded by this event (the latest)", KIND_NUMBER, MEMBER(event), 1, INT64_MAX},
    [CTL_OPTION_ALL_EXPLANATIONS] = {"all", NULL, "every explanation of the node", KIND_FLAG, MEMBER(all), 0, 0},
    [CTL_OPTION_CONDITION] = {"condition", "CODE[,CODE]", "diagnoses, as codes (M54.50) or in words (low back pain)", KIND_TEXT, MEMBER(condition), 0, 0},
    [CTL_OPTION_TECHNIQUE] = {"technique", "NAME[,NAME]", "techniques, by name, CPT code or in words; or massage in general", KIND_TEXT, MEMBER(technique), 0, 0},
    [CTL_OPTION_CERTIFICATION] = {"certification", "CODE[,CODE]", "each of these, beside those that are implied", KIND_TEXT, MEMBER(certification), 0, 0},
    [CTL_OPTION_PAYER] = {"payer", "CODE[,CODE]", "one of these", KIND_TEXT, MEMBER(payer), 0, 0},
    [CTL_OPTION_LANGUAGE] = {"language", "CODE[,CODE]", "one of these (en,es)", KIND_TEXT, MEMBER(language), 0, 0},
    [CTL_OPTION_GENDER] = {"gender", "GENDER", "of the therapist: female, male or other", KIND_TEXT, MEMBER(gender), 0, 0},
    [CTL_OPTION_MODE] = {"mode", "MODE", "clinic, home or remote", KIND_TEXT, MEMBER(mode), 0, 0},
    [CTL_OPTION_POSTAL_CODE] = {"postal-code", "CODE", "where the patient lives", KIND_TEXT, MEMBER(postal_code), 0, 0},
    [CTL_OPTION_POSITION] = {"position", "LAT,LON", "the same in degrees, such as 37.7479,-84.2947", KIND_TEXT, MEMBER(position), 0, 0},
    [CTL_OPTION_WITHIN] = {"within", "KM", "how far the patient goes", KIND_TEXT, MEMBER(within), 0, 0},
    [CTL_OPTION_JURISDICTION] = {"jurisdiction", "STATE", "whose licence counts: US-KY, or KY", KIND_TEXT, MEMBER(jurisdiction), 0, 0},
    [CTL_OPTION_NOT_BEFORE] = {"not-before", "DATE", "first date of treatment (today)", KIND_TEXT, MEMBER(not_before), 0, 0},
    [CTL_OPTION_NOT_AFTER] = {"not-after", "DATE", "last date of a first treatment", KIND_TEXT, MEMBER(not_after), 0, 0},
    [CTL_OPTION_WINDOW] = {"window", "HOURS", "when the patient can come: 'Mon-Fri 09:00-17:00; Sat 09:00-12:00'", KIND_TEXT, MEMBER(window), 0, 0},
    [CTL_OPTION_TRY_MINUTES] = {"minutes", "N", "length of a visit", KIND_NUMBER, MEMBER(minutes), 15, 480},
    [CTL_OPTION_NAMED] = {"named", "IDENTIFIER", "this therapist only", KIND_TEXT, MEMBER(named), 0, 0},
    [CTL_OPTION_WITHOUT] = {"without", "GATE[,GATE]", "drop these wishes: named, distance, mode, declined, certification, technique, condition, payer, language, gender, time", KIND_TEXT, MEMBER(without), 0, 0},
    [CTL_OPTION_WEIGHTS] = {"weights", "PART=POINTS[,...]", "other weights of the score, such as distance=500,load=0", KIND_TEXT, MEMBER(weights), 0, 0},
    [CTL_OPTION_REFERRAL] = {"referral", "ID", "only of this referral", KIND_TEXT, MEMBER(referral), 0, 0},
    [CTL_OPTION_URGENCY] = {"urgency", "PRIORITY", "only stat, urgent or routine ones", KIND_TEXT, MEMBER(urgency), 0, 0},
    [CTL_OPTION_NEAR] = {"near", "POSTAL-CODE", "only those whose patient is near it ('40202', or 'CA M5V' with another country)", KIND_TEXT, MEMBER(near), 0, 0},
    [CTL_OPTION_NEAR_WITHIN] = {"within", "KM", "how near (25)", KIND_NUMBER, MEMBER(area_km), 1, 20000},
    [CTL_OPTION_SENDER] = {"sender", "SENDER", "only those of this sender, as the SENDER column has it", KIND_TEXT, MEMBER(sender), 0, 0},
    [CTL_OPTION_FROM] = {"from", "TIME", "2026-12-03T09:00:00-05:00, or '2026-12-03 09:00' by the clock of --zone (now)", KIND_TEXT, MEMBER(from), 0, 0},
    [CTL_OPTION_TO] = {"to", "TIME", "the same (as far as calendars go, 16 weeks)", KIND_TEXT, MEMBER(to), 0, 0},
    [CTL_OPTION_FREE_MINUTES] = {"minutes", "N", "free for at least so long (15)", KIND_NUMBER, MEMBER(minutes), 15, 1440},
    [CTL_OPTION_BUSY] = {"busy", NULL, "what is booked and held, too", KIND_FLAG, MEMBER(busy), 0, 0},
    [CTL_OPTION_ONE_TECHNIQUE] = {"technique", "NAME", "who offers it (deep-tissue)", KIND_TEXT, MEMBER(technique), 0, 0},
    [CTL_OPTION_PROFESSION] = {"profession", "CODE", "of this NUCC code, or one that begins so", KIND_TEXT, MEMBER(profession), 0, 0},
    [CTL_OPTION_ONE_PAYER] = {"payer", "CODE", "who takes it", KIND_TEXT, MEMBER(payer), 0, 0},
    [CTL_OPTION_ONE_LANGUAGE] = {"language", "CODE", "who speaks it (es)", KIND_TEXT, MEMBER(language), 0, 0},
    [CTL_OPTION_PLACE_NEAR] = {"near", "POSTAL-CODE", "who treats near it ('40202', or 'CA M5V' with another country)", KIND_TEXT, MEMBER(near), 0, 0},
    [CTL_OPTION_TITLE] = {"title", "TEXT", "who that is, for people", KIND_TEXT, MEMBER(title), 0, 0},
    [CTL_OPTION_ROLE] = {"role", "ROLE[,ROLE]", "referrer, therapist, coordinator or (of users) admin", KIND_TEXT, MEMBER(role), 0, 0},
    [CTL_OPTION_WHOSE] = {"sender", "NAME", "of a referrer: whose referrals are theirs (the account's own name)", KIND_TEXT, MEMBER(sender), 0, 0},
    [CTL_OPTION_SCOPE] = {"scope", "SCOPE[,SCOPE]", "the most that it may ask for: system/ServiceRequest.crs", KIND_TEXT, MEMBER(scope), 0, 0},
    [CTL_OPTION_JWKS] = {"jwks", "FILE", "its public keys, as a JWK set", KIND_TEXT, MEMBER(jwks), 0, 0},
    [CTL_OPTION_ADD_JWKS] = {"add-jwks", "FILE", "further public keys, as a JWK set; those that are there stay", KIND_TEXT, MEMBER(jwks), 0, 0},
    [CTL_OPTION_REMOVE_KEY] = {"remove-key", "KEY", "take out the key of this kid, or number as in show", KIND_TEXT, MEMBER(remove_key), 0, 0},
    [CTL_OPTION_IS_THERAPIST] = {"therapist", "IDENTIFIER", "of a therapist: who that is", KIND_TEXT, MEMBER(therapist), 0, 0},
    [CTL_OPTION_DISABLE] = {"disable", NULL, "let nobody in by it any more", KIND_FLAG, MEMBER(disable), 0, 0},
    [CTL_OPTION_ENABLE] = {"enable", NULL, "undo --disable", KIND_FLAG, MEMBER(enable), 0, 0},
    [CTL_OPTION_REMOVE] = {"remove", NULL, "take it away", KIND_FLAG, MEMBER(remove), 0, 0},
    [CTL_OPTION_AFTER_NAME] = {"after", "NAME", "begin behind this one", KIND_TEXT, MEMBER(after), 0, 0},
};
/* clang-format on */

static const struct option_row shared_rows[] = {
    {"socket", "PATH", "the daemon's control socket ($FASCIA_SOCKET, /run/fascia/control.sock)", KIND_TEXT,
     MEMBER(socket), 0, 0},
    {"zone", "ZONE", "read and show times by the clock of this zone, such as America/New_York", KIND_TEXT, MEMBER(zone),
     0, 0},
    {"json", NULL, "print JSON, for machines", KIND_FLAG, MEMBER(json), 0, 0},
};
#define SHARED_COUNT (sizeof shared_rows / sizeof *shared_rows)
/* Keys of argp, beyond all characters, which would be short options: a verb's own by enum ctl_option, then the shared ones. */
#define OWN_KEY    512
#define SHARED_KEY 1024

static const struct ctl_verb *const tables[] = {
    ctl_referral_verbs, ctl_offer_verbs,    ctl_match_verbs,  ctl_visit_verbs,  ctl_therapist_verbs,
    ctl_node_verbs,     ctl_waitlist_verbs, ctl_plugin_verbs, ctl_client_verbs, ctl_user_verbs};
#define TABLE_COUNT (sizeof tables / sizeof *tables)

static const struct option_row *row_of(int key)
{
    return key >= SHARED_KEY ? &shared_rows[key - SHARED_KEY] : &option_rows[key - OWN_KEY];
}

static void take_option(struct ctl_call *call, int key, const char *value, struct argp_state *state)
{
    const struct option_row *row = row_of(key);
    char *at = (char *)call + row->offset;

    switch (row->kind) {
    case KIND_TEXT:
        *(const char **)(void *)at = value;
        break;
    case KIND_FLAG:
        *(bool *)at = true;
        break;
    case KIND_NUMBER:
        if (!notation_integer(value, (int64_t *)(void *)at) || *(int64_t *)(void *)at < row->minimum ||
            *(int64_t *)(void *)at > row->maximum)
            argp_error(state, "--%s must be a whole number from %lld to %lld", row->name, (long long)row->minimum,
                       (long long)row->maximum);
        break;
    }
}

static void fill_option(struct argp_option *option, int key)
{
    const struct option_row *row = row_of(key);

    *option = (struct argp_option){.name = row->name, .key = key, .arg = row->argument, .doc = row->help};
}

static bool is_known_key(int key)
{
    return (key > OWN_KEY + CTL_OPTION_END && key < OWN_KEY + CTL_OPTION_COUNT) ||
           (key >= SHARED_KEY && key < SHARED_KEY + (int)SHARED_COUNT);
}

/* ---- one verb ------------------------------------------------------------------------------------------------------ */

/* "ID", "[ID]", "FILE", "": how many words. */
static void count_words(const struct ctl_verb *verb, size_t *least, size_t *most)
{
    *least = verb->words[0] != '\0' && verb->words[0] != '[' ? 1 : 0;
    *most = verb->words[0] != '\0' ? 1 : 0;
}

static void check_complete(const struct ctl_call *call, struct argp_state *state)
{
    const struct ctl_verb *verb = call->verb;
    size_t least = 0;
    size_t most = 0;

    count_words(verb, &least, &most);
    if (call->word_count < least)
        argp_error(state, "%s is missing", verb->words);
    if (call->word_count > most)
        argp_error(state, most == 0 ? "nothing follows '%s %s'" : "only one word follows '%s %s'", verb->noun,
                   verb->name);
    for (size_t i = 0; i < CTL_OPTIONS_MOST && verb->options[i] != CTL_OPTION_END; i++) {
        const struct option_row *row = &option_rows[verb->options[i] % CTL_NEEDED];
        const char *given;

        if (verb->options[i] < CTL_NEEDED) /* only texts can be needed */
            continue;
        given = *(const char *const *)(const void *)((const char *)call + row->offset);
        if (given == NULL || given[0] == '\0')
            argp_error(state, "--%s %s is missing", row->name, row->argument);
    }
}

static error_t parse_verb(int key, char *value, struct argp_state *state)
{
    struct ctl_call *call = state->input;

    if (is_known_key(key)) {
        take_option(call, key, value, state);
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        if (call->word_count < CTL_WORDS_MOST)
            call->words[call->word_count] = value;
        call->word_count++;
        return 0;
    }
    if (key == ARGP_KEY_END)
        check_complete(call, state);
    return ARGP_ERR_UNKNOWN;
}

static int run_verb(struct ctl_call *call, int count, char **arguments)
{
    struct argp_option options[CTL_OPTIONS_MOST + SHARED_COUNT + 1] = {{0}};
    struct argp argp = {.options = options, .parser = parse_verb, .args_doc = call->verb->words};
    char name[64];
    char *own = arguments[0];
    size_t used = 0;

    for (size_t i = 0; i < CTL_OPTIONS_MOST && call->verb->options[i] != CTL_OPTION_END; i++)
        fill_option(&options[used++], OWN_KEY + call->verb->options[i] % CTL_NEEDED);
    for (size_t i = 0; i < SHARED_COUNT; i++)
        fill_option(&options[used++], SHARED_KEY + (int)i);
    argp.doc = call->verb->summary;
    snprintf(name, sizeof name, "fasciactl %s%s%s", call->verb->noun, call->verb->name[0] != '\0' ? " " : "",
             call->verb->name);
    arguments[0] = name;
    argp_parse(&argp, count, arguments, 0, NULL, call);
    arguments[0] = own;
    return call->verb->run(call);
}

/* ---- which verb ------------------------------------------------------------------------------------------------------ */

struct choice {
    struct ctl_call *call;
    int rest; /* where the verb's own arguments begin */
};

static void list_verbs(FILE *out, const char *noun)
{
    for (size_t table = 0; table < TABLE_COUNT; table++)
        for (const struct ctl_verb *verb = tables[table]; verb->noun != NULL; verb++) {
            char line[128];
            if (noun != NULL && strcmp(noun, verb->noun) != 0)
                continue;
            snprintf(line, sizeof line, "%s%s%s %s", verb->noun, verb->name[0] != '\0' ? " " : "", verb->name,
                     verb->words);
            fprintf(out, "  %-27s %s\n", line, verb->summary);
        }
}

static bool is_noun(const char *word)
{
    for (size_t table = 0; table < TABLE_COUNT; table++)
        for (const struct ctl_verb *verb = tables[table]; verb->noun != NULL; verb++)
            if (strcmp(word, verb->noun) == 0)
                return true;
    return false;
}

static const struct ctl_verb *find_verb(const char *noun, const char *name)
{
    for (size_t table = 0; table < TABLE_COUNT; table++)
        for (const struct ctl_verb *verb = tables[table]; verb->noun != NULL; verb++)
            if (strcmp(noun, verb->noun) == 0 && strcmp(name, verb->name) == 0)
                return verb;
    return NULL;
}

/* argp has no other way to print what it does not know: the verbs of a noun, or of all. */
static void refuse_verb(struct argp_state *state, const char *noun, const char *name)
{
    if (!is_noun(noun))
        fprintf(stderr, "fasciactl: there is no '%.40s'; fasciactl --help lists what there is\n", noun);
    else if (name == NULL)
        fprintf(stderr, "fasciactl: what about '%s'? One of\n", noun);
    else
        fprintf(stderr, "fasciactl: '%s' has no '%.40s'; it has\n", noun, name);
    if (is_noun(noun))
        list_verbs(stderr, noun);
    (void)state;
    exit(CTL_USAGE);
}

static void choose(struct choice *choice, const char *noun, struct argp_state *state)
{
    const char *name = state->next < state->argc ? state->argv[state->next] : NULL;
    const struct ctl_verb *verb = find_verb(noun, "");

    choice->rest = state->next;
    if (verb == NULL && name != NULL && strcmp(name, "--help") == 0 && is_noun(noun)) {
        list_verbs(stdout, noun);
        exit(CTL_OK);
    }
    if (verb == NULL && name != NULL) {
        verb = find_verb(noun, name);
        choice->rest++;
    }
    if (verb == NULL)
        refuse_verb(state, noun, name);
    choice->call->verb = verb;
    state->next = state->argc;
}

static error_t parse_top(int key, char *value, struct argp_state *state)
{
    struct choice *choice = state->input;

    if (is_known_key(key)) {
        take_option(choice->call, key, value, state);
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        choose(choice, value, state);
        return 0;
    }
    if (key == ARGP_KEY_NO_ARGS)
        argp_usage(state);
    return ARGP_ERR_UNKNOWN;
}

/* The list of verbs stands at the end of --help. */
static char *filter_help(int key, const char *text, void *input)
{
    char *list = NULL;
    size_t size = 0;
    FILE *stream;

    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    stream = open_memstream(&list, &size);
    INVARIANT(stream != NULL);
    fputs("What to ask for:\n", stream);
    list_verbs(stream, NULL);
    fputs(
        "\nEach has a --help of its own. Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 no daemon, 4 the "
        "daemon failed or is busy; of a replay 5 another answer, 6 inconclusive.",
        stream);
    fclose(stream);
    return list;
}

static void end_call(struct ctl_call *call)
{
    ctl_link_close(call->link);
    ctl_zones_destroy(call->zones);
    fflush(call->out);
}

int ctl_run(int count, char **arguments, FILE *out, FILE *errors)
{
    struct argp_option options[SHARED_COUNT + 1] = {{0}};
    const struct argp argp = {.options = options,
                              .parser = parse_top,
                              .args_doc = "WHAT [VERB] [ARGUMENT...]",
                              .doc = "Talks to fasciad, the referral network daemon.\v ",
                              .help_filter = filter_help};
    struct ctl_call call = {.out = out, .errors = errors, .visits = -1, .pain_before = -1, .pain_after = -1};
    struct choice choice = {.call = &call};
    int code;

    argp_err_exit_status = CTL_USAGE;
    for (size_t i = 0; i < SHARED_COUNT; i++)
        fill_option(&options[i], SHARED_KEY + (int)i);
    argp_parse(&argp, count, arguments, ARGP_IN_ORDER, NULL, &choice);
    call.zones = ctl_zones_create();
    /* the word before the verb's own arguments takes the place of the program's name */
    code = run_verb(&call, count - choice.rest + 1, arguments + choice.rest - 1);
    end_call(&call);
    return code;
}
