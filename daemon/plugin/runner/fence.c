#include "plugin/runner/fence.h"

#include "core/fault.h"
#include "plugin/runner/calls.h"
#include "plugin/runner/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define OPEN_FILES 128
#define THREADS    256 /* and processes, of the user as a whole */
#define FILE_BYTES ((rlim_t)64 << 20)

static bool files_held;

static void bound(int what, rlim_t most)
{
    const struct rlimit limit = {most, most};

    INVARIANT(setrlimit(what, &limit) == 0);
}

static void bound_all(const struct fence *fence)
{
    bound(RLIMIT_CORE, 0);
    bound(RLIMIT_NOFILE, OPEN_FILES);
    bound(RLIMIT_NPROC, THREADS);
    bound(RLIMIT_FSIZE, FILE_BYTES);
    bound(RLIMIT_MEMLOCK, 0);
    bound(RLIMIT_MSGQUEUE, 0);
    (void)fence;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* Sanitizers map terabytes that they hardly touch. */
    if (fence->memory > 0)
        bound(RLIMIT_DATA, fence->memory);
#endif
}

void fence_enter(const struct fence *fence)
{
    prctl(PR_SET_DUMPABLE, 0);
    bound_all(fence);
    INVARIANT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    files_held = files_fence(fence);
    calls_fence(fence);
}

bool fence_holds_files(void)
{
    return files_held;
}
