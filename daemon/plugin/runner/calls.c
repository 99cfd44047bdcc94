/*
 * What is not named here fails with EPERM: a plugin that tries gets an error as from any call, and its attempt harms nobody. Left out on purpose: fork and
 * what is like it (but threads), executing (but for programs), other processes, sockets (but where the network is granted), mounts, users, limits, modules, keys, tracing,
 * BPF, io_uring.
 */
#include "plugin/runner/calls.h"

#include "core/fault.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const allowed[] = {
    /* memory */
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "membarrier", "mlock", "munlock", "mincore",
    "memfd_create", "pkey_alloc", "pkey_free", "pkey_mprotect",
    /* its own threads, signals and time */
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "set_tid_address", "rseq", "gettid", "getpid",
    "getppid", "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler",
    "getcpu", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait",
    "sigaltstack", "restart_syscall", "pause", "arch_prctl", "clock_gettime", "clock_getres", "clock_nanosleep",
    "nanosleep", "gettimeofday", "time", "times", "getitimer", "setitimer", "alarm", "timer_create", "timer_settime",
    "timer_gettime", "timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime", "exit", "exit_group",
    "wait4", "waitid",
    /* what it has open, and what the fence around files lets it open */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "close",
    "close_range", "lseek", "dup", "dup2", "dup3", "fcntl", "flock", "open", "openat", "openat2", "creat", "stat",
    "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getcwd", "chdir", "fchdir", "getdents", "getdents64", "mkdir", "mkdirat", "rmdir", "unlink",
    "unlinkat", "rename", "renameat", "renameat2", "ftruncate", "truncate", "fallocate", "fsync", "fdatasync",
    "sync_file_range", "copy_file_range", "sendfile", "umask", "fadvise64",
    /* waiting */
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "eventfd", "eventfd2", "signalfd", "signalfd4", "pipe", "pipe2", "inotify_init1",
    "inotify_add_watch", "inotify_rm_watch",
    /* the socket to the host */
    "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "shutdown", "getsockopt", "setsockopt",
    "getsockname", "getpeername",
    /* who and where it is */
    "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getpgrp", "getpgid", "getsid",
    "uname", "sysinfo", "getrusage", "getrlimit", "getrandom", "getpriority", "capget"};

static const char *const networking[] = {"socket", "connect", "bind", "listen", "accept", "accept4", "socketpair"};

static void allow(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    /* Not every architecture and library knows every call. */
    if (number != __NR_SCMP_ERROR)
        INVARIANT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0);
}

static void allow_if(scmp_filter_ctx filter, int number, struct scmp_arg_cmp condition)
{
    INVARIANT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, condition) == 0);
}

/* Calls that do harmless and harmful things, by an argument. */
static void allow_by_argument(scmp_filter_ctx filter)
{
    static const unsigned long controls[] = {TCGETS, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TIOCGWINSZ};
    static const int names[] = {PR_SET_NAME,         PR_GET_NAME,    PR_GET_DUMPABLE,
                                PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, 0x53564d41 /* PR_SET_VMA */};

    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
        allow_if(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, controls[i]));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        allow_if(filter, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)names[i]));
    /* Threads are no processes. What clone3 asks can't be seen from here; the C library then takes clone. */
    allow_if(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    INVARIANT(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0);
    /* abort() signals itself. */
    allow_if(filter, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    allow_if(filter, SCMP_SYS(kill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    /* Limits may be read. */
    allow_if(filter, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
}

void calls_fence(const struct fence *fence)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

    INVARIANT(filter != NULL);
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        allow(filter, allowed[i]);
    allow_by_argument(filter);
    if (fence->program) {
        allow(filter, "execve");
        allow(filter, "execveat");
    }
    for (size_t i = 0; fence->network && i < sizeof networking / sizeof networking[0]; i++)
        allow(filter, networking[i]);
    INVARIANT(seccomp_load(filter) == 0);
    seccomp_release(filter);
}
