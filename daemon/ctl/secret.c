/* Passwords come from the terminal or standard input, and never from the command line, which everybody on the machine can read. */
#include "access/sign_in.h"
#include "ctl/account.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A line without its end. false: there is none, or it is too long. */
static bool read_line(char *text, size_t size)
{
    char *end;

    if (fgets(text, (int)size, stdin) == NULL)
        return false;
    end = strchr(text, '\n');
    if (end == NULL && !feof(stdin))
        return false;
    if (end != NULL)
        *end = '\0';
    return true;
}

static bool read_hidden(const char *prompt, char *text, size_t size)
{
    struct termios shown, hidden;
    bool got;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return false;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    fputs(prompt, stderr);
    fflush(stderr);
    got = read_line(text, size);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    return got;
}

bool ctl_read_password(struct ctl_call *call, char *password, size_t size)
{
    char again[ACCESS_PASSWORD_BYTES + 2] = "";
    bool same = true, got;

    if (isatty(STDIN_FILENO)) {
        got = read_hidden("New password: ", password, size) && read_hidden("Once more: ", again, sizeof again);
        same = got && strcmp(password, again) == 0;
        explicit_bzero(again, sizeof again);
    } else {
        got = read_line(password, size);
    }
    if (!got)
        (void)ctl_usage(call, "the password is one line of at most %d bytes on standard input", ACCESS_PASSWORD_BYTES);
    else if (!same)
        (void)ctl_usage(call, "these are two passwords");
    else if (strlen(password) < ACCESS_PASSWORD_LEAST)
        (void)ctl_usage(call, "a password has at least %d characters", ACCESS_PASSWORD_LEAST);
    else
        return true;
    explicit_bzero(password, size);
    return false;
}
