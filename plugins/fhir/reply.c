/* Parts of replies, and the reply itself as the host takes it. */
#include "fhir/work.h"

#include "fhir/encode.h"
#include "fhir/moment.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void fhir_reply_version(struct fhir_call *call, const struct fhir_json *resource)
{
    const struct fhir_json *meta = fhir_json_get(resource, "meta");
    const char *version = fhir_json_text_of(meta, "versionId"), *updated = fhir_json_text_of(meta, "lastUpdated");
    struct fhir_stretch stretch;

    if (version != NULL)
        call->reply.etag = fhir_arena_format(call->arena, "W/\"%s\"", version);
    if (updated != NULL && fhir_moment_read(updated, &stretch))
        call->reply.modified = stretch.from;
}

static const char *opaque_of(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

bool fhir_tags_name(const char *list, const char *etag)
{
    const char *wanted = opaque_of(etag);
    const size_t size = strlen(wanted);

    for (const char *at = list + strspn(list, " \t,"); *at != '\0'; at += strspn(at, " \t,")) {
        const char *tag = opaque_of(at);
        if (*at == '*')
            return true;
        if (strncmp(tag, wanted, size) == 0 && strchr(" \t,", tag[size]) != NULL)
            return true;
        at += strcspn(at, ",");
    }
    return false;
}

struct fhir_json *fhir_new_bundle(struct fhir_call *call, const char *type)
{
    struct fhir_json *bundle = fhir_json_new_object();
    struct fhir_json *meta;

    fhir_json_set_text(bundle, "resourceType", "Bundle");
    meta = fhir_json_set(bundle, "meta", fhir_json_new_object());
    fhir_set_instant(meta, "lastUpdated", fhir_now(call));
    fhir_json_set_text(bundle, "type", type);
    return bundle;
}

void fhir_add_link(struct fhir_json *bundle, const char *relation, const char *url)
{
    struct fhir_json *link = fhir_add_to(bundle, "link", fhir_json_new_object());

    fhir_json_set_text(link, "relation", relation);
    fhir_json_set_text(link, "url", url);
}

/* Whether one of the header's preferences is this (RFC 7240): case matters in values only. */
static bool prefers(const struct fhir_call *call, const char *name, const char *value)
{
    const size_t length = strlen(name);

    for (const char *at = call->prefer; *at != '\0';) {
        at += strspn(at, " \t,;");
        if (strncasecmp(at, name, length) == 0 && at[length] == '=') {
            const char *is = at + length + 1 + (at[length + 1] == '"');
            if (strncmp(is, value, strlen(value)) == 0 && strchr(" \t,;\"", is[strlen(value)]) != NULL)
                return true;
        }
        at += strcspn(at, ",;");
    }
    return false;
}

const char *fhir_preferred_return(const struct fhir_call *call)
{
    static const char *const words[] = {"minimal", "OperationOutcome", "representation"};

    for (size_t i = 0; i < 3; i++)
        if (prefers(call, "return", words[i]))
            return words[i];
    return "representation";
}

bool fhir_prefers_strict(const struct fhir_call *call)
{
    return prefers(call, "handling", "strict");
}

/* ---- layout --------------------------------------------------------------------------------------------------------- */

struct layout {
    char *text;
    size_t length, room, depth;
};

static void put(struct layout *layout, char letter)
{
    if (layout->length == layout->room) {
        layout->room = layout->room * 2 + 256;
        layout->text = realloc(layout->text, layout->room);
        if (layout->text == NULL)
            abort();
    }
    layout->text[layout->length++] = letter;
}

static void new_line(struct layout *layout)
{
    put(layout, '\n');
    for (size_t i = 0; i < layout->depth * 2; i++)
        put(layout, ' ');
}

static void lay_out(struct layout *layout, char letter, char next)
{
    const bool empty = (letter == '{' && next == '}') || (letter == '[' && next == ']');

    if (letter == '}' || letter == ']') {
        put(layout, letter);
        return;
    }
    put(layout, letter);
    if (letter == ':')
        put(layout, ' ');
    if (letter == '{' || letter == '[')
        layout->depth++;
    if ((letter == '{' || letter == '[' || letter == ',') && !empty)
        new_line(layout);
    else if (empty)
        layout->depth--;
}

const char *fhir_pretty(struct fhir_arena *arena, const char *compact, size_t size, size_t *made)
{
    struct layout layout = {NULL, 0, 0, 0};
    bool text = false;
    char *copy;

    for (size_t i = 0; i < size; i++) {
        const char letter = compact[i];
        if (text || letter == '"') {
            put(&layout, letter);
            if (letter == '\\' && i + 1 < size)
                put(&layout, compact[++i]);
            else if (letter == '"')
                text = !text;
            continue;
        }
        if ((letter == '}' || letter == ']') && i > 0 && compact[i - 1] != '{' && compact[i - 1] != '[') {
            layout.depth -= layout.depth > 0;
            new_line(&layout);
        }
        lay_out(&layout, letter, i + 1 < size ? compact[i + 1] : '\0');
    }
    put(&layout, '\n');
    copy = fhir_arena_text(arena, layout.text, layout.length);
    *made = layout.length;
    free(layout.text);
    return copy;
}

/* ---- sending -------------------------------------------------------------------------------------------------------- */

struct head {
    Fascia__HttpField fields[10];
    Fascia__HttpField *list[10];
    size_t count;
};

static void add_field(struct head *head, const char *name, const char *value)
{
    Fascia__HttpField *field = &head->fields[head->count];

    if (value == NULL)
        return;
    fascia__http_field__init(field);
    field->name = (char *)(uintptr_t)name;
    field->value = (char *)(uintptr_t)value;
    head->list[head->count++] = field;
}

void fhir_reply_send(const struct fascia_host *host, uint64_t token, struct fhir_arena *arena,
                     const struct fhir_reply *reply)
{
    Fascia__HttpReply message = FASCIA__HTTP_REPLY__INIT;
    struct head head = {.count = 0};
    char modified[FHIR_MOMENT_BYTES];
    const char *body = NULL;
    size_t size = 0;
    uint8_t *packed;

    if (reply->body != NULL && reply->status != 304)
        body = fhir_json_print(reply->body, &size);
    if (body != NULL && reply->pretty)
        body = fhir_pretty(arena, body, size, &size);
    if (body != NULL)
        add_field(&head, "content-type", "application/fhir+json; charset=utf-8");
    add_field(&head, "cache-control", "no-store");
    add_field(&head, "etag", reply->etag);
    if (reply->modified != 0) {
        fhir_moment_http(reply->modified, modified);
        add_field(&head, "last-modified", modified);
    }
    add_field(&head, "location", reply->location);
    add_field(&head, "allow", reply->allow);
    add_field(&head, "www-authenticate", reply->challenge);
    if (reply->retry_after != 0)
        add_field(&head, "retry-after", fhir_arena_format(arena, "%u", reply->retry_after));
    message.status = reply->status;
    message.fields = head.list;
    message.n_fields = head.count;
    message.body = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)body};
    size = fascia__http_reply__get_packed_size(&message);
    packed = fhir_allocate(size + 1);
    fascia__http_reply__pack(&message, packed);
    host->complete(host->context, token, (struct fascia_bytes){packed, size});
    free(packed);
}
