/*
 * The template's source with a bad temper: a word in the text of a line, or an option, says what it does to the node that runs it.
 * Built from the template's own files; only what it does besides is here.
 */
#include <fascia/plugin.h>
#include <fascia/v1/plugin.pb-c.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The template's fascia_plugin(), under another name. */
const struct fascia_plugin *template_plugin(void);

static const struct fascia_host *host;
static const struct fascia_plugin *good;
static void *state; /* the template's */

static void say(const char *word, int64_t number)
{
    host->log(host->context, FASCIA_LOG_INFO, word, number);
}

/* ---- what it does ------------------------------------------------------------------------------------------------------ */

static void crash(uint64_t token, struct fascia_bytes message)
{
    (void)token;
    (void)message;
    raise(SIGSEGV);
    abort();
}

static void hang(uint64_t token, struct fascia_bytes message)
{
    (void)token;
    (void)message;
    for (;;)
        usleep(1000);
}

static void spin(uint64_t token, struct fascia_bytes message)
{
    (void)token;
    (void)message;
    for (volatile unsigned turns = 0;; turns++)
        ;
}

static void eat(uint64_t token, struct fascia_bytes message)
{
    for (;;) {
        char *piece = malloc(1 << 20);
        if (piece == NULL)
            crash(token, message);
        memset(piece, 1, 1 << 20);
    }
}

static void garbage(uint64_t token, struct fascia_bytes message)
{
    static const uint8_t bytes[] = {0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0xff};

    (void)token;
    (void)message;
    (void)!write(3, bytes, sizeof bytes);
    hang(token, message);
}

static void endless_frame(uint64_t token, struct fascia_bytes message)
{
    static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 1, 2, 3};

    (void)!write(3, bytes, sizeof bytes);
    hang(token, message);
}

static void forks(uint64_t token, struct fascia_bytes message)
{
    int begun = 0;

    for (int i = 0; i < 10000; i++) {
        pid_t child = fork();
        if (child == 0)
            hang(token, message);
        begun += child > 0;
    }
    say("forked", begun);
    good->deliver(state, token, message);
}

static void floods(uint64_t token, struct fascia_bytes message)
{
    static const uint8_t nothing[] = {0x08, 7, 0x12, 2, 0x12, 0}; /* Submission {item: 7, submit: {referral: {}}} */

    (void)message;
    for (int i = 0; i < 1000000; i++)
        host->submit(host->context, token, (struct fascia_bytes){nothing, sizeof nothing});
}

static void completes_twice(uint64_t token, struct fascia_bytes message)
{
    static const uint8_t ok[] = {0x0a, 3, 'o', 'k', '\n'};

    (void)message;
    for (int i = 0; i < 20; i++)
        host->complete(host->context, token, (struct fascia_bytes){ok, sizeof ok});
}

static void completes_others(uint64_t token, struct fascia_bytes message)
{
    static const uint8_t stolen[] = {0x0a, 7, 's', 't', 'o', 'l', 'e', 'n', '\n'};

    for (uint64_t i = 1; i < 50; i++) {
        host->complete(host->context, token + i, (struct fascia_bytes){stolen, sizeof stolen});
        host->complete(host->context, token + (i << 16), (struct fascia_bytes){stolen, sizeof stolen});
    }
    completes_twice(token, message);
}

/* What a process that is fenced in can still do: each attempt says its errno, 0 for a success. */
static void tries_all(uint64_t token, struct fascia_bytes message)
{
    struct sockaddr address = {.sa_family = AF_INET};
    struct stat about;
    int file = -1;

    say("try.socket", socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno);
    say("try.unix", socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : errno);
    say("try.connect", connect(3, &address, sizeof address) == 0 ? 0 : errno);
    say("try.passwords", open("/etc/shadow", O_RDONLY) >= 0 ? 0 : errno);
    say("try.root", open("/", O_RDONLY | O_DIRECTORY) >= 0 ? 0 : errno);
    say("try.write", open("/var/tmp/fascia-hostile", O_CREAT | O_WRONLY, 0600) >= 0 ? 0 : errno);
    say("try.exec", execl("/bin/true", "true", NULL) == 0 ? 0 : errno);
    say("try.kill", kill(getppid(), SIGKILL) == 0 ? 0 : errno);
    say("try.setuid", setuid(0) == 0 ? 0 : errno);
    file = open("own", O_CREAT | O_WRONLY, 0600);
    say("try.own", file >= 0 ? 0 : errno);
    say("is.uid", (int64_t)getuid());
    for (int i = 0; i < 64; i++)
        if (i != 3 && i != file && fstat(i, &about) == 0 && S_ISSOCK(about.st_mode))
            say("is.open", i);
    good->deliver(state, token, message);
}

/* It ends in a call that comes later. */
static uint64_t crashes_at; /* the token whose result ends it */
static void crash_later(uint64_t token, struct fascia_bytes message)
{
    crashes_at = token;
    (void)message;
}

static const struct {
    const char *word;
    void (*does)(uint64_t token, struct fascia_bytes message);
    bool goes_on; /* and is then worked off as any other */
} tempers[] = {{"CRASHLATER", crash_later, true},
               {"CRASH", crash, false},
               {"HANG", hang, false},
               {"SPIN", spin, false},
               {"EAT", eat, false},
               {"GARBAGE", garbage, false},
               {"ENDLESS", endless_frame, false},
               {"FORK", forks, false},
               {"FLOOD", floods, false},
               {"TWICE", completes_twice, false},
               {"FOREIGN", completes_others, false},
               {"TRYALL", tries_all, false}};

/* ---- the source ---------------------------------------------------------------------------------------------------------- */

static bool holds(struct fascia_bytes message, const char *word)
{
    return memmem(message.data, message.size, word, strlen(word)) != NULL;
}

static void hostile_deliver(void *instance, uint64_t token, struct fascia_bytes message)
{
    (void)instance;
    for (size_t i = 0; i < sizeof tempers / sizeof tempers[0]; i++)
        if (holds(message, tempers[i].word)) {
            tempers[i].does(token, message);
            if (!tempers[i].goes_on)
                return;
            break;
        }
    good->deliver(state, token, message);
}

static void hostile_result(void *instance, uint64_t token, struct fascia_bytes message)
{
    (void)instance;
    if (token == crashes_at)
        crash(token, message);
    good->result(state, token, message);
}

static void hostile_frame(void *instance, struct fascia_bytes buffered, size_t already, struct fascia_frame *frame)
{
    (void)instance;
    if (holds(buffered, "FRAMEFALL"))
        crash(0, buffered);
    if (holds(buffered, "FRAMELIE")) {
        frame->result = FASCIA_FRAME_COMPLETE;
        frame->total = buffered.size + 1000;
        return;
    }
    good->frame(state, buffered, already, frame);
}

static void hostile_refuse(void *instance, uint64_t token, struct fascia_bytes message)
{
    (void)instance;
    if (holds(message, "NOREFUSAL"))
        crash(token, message);
    good->refuse(state, token, message);
}

static void hostile_abandon(void *instance, uint64_t token)
{
    (void)instance;
    good->abandon(state, token);
}

static void hostile_status(void *instance, uint64_t token, struct fascia_bytes message)
{
    (void)instance;
    good->status(state, token, message);
}

static void hostile_answered(void *instance, uint64_t token, struct fascia_bytes message)
{
    (void)instance;
    good->answered(state, token, message);
}

static void hostile_close(void *instance)
{
    (void)instance;
    good->close(state);
}

static enum fascia_status hostile_open(const struct fascia_host *given, struct fascia_bytes options, void **instance,
                                       char *fault, size_t fault_size)
{
    host = given;
    if (holds(options, "crash-at-open"))
        raise(SIGSEGV);
    if (holds(options, "hang-at-open"))
        hang(0, options);
    *instance = &state;
    return good->open(given, options, &state, fault, fault_size);
}

#ifdef HOSTILE_LOADING
/* Before anybody has asked it anything. */
__attribute__((constructor)) static void at_load(void)
{
    raise(SIGSEGV);
}
#endif

const struct fascia_plugin *fascia_plugin(void)
{
    static struct fascia_plugin described;

    good = template_plugin();
    described = *good;
    described.name = "hostile";
    described.open = hostile_open;
    described.close = hostile_close;
    described.frame = hostile_frame;
    described.deliver = hostile_deliver;
    described.result = hostile_result;
    described.status = hostile_status;
    described.answered = hostile_answered;
    described.abandon = hostile_abandon;
    described.refuse = hostile_refuse;
    return &described;
}
