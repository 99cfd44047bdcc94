/* Letters and other documents: DocumentReference, with what it holds inline or as a Binary of the same Bundle. */
#include "fhir/decode_parts.h"

#include <string.h>

static const char *title_of(struct fhir_decoder *decoder, struct fhir_place *document, struct fhir_place *attachment)
{
    const char *title = fhir_read(decoder, attachment, "title");

    if (title[0] == '\0')
        title = fhir_read(decoder, document, "description");
    if (title[0] != '\0')
        return title;
    fhir_mark(fhir_at(decoder, document, "type"));
    return fhir_words(decoder, fhir_at(decoder, document, "type"));
}

static struct fhir_place *binary_of(struct fhir_decoder *decoder, struct fhir_place *attachment)
{
    const char *url = fhir_peek(attachment, "url");
    struct fhir_resource *binary = url[0] != '\0' ? fhir_resolve_text(decoder, attachment, url) : NULL;

    return binary != NULL && strcmp(binary->type, "Binary") == 0 ? binary->place : NULL;
}

static void add_attachment(struct fhir_decoder *decoder, struct fhir_place *document, struct fhir_place *from)
{
    struct fhir_place *binary = binary_of(decoder, from), *holder = fhir_peek(from, "data")[0] != '\0' ? from : binary;
    Fascia__Attachment *attachment;
    const char *media_type = fhir_peek(from, "contentType");
    uint8_t *bytes;
    size_t size;

    if (holder == NULL) {
        fhir_issue_warn(decoder->issues, "incomplete", fhir_path(decoder, from),
                        "the document itself did not come with the request, and is not fetched: send it as data, or as "
                        "a Binary in the same Bundle");
        return;
    }
    if (!fhir_decode_base64(decoder->arena, fhir_peek(holder, "data"), &bytes, &size))
        return; /* the schema has said so */
    if (media_type[0] == '\0')
        media_type = fhir_read(decoder, holder, "contentType");
    attachment = fhir_arena_take(decoder->arena, sizeof *attachment);
    fascia__attachment__init(attachment);
    attachment->title = OWNED(title_of(decoder, document, from));
    attachment->media_type = OWNED(media_type[0] != '\0' ? media_type : "application/octet-stream");
    attachment->content = (ProtobufCBinaryData){size, bytes};
    attachment->location = OWNED(fhir_path(decoder, from));
    fhir_mark(from);
    fhir_mark(binary);
    FHIR_PUSH(decoder->arena, decoder->referral->attachments, decoder->referral->n_attachments, attachment);
}

void fhir_decode_document(struct fhir_decoder *decoder, struct fhir_resource *document)
{
    struct fhir_place *list = fhir_at(decoder, document->place, "content"), *content;

    for (size_t i = 0; (content = fhir_nth(decoder, list, i)) != NULL; i++) {
        struct fhir_place *attachment = fhir_at(decoder, content, "attachment");
        if (attachment != NULL && !attachment->read)
            add_attachment(decoder, document->place, attachment);
    }
    fhir_mark(fhir_at(decoder, document->place, "status"));
}

/* Those of a Bundle that nobody points to belong to it all the same, if they are of this patient. */
void fhir_decode_documents(struct fhir_decoder *decoder)
{
    for (size_t i = 0; i < decoder->resources->count; i++) {
        struct fhir_resource *resource = decoder->resources->list[i];
        struct fhir_place *subject;
        if (resource->referenced_by != NULL || resource->container != NULL ||
            strcmp(resource->type, "DocumentReference") != 0 || fhir_is_void(decoder, resource))
            continue;
        subject = fhir_at(decoder, resource->place, "subject");
        if (decoder->patient != NULL && fhir_resolve(decoder, subject) == decoder->patient)
            fhir_decode_document(decoder, resource);
    }
}
