#include "io/log.h"

#include "io/flood.h"
#include "io/json.h"
#include "io/loop.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

/* A line of at most PIPE_BUF bytes reaches a pipe whole, whoever else writes to it (pipe(7)). */
enum { LINE_BYTES = 4096, ENDING_BYTES = 16, FIELDS = 24, WORD_BYTES = 64, TEXT_BYTES = 600, NAME_BYTES = 64 };

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const level_priorities[] = {"7", "6", "4", "3"}; /* syslog(3) */

static _Atomic enum log_level least = LOG_LEVEL_INFO;
static atomic_bool journal;

/* stderr is the journal's when systemd says so of this very file (systemd.exec(5), JOURNAL_STREAM). */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat status;

    return stream != NULL && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
           status.st_dev == (dev_t)device && status.st_ino == (ino_t)inode;
}

void log_start(enum log_level level)
{
    log_set_level(level);
    atomic_store(&journal, stderr_is_journal());
}

void log_set_level(enum log_level level)
{
    atomic_store(&least, level);
}

bool log_level_parse(const char *text, enum log_level *level)
{
    size_t i;

    for (i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* ---- fields -------------------------------------------------------------------------------------------------------- */

/* A field as it is written: its name is checked and unlike the others', its value is text. */
struct written {
    char name[NAME_BYTES];
    const char *text;
    char number[32];
    bool quoted;
};

static bool is_word(const char *text, size_t longest)
{
    size_t length =
        text == NULL ? 0 : strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    return length > 0 && length <= longest && text[length] == '\0';
}

static void format_instant(int64_t ms, char *text, size_t room)
{
    const int64_t first = -INT64_C(30610224000000),
                  last = INT64_C(253402300799999); /* years of four digits, RFC 3339 5.6 */
    char seconds[24];
    struct tm tm;
    time_t time;

    if (ms < first || ms > last) {
        snprintf(text, room, "?");
        return;
    }
    time = (time_t)((ms - first) / 1000 + first / 1000); /* rounded down, before 1970 too */
    gmtime_r(&time, &tm);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, room, "%s.%03uZ", seconds, (unsigned)((ms - first) % 1000));
}

static bool name_is_taken(const struct written *written, size_t count, const char *name)
{
    static const char *const own[] = {"time", "level", "event", "cut", "message", "priority"};
    size_t i;

    for (i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcasecmp(own[i], name) == 0)
            return true;
    }
    for (i = 0; i < count; i++) {
        if (strcasecmp(written[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A second field of a name gets a number: readers of JSON keep only one of two equal keys. */
static void write_name(const struct written *before, size_t count, const char *name, char *text)
{
    int number = 2;

    if (!is_word(name, 40))
        name = "field";
    snprintf(text, NAME_BYTES, "%s", name);
    while (name_is_taken(before, count, text))
        snprintf(text, NAME_BYTES, "%.40s_%d", name, number++);
}

static void write_value(const struct log_field *field, struct written *written)
{
    written->quoted = field->type != LOG_TYPE_NUMBER;
    written->text = field->text == NULL ? "" : field->text;
    if (field->type == LOG_TYPE_WORD && !is_word(field->text, WORD_BYTES))
        written->text = "?";
    if (field->type == LOG_TYPE_NUMBER || field->type == LOG_TYPE_INSTANT)
        written->text = written->number;
    if (field->type == LOG_TYPE_NUMBER)
        snprintf(written->number, sizeof written->number, "%" PRId64, field->number);
    else if (field->type == LOG_TYPE_INSTANT)
        format_instant(field->number, written->number, sizeof written->number);
}

static size_t write_fields(const struct log_field *fields, struct written *written)
{
    size_t count = 0;

    for (; fields->name != NULL && count < FIELDS; fields++, count++) {
        write_name(written, count, fields->name, written[count].name);
        write_value(fields, &written[count]);
    }
    return count;
}

/* ---- where it goes ------------------------------------------------------------------------------------------------- */

static void write_whole(const char *bytes, size_t size)
{
    ssize_t result;

    /* A log that cannot be written must not stop the daemon: on any other error the line is lost. */
    do
        result = write(STDERR_FILENO, bytes, size);
    while (result < 0 && errno == EINTR);
}

static void to_stderr(enum log_level level, const char *event, const struct written *written, size_t count)
{
    char bytes[LINE_BYTES], now[32];
    struct json_line line = {.bytes = bytes, .room = sizeof bytes - ENDING_BYTES};
    size_t i, whole;

    format_instant(io_now(), now, sizeof now);
    json_raw(&line, "{\"time\":\"");
    json_raw(&line, now);
    json_raw(&line, "\",\"level\":\"");
    json_raw(&line, level_names[level]);
    json_raw(&line, "\",\"event\":");
    json_text(&line, event, WORD_BYTES);
    for (i = 0; i < count && !line.full; i++) {
        whole = line.length;
        json_raw(&line, ",");
        json_text(&line, written[i].name, NAME_BYTES);
        json_raw(&line, ":");
        if (written[i].quoted)
            json_text(&line, written[i].text, TEXT_BYTES);
        else
            json_raw(&line, written[i].text);
        if (line.full)
            line.length = whole;
    }
    memcpy(bytes + line.length, line.full ? ",\"cut\":true}\n" : "}\n", line.full ? 13 : 2);
    write_whole(bytes, line.length + (line.full ? 13 : 2));
}

static struct iovec journal_field(char *room, size_t size, const char *name, const char *value)
{
    int length = snprintf(room, size, "%s=%.*s", name, TEXT_BYTES, value);

    return (struct iovec){.iov_base = room, .iov_len = (size_t)length < size ? (size_t)length : size - 1};
}

static bool to_journal(enum log_level level, const char *event, const struct written *written, size_t count)
{
    char text[FIELDS + 2][NAME_BYTES + TEXT_BYTES + 16], name[NAME_BYTES], message[1024];
    struct iovec parts[FIELDS + 3];
    size_t i, length;
    char *at;

    length = (size_t)snprintf(message, sizeof message, "MESSAGE=%s", event);
    for (i = 0; i < count; i++) {
        snprintf(name, sizeof name, "FASCIA_%.56s", written[i].name);
        for (at = name; *at != '\0'; at++)
            *at = isalnum((unsigned char)*at) ? (char)toupper((unsigned char)*at) : '_';
        parts[i] = journal_field(text[i], sizeof text[i], name, written[i].text);
        if (length < sizeof message)
            length += (size_t)snprintf(message + length, sizeof message - length, " %s=%.200s", written[i].name,
                                       written[i].text);
    }
    parts[i++] = journal_field(text[count], sizeof text[count], "FASCIA_EVENT", event);
    parts[i++] = journal_field(text[count + 1], sizeof text[count + 1], "PRIORITY", level_priorities[level]);
    parts[i++] = (struct iovec){.iov_base = message, .iov_len = strlen(message)};
    return sd_journal_sendv(parts, (int)i) == 0;
}

static void emit(enum log_level level, const char *event, const struct log_field *fields)
{
    struct written written[FIELDS];
    size_t count = write_fields(fields, written);

    if (!atomic_load(&journal) || !to_journal(level, event, written, count))
        to_stderr(level, event, written, count);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    int saved = errno;
    int64_t now = io_monotonic();
    struct flood_report report;

    if (level < atomic_load(&least) || level > LOG_LEVEL_ERROR)
        return;
    if (!is_word(event, WORD_BYTES))
        event = "?";
    while (flood_next(now, &report)) {
        const struct log_field told[] = {
            LOG_WORD("suppressed", report.event), LOG_NUMBER("count", report.count), {.name = NULL}};

        emit(LOG_LEVEL_WARNING, "log.suppressed", told);
    }
    if (flood_admit(event, now))
        emit(level, event, fields);
    errno = saved;
}
