/*
 * Code tables: what a sender's codes and words mean here. They are files that ship and that the operator can replace.
 *
 * The caller reads the files and gives their bytes; problems name file and line. Immutable after codes_finish(): any
 * thread may read. Files are CSV with a header line (RFC 4180 quoting); '#' begins a comment line:
 *   conditions.csv   system,prefix,category,note         ICD-10-CM codes by longest prefix, dots optional; `note` is a warning ("withdrawn since 2021-10, use M54.50")
 *   categories.csv   category,label,techniques,certifications   suitable techniques and implied certifications (';' lists)
 *   techniques.csv   technique,label,certifications,cpt  what each technique implies
 *   words.csv        kind,word,code                      kind technique|procedure|condition|flag: other codes and words ("97140", "lymph drainage", "DVT")
 *   cautions.csv     flag,technique,category,action,text,not_before_age   action stop|clearance|avoid; '*' matches any; text is what the referrer is told
 *   flags.csv        flag,label,system,prefix             codes that raise a flag (ICD-10-CM I82.4 -> suspected-dvt)
 *   professions.csv  taxonomy,label,refers,treats         NUCC; refers is physician|chiropractor|physiotherapist or empty; treats yes|no; prefix match
 *   jurisdictions.csv  country,state,jurisdiction,licence  licence required|none
 *   places.csv       country,postal_code,latitude,longitude,zone   centroids in degrees; zone may be empty
 */
#ifndef FASCIA_CORE_CODES_H
#define FASCIA_CORE_CODES_H

#include "core/fault.h"
#include "fascia/v1/referral.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

struct codes;

struct codes *codes_create(void);
void codes_destroy(struct codes *codes);
/* table is the file's base name ("conditions.csv"), origin its path, for faults. Each table is given at most once;
 * one that was not given is empty. bytes need not outlive the call. */
MUST_CHECK bool codes_load(struct codes *codes, const char *table, const char *origin, const uint8_t *bytes,
                           size_t size, struct fault *fault);
/* Checks references between tables (a technique named in categories.csv is in techniques.csv ...). */
MUST_CHECK bool codes_finish(struct codes *codes, struct fault *fault);

/* Of all that was loaded and the home country, to tell whether two readings were by the same tables. Not 0, and no secret. */
uint64_t codes_fingerprint(const struct codes *codes);

struct codes_condition {
    const char *category; /* NULL when unknown */
    const char *note;     /* NULL, or a warning for the sender */
};
struct codes_condition codes_condition(const struct codes *codes, const Fascia__Code *code);
/* A technique of the table, by its own name, words.csv (code or text, case and punctuation ignored) or a CPT code that only one technique has; NULL. */
const char *codes_technique(const struct codes *codes, const Fascia__Code *code);
/* true when the code asks for massage or manual therapy without saying which technique (CPT 97124, 97140, "massage"). */
bool codes_is_general(const struct codes *codes, const Fascia__Code *code);
/* A flag of flags.csv or words.csv; NULL. */
const char *codes_flag(const struct codes *codes, const Fascia__Code *code);
/* The flags whose words stand in free text, each once, in order of first mention: writes at most room of them, and says how many
 * there are. Words match whole, case and punctuation ignored. A mention does not count when it is simply negated: "no fever",
 * "denies fever, DVT or saddle numbness", "without", "negative for", "DVT was ruled out", "fever: no". That is all the grammar there is. It errs on
 * the side of stopping: "rule out DVT", "fever?", "no chills or fever", "mother had a DVT", "last year", and a negation over the end of a line
 * or by a tick box all count as mentions; and words that the table does not have are not seen. */
size_t codes_flags_in_text(const struct codes *codes, const char *text, const char **flags, size_t room);
bool codes_known_technique(const struct codes *codes, const char *technique);
bool codes_known_category(const struct codes *codes, const char *category);
const char *codes_label(const struct codes *codes,
                        const char *code); /* of a technique, category or flag; the code itself when none */

/* Lists that end with NULL; never NULL themselves. */
const char *const *codes_category_techniques(const struct codes *codes, const char *category);
const char *const *codes_category_certifications(const struct codes *codes, const char *category);
const char *const *codes_technique_certifications(const struct codes *codes, const char *technique);

enum codes_action { CODES_NOTHING, CODES_AVOID, CODES_CLEARANCE, CODES_STOP };
struct codes_caution {
    enum codes_action action;
    const char *flag, *text;
};
/* The severest rule for this flag, technique (NULL: any) and category (NULL: any) at this age in years (-1: unknown, and rules that
 * begin at an age hold). NULL asks for rules about every technique, so that "avoid" then means: some technique. */
struct codes_caution codes_caution(const struct codes *codes, const char *flag, const char *technique,
                                   const char *category, int age);
/* Whether a rule says to avoid this technique, even where a severer one stands beside it. */
bool codes_avoids(const struct codes *codes, const char *flag, const char *technique, const char *category, int age);

Fascia__Role codes_role(const struct codes *codes, const char *taxonomy); /* by prefix; unspecified when none */
bool codes_treats(const struct codes *codes, const char *taxonomy);
/* "US-KY"; NULL when unknown. country "" means the node's own, given at load by codes_set_home. */
const char *codes_jurisdiction(const struct codes *codes, const char *country, const char *state);
bool codes_licence_required(const struct codes *codes, const char *jurisdiction); /* true when unknown */
void codes_set_home(struct codes *codes, const char *country);                    /* "US" */

struct codes_place {
    int32_t latitude, longitude; /* millionths of a degree */
    const char *zone;            /* may be "" */
    const char *name;            /* country and postal code: "US 40202" */
};
/* Postal codes compare without case and spaces; of a US ZIP+4 the first five digits count. */
MUST_CHECK bool codes_place(const struct codes *codes, const char *country, const char *postal_code,
                            struct codes_place *place);
/* The place whose centre is nearest, of those within about 30 km. */
MUST_CHECK bool codes_near(const struct codes *codes, int32_t latitude, int32_t longitude, struct codes_place *place);
size_t codes_place_count(const struct codes *codes);
/* NPI: ten digits, Luhn over 80840 + number (DOMAIN: CMS NPI standard). */
bool codes_npi_valid(const char *number);

#endif
