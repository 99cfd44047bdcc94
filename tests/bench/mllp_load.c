/*
 * Senders under load: C connections to an MLLP port, each with W messages under way, for a bounded time. Every message is a
 * referral of its own, of about 2 KB; every answer is read and must be AA or CA for the message that was sent (AE and CE are
 * counted apart: the node said "come back later", and the message is sent again).
 *
 * usage: mllp_load PORT CONNECTIONS WINDOW SECONDS TAG
 * prints one line of JSON: acknowledged per second, refused, latencies in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_ROOM    4096
#define INPUT_ROOM      65536
#define CONNECTIONS_MAX 1024
#define WINDOW_MAX      256
#define SAMPLES         (1u << 21)

struct sent {
    uint64_t number;
    int64_t at;
};

struct sender {
    int descriptor;
    struct sent window[WINDOW_MAX]; /* answers come in the order of the messages */
    size_t first, count;
    char output[WINDOW_MAX * MESSAGE_ROOM];
    size_t output_size, output_sent;
    char input[INPUT_ROOM];
    size_t input_size;
    bool writable_wanted;
};

static struct sender *senders[CONNECTIONS_MAX];
static uint32_t samples[SAMPLES];
static size_t sample_count;
static uint64_t acknowledged, refused, wrong, next_number;
static const char *tag;
static int loop;

static int64_t now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void die(const char *what)
{
    fprintf(stderr, "mllp_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* About 2 KB, as a practice's system writes it. */
static size_t write_message(char *out, uint64_t number)
{
    static const char note[] = "NTE|%d||Mechanical low back pain for some weeks after lifting; worse on bending and "
                               "after long sitting, eased by walking. "
                               "Reflexes, power and sensation are normal. No red flags on examination. Previous course "
                               "of exercises helped in part. "
                               "Please treat once a week and report range of motion, pain on a scale of 0 to 10, and "
                               "any reaction to treatment.\r";
    char family[] = "ARCHERAAAAA"; /* by which a patient is known: each has another */
    int size = 0;

    for (uint64_t i = 0, rest = number; i < 5; i++, rest /= 26)
        family[6 + i] = (char)('A' + rest % 26);
    size = snprintf(
        out, MESSAGE_ROOM,
        "\x0bMSH|^~\\&|BENCH_EHR|BENCH|FASCIA|TEST|20261123091500-0500||REF^I12^REF_I12|%s%llu|P|2.5.1|||||USA|UNICODE "
        "UTF-8\r"
        "RF1|P^Pending^HL70283|R^Routine^HL70280|Med^Medical^HL70281|WR|O|%s-R%llu^BENCH_EHR|20261123|20280331|"
        "20261123|O\r"
        "PRD|RP^Referring Provider^HL70286|HOLLOWAY^JUNE^M^^DR^MD|120 Limestone "
        "Street^^Lexington^KY^40507^USA|||^WPN^PH^^^859^"
        "5550142|1093817462^NPI~207Q00000X^TAX\r"
        "PID|1||MRN-%llu^^^BENCH^MR||%s^ELLIOT^T||19790822|M|||418 Woodland "
        "Avenue^^Lexington^KY^40508^USA^H||^PRN^PH^^^859^"
        "5550177||en^English^ISO639\r"
        "IN1|1|HUMANA^Humana Choice PPO|HUM01|Humana Inc.|||||||||20260101|20281231|||||||||||||||||||||HUM-%llu\r"
        "DG1|1||M54.50^Low back pain, unspecified^I10||20261120|W\r"
        "PR1|1||97124^Therapeutic massage^CPT|Medical massage|20261123\r",
        tag, (unsigned long long)number, tag, (unsigned long long)number, (unsigned long long)number, family,
        (unsigned long long)number);

    for (int i = 1; i <= 3; i++)
        size += snprintf(out + size, MESSAGE_ROOM - (size_t)size, note, i);
    memcpy(out + size, "\x1c\r", 2);
    return (size_t)size + 2;
}

static void want_writable(struct sender *sender, bool wanted)
{
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0u), .data.ptr = sender};

    if (sender->writable_wanted == wanted)
        return;
    sender->writable_wanted = wanted;
    if (epoll_ctl(loop, EPOLL_CTL_MOD, sender->descriptor, &event) != 0)
        die("epoll_ctl");
}

static void flush(struct sender *sender)
{
    while (sender->output_sent < sender->output_size) {
        const ssize_t sent =
            write(sender->descriptor, sender->output + sender->output_sent, sender->output_size - sender->output_sent);
        if (sent < 0 && errno == EAGAIN) {
            want_writable(sender, true);
            return;
        }
        if (sent <= 0)
            die("write");
        sender->output_sent += (size_t)sent;
    }
    sender->output_size = sender->output_sent = 0;
    want_writable(sender, false);
}

static void send_one(struct sender *sender, uint64_t number, size_t window)
{
    struct sent *slot = &sender->window[(sender->first + sender->count) % window];

    slot->number = number;
    slot->at = now_us();
    sender->count++;
    if (sender->output_size + MESSAGE_ROOM > sizeof sender->output) {
        memmove(sender->output, sender->output + sender->output_sent, sender->output_size - sender->output_sent);
        sender->output_size -= sender->output_sent;
        sender->output_sent = 0;
    }
    sender->output_size += write_message(sender->output + sender->output_size, number);
}

/* One whole answer: is it AA or CA, and for the message that is due? */
static void take_answer(struct sender *sender, const char *answer, size_t window)
{
    const struct sent due = sender->window[sender->first];
    const char *msa = strstr(answer, "\rMSA|");
    char expected[64];

    snprintf(expected, sizeof expected, "|%s%llu", tag, (unsigned long long)due.number);
    sender->first = (sender->first + 1) % window;
    sender->count--;
    if (msa == NULL || strncmp(msa + 7, expected, strlen(expected)) != 0)
        wrong++;
    else if (msa[6] == 'A')
        acknowledged++;
    else
        refused++;
    if (sample_count < SAMPLES)
        samples[sample_count++] = (uint32_t)(now_us() - due.at);
}

static void receive(struct sender *sender, size_t window, bool going)
{
    const ssize_t got =
        read(sender->descriptor, sender->input + sender->input_size, INPUT_ROOM - 1 - sender->input_size);
    char *start = sender->input;
    char *end;

    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        fprintf(stderr, "mllp_load: the node closed a connection\n");
        exit(1);
    }
    sender->input_size += (size_t)got;
    sender->input[sender->input_size] = '\0';
    while ((end = memchr(start, 0x1c, sender->input_size - (size_t)(start - sender->input))) != NULL &&
           end + 1 < sender->input + sender->input_size) {
        *end = '\0';
        take_answer(sender, start, window);
        start = end + 2;
        if (going)
            send_one(sender, next_number++, window);
    }
    sender->input_size -= (size_t)(start - sender->input);
    memmove(sender->input, start, sender->input_size);
    flush(sender);
}

static struct sender *connect_sender(int port)
{
    struct sender *sender = calloc(1, sizeof *sender);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = sender};
    const int on = 1;

    if (sender == NULL || (sender->descriptor = socket(AF_INET, SOCK_STREAM, 0)) < 0)
        die("socket");
    if (connect(sender->descriptor, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    setsockopt(sender->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(sender->descriptor, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(loop, EPOLL_CTL_ADD, sender->descriptor, &event) != 0)
        die("epoll_ctl");
    return sender;
}

static int by_value(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static void run(size_t connections, size_t window, int64_t seconds)
{
    const int64_t started = now_us();
    const int64_t until = started + seconds * 1000000;
    struct epoll_event events[256];
    size_t open = connections * window;

    for (size_t i = 0; i < connections; i++) {
        for (size_t j = 0; j < window; j++)
            send_one(senders[i], next_number++, window);
        flush(senders[i]);
    }
    while (open > 0 && now_us() < until + 10000000) {
        const int count = epoll_wait(loop, events, 256, 100);
        const bool going = now_us() < until;
        for (int i = 0; i < count; i++) {
            struct sender *sender = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                flush(sender);
            if (events[i].events & EPOLLIN)
                receive(sender, window, going);
        }
        if (!going) {
            open = 0;
            for (size_t i = 0; i < connections; i++)
                open += senders[i]->count;
        }
    }
    qsort(samples, sample_count, sizeof samples[0], by_value);
    printf("{\"connections\": %zu, \"window\": %zu, \"acknowledged\": %llu, \"refused\": %llu, \"wrong\": %llu, "
           "\"unanswered\": %zu, "
           "\"per_second\": %.0f, \"p50_us\": %u, \"p99_us\": %u}\n",
           connections, window, (unsigned long long)acknowledged, (unsigned long long)refused,
           (unsigned long long)wrong, open, (double)acknowledged * 1e6 / (double)(now_us() - started),
           sample_count ? samples[sample_count / 2] : 0, sample_count ? samples[sample_count * 99 / 100] : 0);
}

int main(int count, char **arguments)
{
    if (count != 6) {
        fprintf(stderr, "usage: mllp_load PORT CONNECTIONS WINDOW SECONDS TAG\n");
        return 2;
    }
    const size_t connections = strtoul(arguments[2], NULL, 10);
    const size_t window = strtoul(arguments[3], NULL, 10);
    const long seconds = strtol(arguments[4], NULL, 10);
    if (connections < 1 || connections > CONNECTIONS_MAX || window < 1 || window > WINDOW_MAX || seconds < 1 ||
        seconds > 300) {
        fprintf(stderr, "mllp_load: 1..%d connections, 1..%d under way, 1..300 seconds\n", CONNECTIONS_MAX, WINDOW_MAX);
        return 2;
    }
    tag = arguments[5];
    loop = epoll_create1(0);
    for (size_t i = 0; i < connections; i++)
        senders[i] = connect_sender((int)strtol(arguments[1], NULL, 10));
    run(connections, window, seconds);
    return wrong > 0 ? 1 : 0;
}
