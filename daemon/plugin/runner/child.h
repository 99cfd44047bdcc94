/* From the spawner to a plugin's process: another user, nothing inherited but its socket and its file, a directory of its own. */
#ifndef FASCIA_PLUGIN_RUNNER_CHILD_H
#define FASCIA_PLUGIN_RUNNER_CHILD_H

#include "plugin/spawn.h"

#include <stdbool.h>
#include <sys/types.h>

struct child_user {
    uid_t uid;
    gid_t gid;
    bool other; /* than the spawner's own */
    char name[64];
};

bool child_may_become(uid_t uid, gid_t gid);
void child_temporary_name(char name[64]);
/* In the forked process: becomes a runner with this request. */
_Noreturn void child_become(const struct spawn_request *request, int socket, const struct child_user *user,
                            const char *temporary);
/* By a process of that user, which the spawner reaps. */
void child_remove_temporary(const char *temporary, const struct child_user *user);

#endif
