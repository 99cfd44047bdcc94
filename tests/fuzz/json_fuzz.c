/*
 * Files of any bytes, as referrals (the folder source: JSON and CSV) and as therapists (fasciactl: NDJSON and CSV). Each row is answered once, what is read
 * can be packed and unpacked, and a therapist that was read is the same after writing and reading it again.
 */
#include "core/fault.h"
#include "ctl/therapist_file.h"
#include "folder/file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct folder_settings *settings_of(const char *character_set)
{
    Fascia__Options options = FASCIA__OPTIONS__INIT;
    Fascia__OptionValue value = FASCIA__OPTION_VALUE__INIT;
    Fascia__OptionValue *values[] = {&value};
    char name[] = "character_set";
    char fault[256];
    struct folder_settings *settings;

    value.name = name;
    value.value_case = FASCIA__OPTION_VALUE__VALUE_TEXT;
    value.text = (char *)(uintptr_t)character_set;
    options.values = values;
    options.n_values = 1;
    settings = folder_settings_create(&options, fault, sizeof fault);
    INVARIANT(settings != NULL);
    return settings;
}

static void check_submission(Fascia__Submission *submission)
{
    const size_t size = fascia__submission__get_packed_size(submission);
    uint8_t *packed = malloc(size);
    Fascia__Submission *again;

    INVARIANT(packed != NULL && submission->submit != NULL && submission->submit->referral != NULL);
    fascia__submission__pack(submission, packed);
    again = fascia__submission__unpack(NULL, size, packed);
    INVARIANT(again != NULL);
    fascia__submission__free_unpacked(again, NULL);
    fascia__submission__free_unpacked(submission, NULL);
    free(packed);
}

static void read_referrals(const char *name, const char *character_set, const uint8_t *bytes, size_t size)
{
    struct folder_settings *settings = settings_of(character_set);
    struct folder_file *file = folder_file_create(settings, name, bytes, size);
    enum folder_next next = FOLDER_ROW;

    for (size_t rows = 0; next == FOLDER_ROW || next == FOLDER_BAD; rows++) {
        Fascia__Submission *submission = NULL;
        char fault[FOLDER_FAULT];
        size_t number = 0;
        INVARIANT(rows <= size + 1);
        next = folder_file_next(file, &submission, &number, fault);
        INVARIANT((next == FOLDER_ROW) == (submission != NULL));
        INVARIANT((next == FOLDER_BAD || next == FOLDER_STOP) == (fault[0] != '\0') || next == FOLDER_END);
        if (submission != NULL)
            check_submission(submission);
    }
    folder_file_destroy(file);
    folder_settings_destroy(settings);
}

/* What was read is written in the format, and read again. */
static void write_and_read(const Fascia__Therapist *therapist, enum therapist_format format)
{
    struct ctl_problems problems = {0};
    Fascia__Therapist *again = NULL;
    struct therapist_file *file;
    char *text = NULL;
    size_t size = 0;
    size_t line = 0;
    FILE *stream = open_memstream(&text, &size);

    INVARIANT(stream != NULL);
    therapist_write_header(stream, format);
    therapist_write(stream, format, therapist);
    fclose(stream);
    stream = fmemopen(text, size, "r");
    INVARIANT(stream != NULL);
    file = therapist_file_create(stream, format, &problems);
    /* odd texts may not be taken by the other format's bounds; what is taken must read back without harm */
    if (therapist_file_next(file, &again, &line) == THERAPIST_ROW)
        fascia__therapist__free_unpacked(again, NULL);
    therapist_file_destroy(file);
    ctl_problems_finish(&problems);
    fclose(stream);
    free(text);
}

static void read_therapists(enum therapist_format format, const uint8_t *bytes, size_t size)
{
    struct ctl_problems problems = {0};
    FILE *stream = size > 0 ? fmemopen((void *)(uintptr_t)bytes, size, "r") : NULL;
    struct therapist_file *file;
    enum therapist_row row = THERAPIST_ROW;

    if (stream == NULL)
        return;
    file = therapist_file_create(stream, format, &problems);
    while (row == THERAPIST_ROW || row == THERAPIST_WRONG) {
        Fascia__Therapist *therapist = NULL;
        size_t line = 0;
        const size_t before = problems.total;
        row = therapist_file_next(file, &therapist, &line);
        INVARIANT((row == THERAPIST_ROW) == (therapist != NULL));
        INVARIANT((row == THERAPIST_WRONG || row == THERAPIST_STOP) == (problems.total > before));
        if (therapist == NULL)
            continue;
        write_and_read(therapist, THERAPIST_CSV);
        write_and_read(therapist, THERAPIST_NDJSON);
        fascia__therapist__free_unpacked(therapist, NULL);
    }
    therapist_file_destroy(file);
    ctl_problems_finish(&problems);
    fclose(stream);
}

/* The first byte chooses who reads the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1 || size > 16384)
        return 0;
    switch (bytes[0] % 6) {
    case 0:
        read_referrals("a.json", "UTF-8", bytes + 1, size - 1);
        break;
    case 1:
        read_referrals("a.ndjson", "UTF-8", bytes + 1, size - 1);
        break;
    case 2:
        read_referrals("a.csv", "UTF-8", bytes + 1, size - 1);
        break;
    case 3:
        read_referrals("a.csv", "windows-1252", bytes + 1, size - 1);
        break;
    case 4:
        read_therapists(THERAPIST_NDJSON, bytes + 1, size - 1);
        break;
    default:
        read_therapists(THERAPIST_CSV, bytes + 1, size - 1);
    }
    return 0;
}
