/*
 * fasciactl: the command line of a node. It asks the daemon over its control socket and shows the answers, as tables for people or as
 * JSON for machines. daemon/ctl/README.md says how it is laid out, and describes the files of therapists.
 */
#ifndef FASCIA_CTL_CTL_H
#define FASCIA_CTL_CTL_H

#include <stdio.h>

/* What fasciactl exits with. */
enum ctl_exit {
    CTL_OK = 0,
    CTL_REFUSED = 1,     /* the daemon understood and said no: refused, not found, not in this state */
    CTL_USAGE = 2,       /* the command line, or a file named on it, is wrong */
    CTL_UNREACHABLE = 3, /* no daemon listens on the socket, or not to this user */
    CTL_FAILED = 4,      /* the daemon could not do it, is too busy, or broke off */
    CTL_DIFFERS = 5,     /* of a replay: another answer comes out */
    CTL_INCONCLUSIVE = 6 /* of a replay: it can't be told, because not all that it was made from can be told any more */
};

/* Runs one command line. arguments[0] is ignored. May exit the process for --help and wrong usage (argp). */
int ctl_run(int count, char **arguments, FILE *out, FILE *errors);

#endif
