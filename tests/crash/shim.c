/* Every call of the C library that changes a file, its name, or when either reaches the disk.
 *
 * `test_shim.py` compares what is seen here with what the kernel sees. A call that the model of
 * the disk has no place for ends the process, and so the run.
 */
#include "shim.h"
#include <sys/sendfile.h>
#include <sys/time.h>
#include <utime.h>

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

/* Parts in one call are one write of them all, which may be torn as any other. */
static ssize_t joined(int descriptor, const struct iovec *parts, int count, off64_t at) {
    size_t size = 0;
    for (int part = 0; part < count; part++) size += parts[part].iov_len;
    char *whole = malloc(size + 1), *end = whole;
    if (!whole) abort();
    for (int part = 0; part < count; part++) {
        memcpy(end, parts[part].iov_base, parts[part].iov_len);
        end += parts[part].iov_len;
    }
    ssize_t done = written(descriptor, whole, size, at);
    int kept = errno;
    free(whole);
    errno = kept;
    return done;
}
ssize_t writev(int d, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    char buffer[PATH_MAX];
    return path_of(d, buffer) ? joined(d, parts, count, -1) : real_writev(d, parts, count);
}
ssize_t pwritev64(int d, const struct iovec *parts, int count, off64_t at) {
    REAL(ssize_t, pwritev64, int, const struct iovec *, int, off64_t);
    char buffer[PATH_MAX];
    return path_of(d, buffer) ? joined(d, parts, count, at) : real_pwritev64(d, parts, count, at);
}
ssize_t pwritev(int d, const struct iovec *parts, int count, off_t at) {
    return pwritev64(d, parts, count, at);
}
ssize_t pwritev64v2(int d, const struct iovec *parts, int count, off64_t at, int flags) {
    REAL(ssize_t, pwritev64v2, int, const struct iovec *, int, off64_t, int);
    char buffer[PATH_MAX];
    const char *path = path_of(d, buffer);
    if (!path) return real_pwritev64v2(d, parts, count, at, flags);
    if (flags) unknown("pwritev2 with flags", path);
    return joined(d, parts, count, at);
}
ssize_t pwritev2(int d, const struct iovec *parts, int count, off_t at, int flags) {
    return pwritev64v2(d, parts, count, at, flags);
}

/* Bytes that the kernel copied into a file are read back, to be written down as a write. */
static void put_copied(int descriptor, const char *path, off64_t start, ssize_t size) {
    if (record_to < 0 || size <= 0) return;
    REAL(int, open64, const char *, int, ...);
    char link[64], *bytes = malloc(size);
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    int again = real_open64(link, O_RDONLY | O_CLOEXEC);
    if (!bytes || again < 0 || pread64(again, bytes, size, start) != size) abort();
    put('W', inode_of(descriptor), start, path, bytes, size);
    close(again);
    free(bytes);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    REAL(ssize_t, sendfile64, int, int, off64_t *, size_t);
    char buffer[PATH_MAX];
    const char *path = path_of(to, buffer);
    if (!path) return real_sendfile64(to, from, at, size);
    hold();
    ssize_t done = now(WRITE, path) == FAIL ? -1 : real_sendfile64(to, from, at, size);
    if (done > 0) put_copied(to, path, lseek64(to, 0, SEEK_CUR) - done, done);
    let_go();
    return done;
}
ssize_t sendfile(int to, int from, off_t *at, size_t size) {
    return sendfile64(to, from, (off64_t *)at, size);
}
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size,
                        unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
    char buffer[PATH_MAX];
    const char *path = path_of(to, buffer);
    if (!path) return real_copy_file_range(from, from_at, to, to_at, size, flags);
    hold();
    ssize_t done = now(WRITE, path) == FAIL
                       ? -1
                       : real_copy_file_range(from, from_at, to, to_at, size, flags);
    if (done > 0) put_copied(to, path, (to_at ? *to_at : lseek64(to, 0, SEEK_CUR)) - done, done);
    let_go();
    return done;
}
ssize_t splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags) {
    REAL(ssize_t, splice, int, off64_t *, int, off64_t *, size_t, unsigned);
    char buffer[PATH_MAX];
    const char *path = path_of(to, buffer);
    if (path) unknown("splice", path);
    return real_splice(from, from_at, to, to_at, size, flags);
}

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

/* It promises nothing: neither what the disk has in its cache nor the size of the file. When it
 * fails, the pages are let go of and the next sync says that all is well, as after a sync that
 * failed: so it is where it waits, and where it only begins and finds no place on the disk. */
int sync_file_range(int d, off64_t at, off64_t size, unsigned flags) {
    REAL(int, sync_file_range, int, off64_t, off64_t, unsigned);
    char buffer[PATH_MAX];
    const char *path = path_of(d, buffer);
    if (!path) return real_sync_file_range(d, at, size, flags);
    hold();
    int done = now(SYNC_RANGE, path) == FAIL ? -1 : real_sync_file_range(d, at, size, flags);
    put(done ? 'G' : 'N', inode_of(d), 0, path, NULL, 0);
    let_go();
    return done;
}
int syncfs(int d) {
    REAL(int, syncfs, int);
    char buffer[PATH_MAX];
    const char *path = path_of(d, buffer);
    if (path) unknown("syncfs", path);
    return real_syncfs(d);
}

static int cut(int descriptor, const char *name, off64_t size) {
    REAL(int, ftruncate64, int, off64_t);
    REAL(int, truncate64, const char *, off64_t);
    char buffer[PATH_MAX];
    const char *path = name ? inside_at(AT_FDCWD, name, buffer) : path_of(descriptor, buffer);
    if (path) hold();
    int done = path && now(TRUNCATE, path) == FAIL ? -1
               : name                              ? real_truncate64(name, size)
                                                   : real_ftruncate64(descriptor, size);
    if (!path) return done;
    uint64_t inode = name ? inode_at(AT_FDCWD, name) : inode_of(descriptor);
    if (!done) put('T', inode, size, path, NULL, 0);
    let_go();
    return done;
}
int ftruncate(int d, off_t size) { return cut(d, NULL, size); }
int ftruncate64(int d, off64_t size) { return cut(d, NULL, size); }
int truncate(const char *name, off_t size) { return cut(-1, name, size); }
int truncate64(const char *name, off64_t size) { return cut(-1, name, size); }

/* Room that is only kept changes nothing that is read; zeros beyond the end make a file longer. */
int fallocate64(int d, int mode, off64_t at, off64_t size) {
    REAL(int, fallocate64, int, int, off64_t, off64_t);
    char buffer[PATH_MAX];
    const char *path = path_of(d, buffer);
    if (!path) return real_fallocate64(d, mode, at, size);
    if (mode & ~FALLOC_FL_KEEP_SIZE) unknown("fallocate with a mode", path);
    hold();
    struct stat found;
    int done = now(TRUNCATE, path) == FAIL ? -1 : real_fallocate64(d, mode, at, size);
    if (!done && fstat(d, &found)) abort();
    if (!done) put(mode ? 'N' : 'T', found.st_ino, found.st_size, path, NULL, 0);
    let_go();
    return done;
}
int fallocate(int d, int mode, off_t at, off_t size) { return fallocate64(d, mode, at, size); }
int posix_fallocate64(int d, off64_t at, off64_t size) {
    return fallocate64(d, 0, at, size) ? errno : 0;
}
int posix_fallocate(int d, off_t at, off_t size) { return posix_fallocate64(d, at, size); }

#define NAMELESS(flags) (((flags) & O_TMPFILE) == O_TMPFILE)
static int opened(int folder, const char *name, int flags, mode_t mode) {
    REAL(int, openat64, int, const char *, int, ...);
    char buffer[PATH_MAX];
    const char *path = flags & (O_CREAT | O_TRUNC) || NAMELESS(flags)
                           ? inside_at(folder, name, buffer)
                           : NULL;
    if (!path) return real_openat64(folder, name, flags, mode);
    if (NAMELESS(flags)) unknown("open with O_TMPFILE", path);
    hold();
    uint64_t before = inode_at(folder, name);
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
    if ((flags) & O_CREAT || NAMELESS(flags)) {                \
        va_list rest;                                        \
        va_start(rest, flags);                               \
        mode = va_arg(rest, mode_t);                         \
        va_end(rest);                                        \
    }
int open(const char *p, int flags, ...) { MODE(flags); return opened(AT_FDCWD, p, flags, mode); }
int open64(const char *p, int flags, ...) { MODE(flags); return opened(AT_FDCWD, p, flags, mode); }
int openat(int f, const char *p, int flags, ...) { MODE(flags); return opened(f, p, flags, mode); }
int openat64(int f, const char *p, int flags, ...) { MODE(flags); return opened(f, p, flags, mode); }
#define TO_WRITE (O_CREAT | O_WRONLY | O_TRUNC)
int creat(const char *p, mode_t mode) { return opened(AT_FDCWD, p, TO_WRITE, mode); }
int creat64(const char *p, mode_t mode) { return opened(AT_FDCWD, p, TO_WRITE, mode); }

int mknodat(int folder, const char *name, mode_t mode, dev_t device) {
    REAL(int, mknodat, int, const char *, mode_t, dev_t);
    char buffer[PATH_MAX];
    const char *path = inside_at(folder, name, buffer);
    if (!path) return real_mknodat(folder, name, mode, device);
    if (!S_ISREG(mode)) unknown("mknod of what is no file", path);
    hold();
    int done = now(CREATE, path) == FAIL ? -1 : real_mknodat(folder, name, mode, device);
    if (!done) put('C', inode_at(folder, name), 0, path, NULL, 0);
    let_go();
    return done;
}
int mknod(const char *name, mode_t m, dev_t d) { return mknodat(AT_FDCWD, name, m, d); }

int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    REAL(int, renameat2, int, const char *, int, const char *, unsigned);
    char buffers[2][PATH_MAX];
    const char *source = inside_at(a, from, buffers[0]), *target = inside_at(b, to, buffers[1]);
    if (!source && !target) return real_renameat2(a, from, b, to, flags);
    if (!source || !target) unknown("a move over the edge", source ? source : target);
    if (flags & ~RENAME_NOREPLACE) unknown("renameat2 with flags", target);
    hold();
    uint64_t inode = inode_at(a, from);
    int done = now(RENAME, target) == FAIL ? -1 : real_renameat2(a, from, b, to, flags);
    if (!done) put('R', inode, 0, source, target, strlen(target));
    let_go();
    return done;
}
int renameat(int a, const char *from, int b, const char *to) {
    return renameat2(a, from, b, to, 0);
}
int rename(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    char buffer[PATH_MAX];
    const char *target = inside_at(b, to, buffer);
    if (!target) return real_linkat(a, from, b, to, flags);
    hold();
    int done = now(LINK, target) == FAIL ? -1 : real_linkat(a, from, b, to, flags);
    if (!done) put('L', inode_at(b, to), 0, target, NULL, 0);
    let_go();
    return done;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
int symlinkat(const char *to, int folder, const char *name) {
    REAL(int, symlinkat, const char *, int, const char *);
    char buffer[PATH_MAX];
    const char *path = inside_at(folder, name, buffer);
    if (path) unknown("symlink", path);
    return real_symlinkat(to, folder, name);
}
int symlink(const char *to, const char *name) { return symlinkat(to, AT_FDCWD, name); }

int unlinkat(int folder, const char *name, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    char buffer[PATH_MAX];
    const char *path = inside_at(folder, name, buffer);
    if (!path) return real_unlinkat(folder, name, flags);
    hold();
    int done = now(UNLINK, path) == FAIL ? -1 : real_unlinkat(folder, name, flags);
    if (!done) put('U', 0, 0, path, NULL, 0);
    let_go();
    return done;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char *name) {
    int done = unlink(name);
    return done && errno == EISDIR ? rmdir(name) : done;
}

int mkdirat(int folder, const char *name, mode_t mode) {
    REAL(int, mkdirat, int, const char *, mode_t);
    char buffer[PATH_MAX];
    const char *path = inside_at(folder, name, buffer);
    if (!path) return real_mkdirat(folder, name, mode);
    hold();
    int done = now(MKDIR, path) == FAIL ? -1 : real_mkdirat(folder, name, mode);
    if (!done) put('D', inode_at(folder, name), 0, path, NULL, 0);
    let_go();
    return done;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

/* Times, modes and owners: points to fail and to be killed at, of which the model keeps nothing. */
#define OF_A_PATH(name, real, at, path, parameters, arguments)      \
    int name parameters {                                           \
        REAL(int, real, AS_LIST parameters);                        \
        char buffer[PATH_MAX];                                      \
        const char *found = path;                                   \
        if (!found) return real_##real arguments;                   \
        hold();                                                     \
        int done = now(ATTRIBUTES, found) == FAIL ? -1 : real_##real arguments; \
        if (!done) put('N', at, 0, found, NULL, 0);                 \
        let_go();                                                   \
        return done;                                                \
    }
#define AS_LIST(...) __VA_ARGS__
#define OPEN path_of(d, buffer)
#define NAMED inside_at(AT_FDCWD, n, buffer)
#define BESIDE inside_at(d, n, buffer)
OF_A_PATH(fchmod, fchmod, inode_of(d), OPEN, (int d, mode_t m), (d, m))
OF_A_PATH(chmod, chmod, inode_at(AT_FDCWD, n), NAMED, (const char *n, mode_t m), (n, m))
OF_A_PATH(fchmodat, fchmodat, inode_at(d, n), BESIDE, (int d, const char *n, mode_t m, int f),
          (d, n, m, f))
OF_A_PATH(fchown, fchown, inode_of(d), OPEN, (int d, uid_t u, gid_t g), (d, u, g))
OF_A_PATH(chown, chown, inode_at(AT_FDCWD, n), NAMED, (const char *n, uid_t u, gid_t g), (n, u, g))
OF_A_PATH(futimens, futimens, inode_of(d), OPEN, (int d, const struct timespec t[2]), (d, t))
OF_A_PATH(utimensat, utimensat, inode_at(d, n), BESIDE,
          (int d, const char *n, const struct timespec t[2], int f), (d, n, t, f))
OF_A_PATH(utimes, utimes, inode_at(AT_FDCWD, n), NAMED, (const char *n, const struct timeval t[2]),
          (n, t))
OF_A_PATH(utime, utime, inode_at(AT_FDCWD, n), NAMED, (const char *n, const struct utimbuf *t),
          (n, t))
