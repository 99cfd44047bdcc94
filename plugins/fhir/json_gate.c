#include "fhir/json_gate.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- what can be seen without a reader --------------------------------------------------------------------------- */

struct scan {
    const uint8_t *bytes;
    size_t size, at;
    unsigned depth, values;
    struct fhir_json_fault *fault;
};

__attribute__((format(printf, 4, 5))) static bool refuse(struct fhir_json_fault *fault, const uint8_t *bytes, size_t at,
                                                         const char *format, ...)
{
    va_list values;

    fault->line = 1;
    fault->column = 1;
    for (size_t i = 0; i < at; i++) {
        if (bytes[i] == '\n') {
            fault->line++;
            fault->column = 1;
        } else if ((bytes[i] & 0xC0) != 0x80) {
            fault->column++;
        }
    }
    va_start(values, format);
    vsnprintf(fault->message, sizeof fault->message, format, values);
    va_end(values);
    return false;
}

static bool refuse_whole(struct fhir_json_fault *fault, const char *message)
{
    snprintf(fault->message, sizeof fault->message, "%s", message);
    return false;
}

/* Every value but the first stands behind a '[', a ',' or a ':': a count that is never too low. */
static bool count(struct scan *scan, uint8_t byte)
{
    if (byte == '{' || byte == '[') {
        scan->depth++;
        if (scan->depth > FHIR_JSON_DEPTH) {
            scan->fault->too_large = true;
            return refuse(scan->fault, scan->bytes, scan->at, "objects and arrays stand deeper in one another than %d",
                          FHIR_JSON_DEPTH);
        }
    } else if ((byte == '}' || byte == ']') && scan->depth > 0) {
        scan->depth--;
    }
    if (byte != '[' && byte != ',' && byte != ':')
        return true;
    scan->values++;
    if (scan->values < FHIR_JSON_VALUES)
        return true;
    scan->fault->too_large = true;
    return refuse(scan->fault, scan->bytes, scan->at, "the document has more than %d values", FHIR_JSON_VALUES);
}

static bool scan_all(struct scan *scan)
{
    bool inside = false;

    for (; scan->at < scan->size; scan->at++) {
        uint8_t byte = scan->bytes[scan->at];
        if (inside && byte == '\\')
            scan->at++;
        else if (byte == '"')
            inside = !inside;
        else if (!inside && !count(scan, byte))
            return false;
    }
    return true;
}

bool fhir_json_scan(const uint8_t *bytes, size_t size, size_t most, struct fhir_json_fault *fault)
{
    struct scan scan = {.bytes = bytes, .size = size, .fault = fault};
    size_t blank = 0;

    memset(fault, 0, sizeof *fault);
    if (size > most) {
        fault->too_large = true;
        snprintf(fault->message, sizeof fault->message, "the document is larger than the %zu bytes that are taken",
                 most);
        return false;
    }
    if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        return refuse(fault, bytes, 0,
                      "the document begins with a byte order mark, which JSON has not (RFC 8259, 8.1)");
    if (size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        return refuse(fault, bytes, 0, "the document is UTF-16: JSON between systems is UTF-8 (RFC 8259, 8.1)");
    while (blank < size && strchr(" \t\r\n", bytes[blank]) != NULL && bytes[blank] != '\0')
        blank++;
    if (blank == size)
        return refuse_whole(fault, "the body is empty: a JSON document is expected");
    return scan_all(&scan);
}

/* ---- by jansson --------------------------------------------------------------------------------------------------- */

/* jansson's own texts quote what was sent. */
static const char *words_for(enum json_error_code code)
{
    switch (code) {
    case json_error_duplicate_key:
        return "a name stands twice in one object";
    case json_error_invalid_utf8:
        return "bytes are not UTF-8";
    case json_error_premature_end_of_input:
        return "the document ends too early: a bracket, brace or quote is not closed";
    case json_error_end_of_input_expected:
        return "something stands behind the end of the document";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a text or name contains the character U+0000";
    case json_error_numeric_overflow:
        return "a number is larger than is taken";
    case json_error_stack_overflow:
        return "objects and arrays stand too deep in one another";
    default:
        return "this is not JSON (RFC 8259)";
    }
}

bool fhir_json_gate(const uint8_t *bytes, size_t size, struct fhir_json_fault *fault)
{
    json_error_t error;
    json_t *tree = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (tree != NULL) {
        json_decref(tree);
        return true;
    }
    fault->line = error.line > 0 ? (unsigned)error.line : 0;
    fault->column = error.column > 0 ? (unsigned)error.column : 0;
    if (fault->line > 0 && fault->column == 0)
        fault->column = 1;
    return refuse_whole(fault, words_for(json_error_code(&error)));
}
