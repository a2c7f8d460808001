/* Stands between a process and its disk: counts, fails, cuts short and records the calls that
 * change one folder, and kills the process at one of them. Loaded with LD_PRELOAD.
 *
 * CRASH_ROOT     the folder; calls about files elsewhere are let through
 * CRASH_CONTROL  a file of one page, mapped by all: what to do, laid out as `struct control`
 * CRASH_LOG      a file that every call that changed the folder is added to; none when unset
 *
 * A record is a `struct record`, then `name` bytes, then `data` bytes. While a log is kept, one
 * call at a time is made and written down, in all processes together, so that its order is true.
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
            LINK = 128, SYNC_FOLDER = 256 };
enum action { NOTHING, KILL_PROCESS, KILL_GROUP, KILL_IN_WRITE, FAIL, SHORT };

struct control {
    uint64_t action, calls, at, times, number; /* number: of the error */
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

static const char *path_of(int descriptor, char *into) {
    char link[64];
    if (!control) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, into, PATH_MAX - 1);
    if (length < 0) return NULL;
    into[length] = 0;
    return inside(into);
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
static uint64_t inode_at(const char *path) {
    struct stat found;
    return lstat(path, &found) ? 0 : found.st_ino;
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
    return action;
}

static ssize_t plain(int d, const void *b, size_t n) {
    REAL(ssize_t, write, int, const void *, size_t);
    return real_write(d, b, n);
}
static ssize_t placed(int d, const void *b, size_t n, off64_t at) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    return at < 0 ? plain(d, b, n) : real_pwrite64(d, b, n, at);
}

static ssize_t written(int descriptor, const void *bytes, size_t size, off64_t at) {
    char buffer[PATH_MAX];
    const char *path = path_of(descriptor, buffer);
    if (!path) return placed(descriptor, bytes, size, at);
    hold();
    enum action action = now(WRITE, path);
    ssize_t done = -1;
    if (action != FAIL) {
        int cut = (action == SHORT || action == KILL_IN_WRITE) && size > 1;
        done = placed(descriptor, bytes, cut ? size / 2 : size, at);
        if (action == KILL_IN_WRITE) kill(0, SIGKILL);
    }
    if (done > 0) {
        off64_t start = at < 0 ? lseek64(descriptor, 0, SEEK_CUR) - done : at;
        put('W', inode_of(descriptor), start, path, bytes, done);
    }
    let_go();
    return done;
}
ssize_t write(int d, const void *b, size_t n) { return written(d, b, n, -1); }
ssize_t pwrite(int d, const void *b, size_t n, off_t at) { return written(d, b, n, at); }
ssize_t pwrite64(int d, const void *b, size_t n, off64_t at) { return written(d, b, n, at); }

static int synced(int descriptor, int (*real)(int)) {
    char buffer[PATH_MAX];
    const char *path = path_of(descriptor, buffer);
    if (!path) return real(descriptor);
    struct stat found;
    int folder = !fstat(descriptor, &found) && S_ISDIR(found.st_mode);
    hold();
    /* A sync that fails has let go of what it could not write: the record says so. */
    int done = now(folder ? SYNC_FOLDER : SYNC, path) == FAIL ? -1 : real(descriptor);
    put(done ? 'G' : folder ? 'S' : 'F', found.st_ino, 0, path, NULL, 0);
    let_go();
    return done;
}
int fsync(int d) { REAL(int, fsync, int); return synced(d, real_fsync); }
int fdatasync(int d) { REAL(int, fdatasync, int); return synced(d, real_fdatasync); }

static int cut(int descriptor, off64_t size) {
    REAL(int, ftruncate64, int, off64_t);
    char buffer[PATH_MAX];
    const char *path = path_of(descriptor, buffer);
    if (!path) return real_ftruncate64(descriptor, size);
    hold();
    int done = now(TRUNCATE, path) == FAIL ? -1 : real_ftruncate64(descriptor, size);
    if (!done) put('T', inode_of(descriptor), size, path, NULL, 0);
    let_go();
    return done;
}
int ftruncate(int d, off_t size) { return cut(d, size); }
int ftruncate64(int d, off64_t size) { return cut(d, size); }

static int opened(int folder, const char *name, int flags, mode_t mode) {
    REAL(int, openat64, int, const char *, int, ...);
    const char *path = inside(name);
    if (!path || !(flags & (O_CREAT | O_TRUNC))) return real_openat64(folder, name, flags, mode);
    hold();
    uint64_t before = inode_at(name);
    int making = !before && (flags & O_CREAT);
    int done = making && now(CREATE, path) == FAIL ? -1
                                                   : real_openat64(folder, name, flags, mode);
    if (done >= 0 && making) put('C', inode_of(done), 0, path, NULL, 0);
    if (done >= 0 && before && (flags & O_TRUNC)) put('T', before, 0, path, NULL, 0);
    let_go();
    return done;
}
#define MODE(flags)                                          \
    mode_t mode = 0;                                         \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                 \
        va_list rest;                                        \
        va_start(rest, flags);                               \
        mode = va_arg(rest, mode_t);                         \
        va_end(rest);                                        \
    }
int open(const char *p, int flags, ...) { MODE(flags); return opened(AT_FDCWD, p, flags, mode); }
int open64(const char *p, int flags, ...) { MODE(flags); return opened(AT_FDCWD, p, flags, mode); }
int openat(int f, const char *p, int flags, ...) { MODE(flags); return opened(f, p, flags, mode); }
int openat64(int f, const char *p, int flags, ...) { MODE(flags); return opened(f, p, flags, mode); }

int mknod(const char *name, mode_t mode, dev_t device) {
    REAL(int, mknod, const char *, mode_t, dev_t);
    const char *path = inside(name);
    if (!path) return real_mknod(name, mode, device);
    hold();
    int done = now(CREATE, path) == FAIL ? -1 : real_mknod(name, mode, device);
    if (!done) put('C', inode_at(name), 0, path, NULL, 0);
    let_go();
    return done;
}

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    const char *source = inside(from), *target = inside(to);
    if (!source || !target) return real_rename(from, to);
    hold();
    uint64_t inode = inode_at(from);
    int done = now(RENAME, target) == FAIL ? -1 : real_rename(from, to);
    if (!done) put('R', inode, 0, source, target, strlen(target));
    let_go();
    return done;
}

static int linked(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    const char *target = inside(to);
    if (!target) return real_linkat(a, from, b, to, flags);
    hold();
    int done = now(LINK, target) == FAIL ? -1 : real_linkat(a, from, b, to, flags);
    if (!done) put('L', inode_at(to), 0, target, NULL, 0);
    let_go();
    return done;
}
int link(const char *from, const char *to) { return linked(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    return linked(a, from, b, to, flags);
}

static int removed(int folder, const char *name, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    const char *path = inside(name);
    if (!path) return real_unlinkat(folder, name, flags);
    hold();
    int done = now(UNLINK, path) == FAIL ? -1 : real_unlinkat(folder, name, flags);
    if (!done) put('U', 0, 0, path, NULL, 0);
    let_go();
    return done;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return removed(folder, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

static int made(int folder, const char *name, mode_t mode) {
    REAL(int, mkdirat, int, const char *, mode_t);
    const char *path = inside(name);
    if (!path) return real_mkdirat(folder, name, mode);
    hold();
    int done = now(MKDIR, path) == FAIL ? -1 : real_mkdirat(folder, name, mode);
    if (!done) put('D', inode_at(name), 0, path, NULL, 0);
    let_go();
    return done;
}
int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int folder, const char *path, mode_t mode) { return made(folder, path, mode); }
