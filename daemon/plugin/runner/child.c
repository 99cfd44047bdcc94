#include "plugin/runner/child.h"

#include "core/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TREE_DEPTH     16
#define EXIT_NOT_BEGUN 71

static bool become(const struct child_user *user)
{
    if (!user->other)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(user->gid, user->gid, user->gid) == 0 &&
           setresuid(user->uid, user->uid, user->uid) == 0;
}

/* Tried in a process that does nothing else: only the kernel knows. */
bool child_may_become(uid_t uid, gid_t gid)
{
    const struct child_user user = {.uid = uid, .gid = gid, .other = true};
    int status = 0;
    pid_t pid = 0;

    if (uid == 0)
        return false;
    pid = fork();
    if (pid == 0)
        _exit(become(&user) ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void child_temporary_name(char name[64])
{
    uint64_t random = 0;

    INVARIANT(getrandom(&random, sizeof random, 0) == sizeof random);
    snprintf(name, 64, "/tmp/fascia-plugin-%016llx", (unsigned long long)random);
}

/* To 3 and 4, and nothing above. */
static bool place_descriptors(int socket, int file, int self)
{
    int high_socket = fcntl(socket, F_DUPFD, 10), high_file = file < 0 ? -1 : fcntl(file, F_DUPFD, 10);
    int high_self = fcntl(self, F_DUPFD_CLOEXEC, 10), nothing = open("/dev/null", O_RDWR);

    if (high_socket < 0 || high_self < 0 || nothing < 0 || (file >= 0 && high_file < 0))
        return false;
    for (int i = 0; i < 3; i++)
        if (dup2(nothing, i) < 0)
            return false;
    if (dup2(high_socket, SPAWN_SOCKET) < 0 || (file >= 0 && dup2(high_file, SPAWN_FILE) < 0) || dup2(high_self, 9) < 0)
        return false;
    close_range(file >= 0 ? SPAWN_FILE + 1 : SPAWN_SOCKET + 1, 8, 0);
    close_range(10, ~0U, 0);
    return fcntl(9, F_SETFD, FD_CLOEXEC) == 0;
}

/* What the service manager lent for starting processes stays with whoever starts them: it would be handed on to what is executed, whoever runs it. */
static bool give_up_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &head, none) == 0;
}

static bool is_object(const char *path)
{
    size_t size = strlen(path);

    return size > 3 && strcmp(path + size - 3, ".so") == 0;
}

_Noreturn void child_become(const struct spawn_request *request, int socket, const struct child_user *user,
                            const char *temporary)
{
    char memory[32], home[80];
    char *const values[] = {"fascia-plugin-runner",
                            "--serve",
                            "--memory",
                            memory,
                            "--temporary",
                            (char *)(uintptr_t)temporary,
                            (char *)(uintptr_t)request->path,
                            "--interpreter",
                            (char *)(uintptr_t)request->interpreter,
                            "--reads",
                            (char *)(uintptr_t)request->reads,
                            request->network != 0 ? "--network" : NULL,
                            NULL};
    char *const environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", home, NULL};
    int file = is_object(request->path) ? open(request->path, O_RDONLY | O_CLOEXEC) : -1;
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    sigset_t none;

    snprintf(memory, sizeof memory, "%llu", (unsigned long long)request->memory);
    snprintf(home, sizeof home, "TMPDIR=%s", temporary);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* that it ignores what would end it is inherited: the daemon ends it */
    if (self < 0 || !place_descriptors(socket, file, self))
        _exit(EXIT_NOT_BEGUN);
    /* Without a network of its own there are no interfaces at all; where that may not be made the filter of calls does. */
    if (request->network == 0)
        (void)!unshare(CLONE_NEWNET | CLONE_NEWIPC);
    if (!become(user) || mkdir(temporary, 0700) != 0 || chdir(temporary) != 0)
        _exit(EXIT_NOT_BEGUN);
    if (!give_up_capabilities())
        _exit(EXIT_NOT_BEGUN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* By descriptor: the new user need not be able to walk to where the program lies. */
    fexecve(9, values, environment);
    _exit(EXIT_NOT_BEGUN);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    remove(path);
    return 0;
}

void child_remove_temporary(const char *temporary, const struct child_user *user)
{
    pid_t pid = fork();

    if (pid != 0)
        return;
    if (become(user))
        nftw(temporary, remove_one, TREE_DEPTH, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}
