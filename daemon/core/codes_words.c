#include "core/codes_words.h"

#include <string.h>

/* A window of the text is read at a time. A mention is judged once WORDS_AHEAD words behind it are known, and the next window begins
 * with WORDS_BEHIND words that were judged already, so that no phrase and no negation is cut. */
#define WINDOW_WORDS 512
#define WORD_BYTES   48
#define WORDS_AHEAD  24
#define WORDS_BEHIND 64

/* What stands before a word; a greater one parts more. */
enum gap { GAP_SPACE, GAP_COMMA, GAP_LINE, GAP_SENTENCE, GAP_QUESTION };

struct word {
    uint16_t offset, size;
    uint8_t gap;
    bool colon;           /* the gap before it has one */
    uint8_t phrase_words; /* how many words the phrase has that ends here; 0: none does */
};

struct window {
    struct word words[WINDOW_WORDS];
    size_t count;
    char bytes[WINDOW_WORDS * (WORD_BYTES + 1)];
    size_t used;
    uint8_t end; /* the gap behind the last word */
};

struct reader {
    const unsigned char *next;
    uint8_t gap; /* seen since the last word */
    bool colon;
};

/* ' and its typographic brothers stand inside words. Their bytes, or 0. */
static size_t apostrophe_at(const unsigned char *at)
{
    if (*at == '\'')
        return 1;
    return at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0x98 || at[2] == 0x99) ? 3 : 0;
}

/* Bytes of what parts words: ASCII but letters and digits, the signs of Latin-1 (U+0080 to U+00BF), and the blocks of
 * punctuation and symbols from U+2000 to U+2BFF. */
static size_t separator_at(const unsigned char *at)
{
    if (*at == 0 || apostrophe_at(at) > 0)
        return 0;
    if (*at < 0x80)
        return (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ? 0 : 1;
    if (at[0] == 0xc2 && at[1] != 0)
        return 2;
    return at[0] == 0xe2 && at[1] >= 0x80 && at[1] <= 0xaf && at[2] != 0 ? 3 : 0;
}

static uint8_t gap_of(const unsigned char *at)
{
    if (*at == ',')
        return GAP_COMMA;
    if (*at == '\n' || *at == '\r')
        return GAP_LINE;
    if (*at == '?')
        return GAP_QUESTION;
    if (*at == '!' || *at == ';')
        return GAP_SENTENCE;
    /* a point within a number or an abbreviation ends nothing */
    if (*at == '.' && (at[1] == 0 || at[1] == ' ' || at[1] == '\n' || at[1] == '\r' || at[1] == '\t'))
        return GAP_SENTENCE;
    return GAP_SPACE;
}

static void skip_separators(struct reader *reader)
{
    size_t bytes;

    for (; (bytes = separator_at(reader->next)) > 0; reader->next += bytes) {
        reader->colon = reader->colon || *reader->next == ':';
        if (gap_of(reader->next) > reader->gap)
            reader->gap = gap_of(reader->next);
    }
}

/* Reads up to a word and its letters into the window. false at the text's end. */
static bool read_word(struct reader *reader, struct window *window)
{
    struct word word = {.offset = (uint16_t)window->used};

    skip_separators(reader);
    window->end = reader->gap;
    if (*reader->next == 0)
        return false;
    while (*reader->next != 0 && separator_at(reader->next) == 0) {
        size_t apostrophe = apostrophe_at(reader->next);
        unsigned char letter = *reader->next;
        reader->next += apostrophe > 0 ? apostrophe : 1;
        if (apostrophe > 0)
            continue;
        if (word.size < WORD_BYTES)
            window->bytes[window->used + word.size++] =
                (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
        else /* too long for the tables: its last byte becomes one that no phrase has */
            window->bytes[window->used + WORD_BYTES - 1] = 1;
    }
    window->used += word.size;
    window->bytes[window->used++] = ' ';
    word.gap = reader->gap;
    word.colon = reader->colon;
    reader->gap = GAP_SPACE;
    reader->colon = false;
    window->words[window->count++] = word;
    window->end = GAP_SPACE;
    return true;
}

static size_t phrase_size(const struct window *window, size_t first, size_t words)
{
    const struct word *last = &window->words[first + words - 1];

    return last->offset + last->size - window->words[first].offset;
}

/* How many words the longest phrase has that begins here, and its row. */
static size_t longest_at(const struct codes_phrases *phrases, const struct window *window, size_t first, uint32_t *row)
{
    const char *begin = window->bytes + window->words[first].offset;
    uint32_t most = codes_map_find(&phrases->firsts, begin, window->words[first].size);

    if (most == CODES_NONE)
        return 0;
    if (most > window->count - first)
        most = (uint32_t)(window->count - first);
    for (size_t words = 1; words < most; words++)
        if (window->words[first + words].gap >= GAP_SENTENCE)
            most = (uint32_t)words;
    for (size_t words = most; words > 0; words--) {
        *row = codes_map_find(&phrases->rows, begin, phrase_size(window, first, words));
        if (*row != CODES_NONE)
            return words;
    }
    return 0;
}

static bool word_is(const struct window *window, size_t index, const char *text)
{
    const struct word *word = &window->words[index];

    return index < window->count && strlen(text) == word->size &&
           memcmp(window->bytes + word->offset, text, word->size) == 0;
}

static bool word_is_one_of(const struct window *window, size_t index, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        if (word_is(window, index, *texts))
            return true;
    return false;
}

/* A question denies nothing. */
static bool is_asked(const struct window *window, size_t after)
{
    for (; after < window->count; after++)
        if (window->words[after].gap >= GAP_SENTENCE)
            return window->words[after].gap == GAP_QUESTION;
    return window->end == GAP_QUESTION;
}

/* "once DVT is ruled out" */
static bool is_condition(const struct window *window, size_t first)
{
    static const char *const conditions[] = {"if",    "once",   "until",    "unless",    "after", "when",
                                             "while", "before", "provided", "providing", "till",  NULL};

    for (int back = 0; back < 4 && first > 0 && window->words[first].gap == GAP_SPACE; back++, first--)
        if (word_is_one_of(window, first - 1, conditions))
            return true;
    return false;
}

/* "DVT was ruled out": only an auxiliary may stand between, so that "has not been ruled out" and "to be ruled out" do not pass. */
static bool is_ruled_out_after(const struct window *window, size_t after)
{
    static const char *const auxiliaries[] = {"was", "were", "is", "are", "has", "have", "had", "been", NULL};
    static const char *const endings[] = {"negative", "absent", "excluded", "denied", NULL};

    while (after < window->count && window->words[after].gap == GAP_SPACE && word_is_one_of(window, after, auxiliaries))
        after++;
    if (after >= window->count || window->words[after].gap != GAP_SPACE)
        return false;
    return word_is_one_of(window, after, endings) ||
           (word_is(window, after, "ruled") && word_is(window, after + 1, "out"));
}

/* "Saddle numbness: no", as forms and coded answers write it. The answer stands alone, so that "fever: no change" does not pass. */
static bool is_answered_no(const struct window *window, size_t after)
{
    static const char *const answers[] = {"no",     "n",      "none",   "nil",   "negative", "neg",
                                          "absent", "denied", "denies", "false", NULL};

    return after < window->count && window->words[after].colon && window->words[after].gap == GAP_SPACE &&
           word_is_one_of(window, after, answers) &&
           (after + 1 == window->count || window->words[after + 1].gap >= GAP_LINE);
}

enum negator { NEGATOR_NONE, NEGATOR_NEAR, NEGATOR_LIST };

/* What ends right before the word: "no" reaches over "or", "denies" over commas too. "not denied", "not ruled out" are none. */
static enum negator negator_before(const struct window *window, size_t before)
{
    static const char *const doubles[] = {"not", "cannot", "cant", "never", "no", "nor", "be", "didnt", NULL};
    static const char *const near[] = {"no", "not", "non", "nil", "never", NULL};
    static const char *const list[] = {"denies", "denied", "denying", "without", NULL};
    static const struct {
        const char *first, *second;
    } pairs[] = {{"negative", "for"}, {"neg", "for"},   {"absence", "of"},
                 {"free", "of"},      {"denial", "of"}, {"ruled", "out"}};
    enum negator negator = NEGATOR_NONE;
    size_t words = 1;

    if (word_is_one_of(window, before - 1, near))
        negator = NEGATOR_NEAR;
    if (word_is_one_of(window, before - 1, list))
        negator = NEGATOR_LIST;
    for (size_t i = 0; before >= 2 && i < sizeof pairs / sizeof *pairs; i++)
        if (word_is(window, before - 2, pairs[i].first) && word_is(window, before - 1, pairs[i].second) &&
            window->words[before - 1].gap == GAP_SPACE) {
            negator = NEGATOR_LIST;
            words = 2;
        }
    if (before > words && window->words[before - words].gap == GAP_SPACE &&
        word_is_one_of(window, before - words - 1, doubles))
        return NEGATOR_NONE;
    return negator;
}

/* Whether the list ends with the item: "denies fever, DVT since May" says that there is one. */
static bool item_ends(const struct window *window, size_t after)
{
    return after >= window->count || window->words[after].gap != GAP_SPACE || word_is(window, after, "or") ||
           word_is(window, after, "nor");
}

/* Walks back from the phrase over qualifiers and other phrases of a list to a negation. Anything else ends the walk. */
static bool is_negated(const struct window *window, size_t first, size_t words)
{
    static const char *const qualifiers[] = {
        "any",      "current",  "currently", "recent", "history",  "hx",    "of",        "sign",       "signs",
        "symptom",  "symptoms", "evidence",  "known",  "new",      "acute", "complaint", "complaints", "suspicion",
        "reported", "obvious",  "a",         "the",    "clinical", "on",    "taking",    "use",        NULL};
    bool in_list = false, comma = false, joined = false;
    size_t at = first;

    if (is_asked(window, first + words))
        return false;
    if (is_ruled_out_after(window, first + words) || is_answered_no(window, first + words))
        return !is_condition(window, first);
    while (at > 0 && window->words[at].gap <= GAP_COMMA) {
        bool comma_here = window->words[at].gap == GAP_COMMA;
        enum negator negator = comma_here ? NEGATOR_NONE : negator_before(window, at);
        size_t phrase = window->words[at - 1].phrase_words;
        if (negator != NEGATOR_NONE)
            return (!comma || negator == NEGATOR_LIST) && (!in_list || item_ends(window, first + words));
        comma = comma || comma_here;
        if (!comma_here && word_is_one_of(window, at - 1, qualifiers)) {
            at--;
        } else if (word_is(window, at - 1, "or") || word_is(window, at - 1, "nor")) {
            joined = true;
            at--;
        } else if (phrase > 0 && phrase <= at && (comma_here || joined)) {
            in_list = true;
            joined = false;
            at -= phrase;
        } else {
            return false;
        }
    }
    return false;
}

/* Judges the phrases that begin in words from..to; those before are only context. */
static void judge(const struct codes_phrases *phrases, struct window *window, size_t from, size_t to,
                  codes_mention *mention, void *context)
{
    for (size_t i = 0; i < window->count; i++)
        window->words[i].phrase_words = 0;
    for (size_t at = 0; at < to;) {
        uint32_t row = CODES_NONE;
        size_t words = longest_at(phrases, window, at, &row);
        if (words == 0) {
            at++;
            continue;
        }
        if (at >= from && !is_negated(window, at, words))
            mention(context, row, phrase_size(window, at, words));
        window->words[at + words - 1].phrase_words = (uint8_t)words;
        at += words;
    }
}

/* Keeps the last words of the window. */
static void slide(struct window *window, size_t keep)
{
    size_t first = window->count - keep;
    uint16_t shift = window->words[first].offset;

    memmove(window->bytes, window->bytes + shift, window->used - shift);
    memmove(window->words, window->words + first, keep * sizeof *window->words);
    window->used -= shift;
    window->count = keep;
    for (size_t i = 0; i < keep; i++)
        window->words[i].offset = (uint16_t)(window->words[i].offset - shift);
}

void codes_phrases_scan(const struct codes_phrases *phrases, const char *text, codes_mention *mention, void *context)
{
    struct window window;
    struct reader reader = {.next = (const unsigned char *)text};
    size_t judged = 0;

    window.count = window.used = window.end = 0;
    if (phrases->rows.count == 0)
        return;
    while (read_word(&reader, &window)) {
        if (window.count < WINDOW_WORDS)
            continue;
        judge(phrases, &window, judged, WINDOW_WORDS - WORDS_AHEAD, mention, context);
        slide(&window, WORDS_AHEAD + WORDS_BEHIND);
        judged = WORDS_BEHIND;
    }
    judge(phrases, &window, judged, window.count, mention, context);
}

struct longest {
    uint32_t row;
    size_t size;
};

static void keep_longest(void *context, uint32_t row, size_t size)
{
    struct longest *longest = context;

    if (size > longest->size)
        *longest = (struct longest){row, size};
}

uint32_t codes_phrases_longest(const struct codes_phrases *phrases, const char *text)
{
    struct longest longest = {CODES_NONE, 0};

    codes_phrases_scan(phrases, text, keep_longest, &longest);
    return longest.row;
}

bool codes_phrase_key(const char *text, char key[PHRASE_BYTES + 1])
{
    struct window window;
    struct reader reader = {.next = (const unsigned char *)text};

    window.count = window.used = window.end = 0;
    while (window.count <= WORDS_IN_PHRASE && read_word(&reader, &window))
        if (window.words[window.count - 1].size == WORD_BYTES)
            return false;
    if (window.count == 0 || window.count > WORDS_IN_PHRASE || window.used - 1 > PHRASE_BYTES)
        return false;
    memcpy(key, window.bytes, window.used - 1);
    key[window.used - 1] = 0;
    return true;
}

void codes_phrase_put(struct codes *codes, struct codes_phrases *phrases, const char *key, uint32_t row)
{
    size_t first_size = strcspn(key, " ");
    uint32_t words = 1, most = codes_map_find(&phrases->firsts, key, first_size);
    const char *first = codes_texts_keep(&codes->texts, key, first_size);

    for (const char *at = key; *at != 0; at++)
        words += *at == ' ';
    if (most == CODES_NONE)
        codes_map_put(&phrases->firsts, first, words);
    else if (words > most)
        codes_map_replace(&phrases->firsts, first, words);
    codes_map_put(&phrases->rows, key, row);
}
