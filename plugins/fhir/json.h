/*
 * JSON, as FHIR needs it: read strictly, kept as it was written, printed the same way every time.
 *
 * A document passes two readers. The gate (jansson) refuses what is not JSON by RFC 8259, duplicate names, bad UTF-8, NUL in texts and numbers that no
 * machine can hold, and knows the line and column. The tree (json-c) keeps the text of numbers: 0.010 stays 0.010. Neither is seen outside of json*.c.
 *
 * A tree is owned by whoever made its root and freed with it; values inside are borrowed. Texts are UTF-8 without NUL. Asking the wrong type gives the
 * empty answer that is written beside each function, so that a chain of questions needs no checks between. Out of memory stops the process.
 * One thread at a time may use one tree.
 */
#ifndef FHIR_JSON_H
#define FHIR_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fhir/arena.h"

struct fhir_json;

enum fhir_json_type {
    FHIR_JSON_ABSENT, /* of NULL: no such member or item */
    FHIR_JSON_NULL,   /* null as it may stand in a list of FHIR's primitives */
    FHIR_JSON_BOOLEAN,
    FHIR_JSON_NUMBER,
    FHIR_JSON_TEXT,
    FHIR_JSON_ARRAY,
    FHIR_JSON_OBJECT
};

enum {
    FHIR_JSON_DEPTH = 64,      /* objects and arrays in one another; FHIR's own resources need 20 */
    FHIR_JSON_VALUES = 200000, /* values in one document: what a tree takes of memory */
    FHIR_JSON_FAULT_BYTES = 160
};

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct fhir_json_fault {
    bool too_large;                      /* more bytes, values or depth than are taken: not a fault of syntax */
    unsigned line, column;               /* from 1; where reading stopped; 0, 0: of the whole */
    char message[FHIR_JSON_FAULT_BYTES]; /* for the sender; repeats nothing of what was sent */
};

/* NULL: it is not one JSON object, and fault says where and why. */
struct fhir_json *fhir_json_parse(const void *bytes, size_t size, size_t most, struct fhir_json_fault *fault);
/* Any value, not only an object: what stands alone in a JSON Patch, or a list. */
struct fhir_json *fhir_json_parse_value(const void *bytes, size_t size, size_t most, struct fhir_json_fault *fault);
void fhir_json_free(struct fhir_json *root); /* takes NULL */

/* ---- looking; every function takes NULL --------------------------------------------------------------------------- */

enum fhir_json_type fhir_json_type(const struct fhir_json *value);
const char *fhir_json_type_name(enum fhir_json_type type); /* "a text" "an array" ...: for messages */
size_t fhir_json_size(const struct fhir_json *value);      /* members or items; bytes of a text; else 0 */
const struct fhir_json *fhir_json_get(const struct fhir_json *object, const char *name);
const struct fhir_json *fhir_json_item(const struct fhir_json *array, size_t index);
const char *fhir_json_text(const struct fhir_json *value);           /* NULL unless a text */
const char *fhir_json_number(const struct fhir_json *value);         /* as it was written; NULL unless a number */
bool fhir_json_whole(const struct fhir_json *value, int64_t *whole); /* false: not a number without fraction */
bool fhir_json_boolean(const struct fhir_json *value, bool *truth);  /* false: not a boolean */
bool fhir_json_same(const struct fhir_json *a,
                    const struct fhir_json *b); /* by RFC 6902, 4.6: numbers by value, members in any order */

/* The text of a member; NULL: there is none, or it is no text. */
const char *fhir_json_text_of(const struct fhir_json *object, const char *name);

/* Members in their order: for (struct fhir_json_walk walk = fhir_json_walk(object); fhir_json_next(&walk);) */
struct fhir_json_walk {
    const void *entry;
    const char *name;
    const struct fhir_json *value;
};
struct fhir_json_walk fhir_json_walk(const struct fhir_json *object);
bool fhir_json_next(struct fhir_json_walk *walk);

/* ---- building ----------------------------------------------------------------------------------------------------- */

struct fhir_json *fhir_json_new_object(void);
struct fhir_json *fhir_json_new_array(void);
struct fhir_json *fhir_json_new_text(const char *text);   /* NULL gives NULL */
struct fhir_json *fhir_json_new_number(const char *text); /* is printed as it is; must be a JSON number */
struct fhir_json *fhir_json_new_whole(int64_t whole);
struct fhir_json *fhir_json_new_boolean(bool truth);
struct fhir_json *fhir_json_new_null(void);
struct fhir_json *fhir_json_copy(const struct fhir_json *value); /* deep; NULL of NULL */

/* These take the child over, and give it back so that it can be filled further. A child that is NULL is not added. */
struct fhir_json *fhir_json_set(struct fhir_json *object, const char *name,
                                struct fhir_json *child); /* in place of one that is there */
struct fhir_json *fhir_json_add(struct fhir_json *array, struct fhir_json *child);
/* A text member, unless text is NULL or "": FHIR has no empty ones. */
void fhir_json_set_text(struct fhir_json *object, const char *name, const char *text);
/* At index, moving what is behind it; index may be the size. false: there is no such place, and the child is freed. */
bool fhir_json_insert(struct fhir_json *array, size_t index, struct fhir_json *child);
bool fhir_json_replace(struct fhir_json *array, size_t index, struct fhir_json *child);
bool fhir_json_remove(struct fhir_json *object, const char *name);
bool fhir_json_remove_item(struct fhir_json *array, size_t index);
/* For who owns the tree: the same value, writable. */
struct fhir_json *fhir_json_mutable(const struct fhir_json *value);

/* Compact, members in their order. The text lives as long as the value is not changed, printed again, or freed. size may be NULL. */
const char *fhir_json_print(const struct fhir_json *value, size_t *size);

/* ---- a place in a document ------------------------------------------------------------------------------------------ */

/*
 * A value with where it stands, as a FHIRPath expression: "ServiceRequest.reasonCode[0].coding[1].code". Places are made as they are asked for, in an
 * arena; the same place is the same pointer, so that what was read can be told from what was not.
 */
struct fhir_place {
    const struct fhir_json *value;
    const struct fhir_place *parent; /* NULL: the root */
    const char *name;                /* of a member, or of the root; NULL of an item */
    uint32_t index;                  /* of an item */
    bool read;                       /* somebody has taken in what stands here, with all inside it */
    bool opened;
    void *resource; /* for the reader of references: what it has found out of a resource that stands here */
    uint32_t count;
    struct fhir_place *inside; /* once opened: members or items in their order */
};

struct fhir_place *fhir_place_root(struct fhir_arena *arena, const struct fhir_json *value, const char *name);
/* NULL: there is none, as of a place that is NULL. */
struct fhir_place *fhir_place_member(struct fhir_arena *arena, struct fhir_place *place, const char *name);
struct fhir_place *fhir_place_item(struct fhir_arena *arena, struct fhir_place *place, size_t index);
size_t fhir_place_open(struct fhir_arena *arena, struct fhir_place *place); /* fills `inside`; how many there are */
/* "Patient.name[0].family" */
const char *fhir_place_path(struct fhir_arena *arena, const struct fhir_place *place);

#endif
