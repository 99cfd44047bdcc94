#include "plugin/runner/files.h"

#include "core/fault.h"
#include "plugin/spawn.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of later kernels than the headers that this is built with; each is asked for only when the kernel says that it knows it. */
#define ACCESS_REFER        (UINT64_C(1) << 13) /* version 2 */
#define ACCESS_TRUNCATE     (UINT64_C(1) << 14) /* version 3 */
#define ACCESS_IOCTL_DEV    (UINT64_C(1) << 15) /* version 5 */
#define SCOPE_SOCKET_SIGNAL UINT64_C(3)         /* version 6: abstract sockets and signals stay inside */

#define ACCESS_VERSION_1 ((UINT64_C(1) << 13) - 1)
#define ACCESS_READ      (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_OWN                                                                                                     \
    (ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |    \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | ACCESS_TRUNCATE)

struct rule_set {
    uint64_t files, network, scoped;
};

static uint64_t known_access(long version)
{
    uint64_t access = ACCESS_VERSION_1;

    access |= version >= 2 ? ACCESS_REFER : 0;
    access |= version >= 3 ? ACCESS_TRUNCATE : 0;
    access |= version >= 5 ? ACCESS_IOCTL_DEV : 0;
    return access;
}

static void allow_descriptor(int rules, int descriptor, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = descriptor};
    struct stat about;

    if (fstat(rule.parent_fd, &about) == 0 && !S_ISDIR(about.st_mode))
        rule.allowed_access &=
            LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE;
    INVARIANT(syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0);
}

/* What is not there needs no rule. */
static void allow(int rules, const char *path, uint64_t access)
{
    int descriptor = open(path, O_PATH | O_CLOEXEC);

    if (descriptor < 0)
        return;
    allow_descriptor(rules, descriptor, access);
    close(descriptor);
}

static void allow_each(int rules, const char *paths, uint64_t access)
{
    char path[PATH_MAX];
    const char *end = NULL;

    for (const char *at = paths; at != NULL && *at != '\0'; at = *end == ':' ? end + 1 : end) {
        end = strchrnul(at, ':');
        snprintf(path, sizeof path, "%.*s", (int)(end - at), at);
        allow(rules, path, access);
    }
}

/* Of the first object, which is this program: the name of the linker that the kernel starts for a program. */
static int find_linker(struct dl_phdr_info *object, size_t size, void *found)
{
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_INTERP)
            *(const char **)found = (const char *)(uintptr_t)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
    return 1;
}

/* The plugin itself, the interpreter of a script if one is granted, and the linker that either needs; nothing else. */
static void allow_executing(int rules, const struct fence *fence)
{
    const uint64_t execute = ACCESS_READ | LANDLOCK_ACCESS_FS_EXECUTE;
    const char *linker = NULL;

    allow(rules, fence->path, execute);
    if (fence->interpreter != NULL && fence->interpreter[0] != '\0')
        allow(rules, fence->interpreter, execute);
    dl_iterate_phdr(find_linker, &linker);
    if (linker != NULL)
        allow(rules, linker, execute);
}

static void allow_all(int rules, const struct fence *fence, uint64_t known)
{
    /* What the linker reads, and what a library may: zones, character tables, where randomness comes from. */
    static const char *const readable[] = {
        "/usr",         "/lib",      "/lib64",      "/bin",     "/etc/ld.so.cache",       "/etc/localtime",
        "/dev/urandom", "/dev/zero", "/proc/self/", "/etc/ssl", "/sys/devices/system/cpu"};
    char beside[PATH_MAX];
    const uint64_t read = ACCESS_READ;

    for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++)
        allow(rules, readable[i], read & known);
    allow(rules, "/dev/null", (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE) & known);
    snprintf(beside, sizeof beside, "%s", fence->path);
    /* The shared object by the descriptor that it is loaded from: this user may be unable to walk to where it lies. */
    if (fence->program)
        allow_executing(rules, fence);
    else
        allow_descriptor(rules, SPAWN_FILE, read & known);
    allow(rules, dirname(beside), read & known);
    allow_each(rules, fence->reads, read & known);
    if (fence->temporary != NULL)
        allow(rules, fence->temporary, ACCESS_OWN & known);
    if (fence->network) {
        allow(rules, "/etc/resolv.conf", ACCESS_READ & known);
        allow(rules, "/etc/hosts", ACCESS_READ & known);
        allow(rules, "/etc/nsswitch.conf", ACCESS_READ & known);
    }
}

bool files_fence(const struct fence *fence)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct rule_set set = {.files = known_access(version), .scoped = version >= 6 ? SCOPE_SOCKET_SIGNAL : 0};
    /* A kernel reads of the structure what it knows, if what is beyond is zero. */
    size_t size = version >= 6 ? sizeof set : sizeof set.files;
    int rules = -1;

    if (version < 1)
        return false;
    rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
    INVARIANT(rules >= 0);
    allow_all(rules, fence, set.files);
    INVARIANT(syscall(SYS_landlock_restrict_self, rules, 0) == 0);
    close(rules);
    return true;
}
