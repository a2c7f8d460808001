/* Stands between a process and its disk: counts, fails, cuts short and records the calls that
 * change one folder, and kills the process at one of them. Loaded with LD_PRELOAD.
 *
 * CRASH_ROOT     the folder; calls about files elsewhere are let through
 * CRASH_CONTROL  a file of one page, mapped by all: what to do, laid out as `struct control`
 * CRASH_LOG      a file that every call that changed the folder is added to; none when unset
 *
 * A record is a `struct record`, then `name` bytes, then `data` bytes. While a log is kept, one
 * call at a time is made and written down, in all processes together, so that its order is true.
 *
 * Here is what is done at a call; `shim.c` has the calls.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { WRITE = 1, SYNC = 2, RENAME = 4, CREATE = 8, UNLINK = 16, MKDIR = 32, TRUNCATE = 64,
            LINK = 128, SYNC_FOLDER = 256, SYNC_RANGE = 512, ATTRIBUTES = 1024 };
enum action { NOTHING, KILL_PROCESS, KILL_GROUP, KILL_IN_WRITE, FAIL, SHORT, SLOW };

struct control {
    uint64_t action, calls, at, times, number; /* of the error, or microseconds */
    uint64_t matched, fired, lock;
    char pattern[256]; /* of the path within the folder, as for fnmatch */
};
struct record {
    char kind;
    uint8_t padding[3];
    uint32_t name, data;
    uint32_t more;
    uint64_t inode, offset;
};

static char root[PATH_MAX];
static size_t root_length;
static struct control *control;
static int record_to = -1;

#define REAL(result, name, ...)                                   \
    static result (*real_##name)(__VA_ARGS__);                    \
    if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("CRASH_ROOT"), *page = getenv("CRASH_CONTROL");
    if (!folder || !page) return;
    REAL(int, open64, const char *, int, ...);
    int descriptor = real_open64(page, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return;
    void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED) abort();
    const char *log = getenv("CRASH_LOG");
    if (log) record_to = real_open64(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    control = mapped;
}

/* The path within the folder; NULL for what lies elsewhere. */
static const char *inside(const char *path) {
    if (!control || strncmp(path, root, root_length)) return NULL;
    return path[root_length] == '/' ? path + root_length + 1 : path[root_length] ? NULL : "";
}

/* The whole path of what is open; NULL where there is none. */
static const char *whole_path_of(int descriptor, char *into) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, into, PATH_MAX - 1);
    if (length < 0) return NULL;
    into[length] = 0;
    return into;
}

static const char *path_of(int descriptor, char *into) {
    int kept = errno;
    const char *whole = control ? whole_path_of(descriptor, into) : NULL;
    errno = kept;
    return whole ? inside(whole) : NULL;
}

/* As `inside`, of a name that may start at an open folder or at the present one. */
static const char *inside_at(int folder, const char *name, char *into) {
    if (!control || !name || !*name) return NULL;
    if (*name == '/') return inside(name);
    int kept = errno;
    char start[PATH_MAX];
    const char *from = folder == AT_FDCWD ? getcwd(start, sizeof start)
                                          : whole_path_of(folder, start);
    int length = from ? snprintf(into, PATH_MAX, "%s/%s", from, name) : -1;
    errno = kept;
    return length > 0 && length < PATH_MAX ? inside(into) : NULL;
}

static void hold(void) {
    if (record_to < 0) return;
    while (__atomic_exchange_n(&control->lock, 1, __ATOMIC_ACQUIRE)) sched_yield();
}
static void let_go(void) {
    int kept = errno;
    if (record_to >= 0) __atomic_store_n(&control->lock, 0, __ATOMIC_RELEASE);
    errno = kept;
}

static void put(char kind, uint64_t inode, uint64_t offset, const char *name, const void *data,
                size_t size) {
    if (record_to < 0) return;
    struct record head = {.kind = kind, .name = strlen(name), .data = size, .inode = inode,
                          .offset = offset};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)name, head.name}, {(void *)data, size}};
    int kept = errno;
    if (writev(record_to, parts, 3) != (ssize_t)(sizeof head + head.name + size)) abort();
    errno = kept;
}

static uint64_t inode_of(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) ? 0 : found.st_ino;
}
static uint64_t inode_at(int folder, const char *name) {
    struct stat found;
    int kept = errno;
    uint64_t inode = fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) ? 0 : found.st_ino;
    errno = kept;
    return inode;
}

/* The model of the disk knows nothing of this call, so no run with it may pass. */
static void unknown(const char *call, const char *path) {
    fprintf(stderr, "%s on %s: the crash bed has no model of that\n", call, path);
    abort();
}

/* What is to be done at this call; the process does not come back from being killed. */
static enum action now(enum call call, const char *path) {
    enum action action = __atomic_load_n(&control->action, __ATOMIC_ACQUIRE);
    if (action == NOTHING || !(control->calls & call)) return NOTHING;
    if (fnmatch(control->pattern, path, 0)) return NOTHING;
    uint64_t number = __atomic_add_fetch(&control->matched, 1, __ATOMIC_RELAXED);
    if (number < control->at || number - control->at >= control->times) return NOTHING;
    __atomic_add_fetch(&control->fired, 1, __ATOMIC_RELAXED);
    if (action == KILL_PROCESS) kill(getpid(), SIGKILL);
    if (action == KILL_GROUP) kill(0, SIGKILL);
    if (action == FAIL) errno = (int)control->number;
    if (action == SLOW) usleep((useconds_t)control->number);
    return action;
}

