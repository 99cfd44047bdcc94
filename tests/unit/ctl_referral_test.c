/* What people see of a referral: every field of its content and of its need, whatever fields those will have. */
#include "core/message.h"
#include "ctl/words.h"
#include "unit/ctl_daemon.h"

/* Fields that say where something stood, or are for machines alone. */
static const char *const unseen[] = {"location", "reply", "latitude", "longitude", "position_known", NULL};

static bool is_unseen(const char *name)
{
    for (size_t i = 0; unseen[i] != NULL; i++)
        if (strcmp(unseen[i], name) == 0)
            return true;
    return false;
}

/* Marks: each text that must be seen. */
struct marks {
    char text[200][64];
    size_t count;
};

static void mark(struct marks *marks, const char *text)
{
    assert_true(marks->count < 200);
    snprintf(marks->text[marks->count++], 64, "%s", text);
}

static void fill(ProtobufCMessage *message, struct marks *marks);

static ProtobufCMessage *filled(const ProtobufCMessageDescriptor *type, struct marks *marks)
{
    ProtobufCMessage *made = calloc(1, type->sizeof_message);

    protobuf_c_message_init(type, made);
    fill(made, marks);
    return made;
}

/* One value, at its place, that nothing else in the message has. */
static void fill_value(const ProtobufCFieldDescriptor *field, void *at, struct marks *marks)
{
    char text[64];

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        snprintf(text, sizeof text, "%.40s-%zu", field->name, marks->count);
        *(char **)at = strdup(text);
        mark(marks, text);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = filled(field->descriptor, marks);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)at = 2;
        mark(marks, ctl_word(field->descriptor, 2, text));
        break;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)at = 700 + (uint32_t)marks->count;
        snprintf(text, sizeof text, "%zu", 700 + marks->count);
        if (strcmp(field->name, "max_distance") == 0) {
            *(uint32_t *)at = 12300;
            snprintf(text, sizeof text, "12.3 km");
        } else if (strcmp(field->name, "weekdays") == 0) {
            *(uint32_t *)at = 1 << 2;
            snprintf(text, sizeof text, "Wed");
        } else if (strstr(field->name, "_minute") != NULL && strstr(field->name, "minutes") == NULL) {
            snprintf(text, sizeof text, "%02zu:%02zu", (700 + marks->count) / 60, (700 + marks->count) % 60);
        }
        mark(marks, text);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        ((ProtobufCBinaryData *)at)->data = malloc(1);
        ((ProtobufCBinaryData *)at)->data[0] = 'x';
        ((ProtobufCBinaryData *)at)->len = 1;
        mark(marks, "1 bytes");
        break;
    default:
        fail_msg("%s: a type of field that this test does not fill", field->name);
    }
}

static void fill(ProtobufCMessage *message, struct marks *marks)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        void *at = (uint8_t *)message + field->offset;
        if (is_unseen(field->name))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            *(size_t *)(void *)((uint8_t *)message + field->quantifier_offset) = 1;
            *(void **)at = calloc(1, message_value_size(field->type));
            at = *(void **)at;
        }
        fill_value(field, at, marks);
    }
}

static void every_field_of_a_referral_is_shown(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__ReferralDetail detail = FASCIA__REFERRAL_DETAIL__INIT;
    struct marks marks = {.count = 0};
    struct said said;

    (void)state;
    detail.content = (Fascia__Referral *)filled(&fascia__referral__descriptor, &marks);
    detail.need = (Fascia__Need *)filled(&fascia__need__descriptor, &marks);
    assert_true(marks.count > 60);
    response.last = true;
    response.detail = &detail;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "referral", "show", "R7", "--content");
    assert_int_equal(said.code, CTL_OK);
    for (size_t i = 0; i < marks.count; i++)
        if (strstr(said.out, marks.text[i]) == NULL)
            fail_msg("'%s' is not shown in\n%s", marks.text[i], said.out);
    forget(&said);
    stop(&daemon);
    protobuf_c_message_free_unpacked(&detail.content->base, NULL);
    protobuf_c_message_free_unpacked(&detail.need->base, NULL);
}

static void nothing_is_shown_of_what_was_not_sent(void **state)
{
    struct daemon daemon = {0};
    Fascia__ControlResponse response = FASCIA__CONTROL_RESPONSE__INIT;
    Fascia__ReferralDetail detail = FASCIA__REFERRAL_DETAIL__INIT;
    Fascia__Referral content = FASCIA__REFERRAL__INIT;
    Fascia__Preferences wishes = FASCIA__PREFERENCES__INIT;
    Fascia__Authorization authorization = FASCIA__AUTHORIZATION__INIT;
    Fascia__Referrer referrer = FASCIA__REFERRER__INIT;
    struct said said;

    (void)state;
    content.sender = "CLINIC";
    content.preferences = &wishes;
    content.authorization = &authorization;
    content.referrer = &referrer;
    detail.content = &content;
    response.last = true;
    response.detail = &detail;
    add_frame(&daemon, 0, &response);
    start(&daemon);
    said = RUN(&daemon, "referral", "show", "R7", "--content");
    assert_string_equal(said.out, "as sent\n  sender                CLINIC\n");
    forget(&said);
    stop(&daemon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_referral_is_shown),
        cmocka_unit_test(nothing_is_shown_of_what_was_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
