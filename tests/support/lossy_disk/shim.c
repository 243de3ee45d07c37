/* Notes in a journal what a process does to the files below a directory, so that a disk which forgets what was
 * never synced can be rebuilt afterwards (replay.py reads the journal; its header comment is the format).
 *
 * Loaded with LD_PRELOAD. LOSSY_DISK_ROOT is the directory, LOSSY_DISK_JOURNAL the file to append to.
 *
 * A write is noted after it was done, under one lock, so that the journal has the order in which writes took effect.
 * A sync is noted when it begins and when it has ended: only what was written before it began is safe once it ended.
 *
 * Not seen: mappings (SQLite's -shm, which need not survive), dup, sendfile, copy_file_range, stdio's own writes and
 * io_uring. `Replayer.assert_complete` tells whether something went past.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAX_FD = 65536 };
enum { CREATE = 1, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, RENAME, UNLINK, OPEN, LINK };

struct record {
    uint32_t kind;
    uint32_t path_bytes;
    uint64_t file;   /* inode */
    uint64_t offset; /* of a write; new length of a truncation; number of a sync */
    uint64_t bytes;  /* of data that follow the path */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_bytes;
static int journal = -1;
static uint64_t inode_of[MAX_FD]; /* 0: not below the root */
static uint64_t syncs;

#define REAL(name) ({ static __typeof__(&name) found; if (!found) found = real(#name); found; })

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void start(void) {
    const char *where = getenv("LOSSY_DISK_ROOT"), *file = getenv("LOSSY_DISK_JOURNAL");
    if (!where || !file || !realpath(where, root)) return;
    root_bytes = strlen(root);
    journal = REAL(open64)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (journal < 0) abort();
}

/* Gives the path of a name below the root, without the root and its slash; NULL when it is elsewhere. */
static const char *below(int dir, const char *name, char *out) {
    char full[2 * PATH_MAX], link[64];
    if (journal < 0 || !name) return NULL;
    if (name[0] == '/') {
        snprintf(full, sizeof full, "%s", name);
    } else {
        snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
        ssize_t got = readlink(link, full, PATH_MAX);
        if (got < 0) return NULL;
        snprintf(full + got, sizeof full - got, "/%s", name);
    }
    char *slash = strrchr(full, '/'), parent[PATH_MAX];
    char last[NAME_MAX + 1];
    snprintf(last, sizeof last, "%s", slash + 1);
    *slash = 0;
    if (!realpath(full[0] ? full : "/", parent)) return NULL;
    if (!strcmp(last, ".") || !*last) {
        snprintf(out, PATH_MAX, "%s", parent);
    } else if (snprintf(out, PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "", last) >= PATH_MAX) {
        return NULL;
    }
    if (strncmp(out, root, root_bytes) || (out[root_bytes] && out[root_bytes] != '/')) return NULL;
    return out[root_bytes] ? out + root_bytes + 1 : out + root_bytes;
}

static void note(uint32_t kind, uint64_t file, uint64_t offset, const char *path, const void *data, uint64_t bytes) {
    struct record head = {kind, path ? strlen(path) : 0, file, offset, bytes};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)data, bytes}};
    int kept = errno;
    ssize_t want = sizeof head + head.path_bytes + bytes;
    if (REAL(writev)(journal, parts, 3) != want) abort();
    errno = kept;
}

static uint64_t inode_of_fd(int fd) { return fd >= 0 && fd < MAX_FD ? inode_of[fd] : 0; }

static int opened(int dir, const char *name, int flags, int mode, int (*call)(int, const char *, int, ...)) {
    char buffer[PATH_MAX];
    struct stat now;
    const char *path = below(dir, name, buffer);
    if (!path) {
        int fd = call(dir, name, flags, mode);
        if (fd >= 0 && fd < MAX_FD) inode_of[fd] = 0;
        return fd;
    }
    pthread_mutex_lock(&lock);
    int existed = fstatat(dir, name, &now, 0) == 0;
    int fd = call(dir, name, flags, mode);
    if (fd >= 0 && fd < MAX_FD && fstat(fd, &now) == 0) {
        inode_of[fd] = now.st_ino;
        if (!existed) note(CREATE, now.st_ino, 0, path, NULL, 0);
        else note(OPEN, now.st_ino, 0, path, NULL, 0);
        if (existed && (flags & O_TRUNC)) note(TRUNCATE, now.st_ino, 0, NULL, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE_OF(flags, mode) \
    do { va_list more; va_start(more, flags); mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, int) : 0; va_end(more); } while (0)

int openat(int dir, const char *name, int flags, ...) {
    int mode;
    MODE_OF(flags, mode);
    return opened(dir, name, flags, mode, REAL(openat));
}
int openat64(int dir, const char *name, int flags, ...) {
    int mode;
    MODE_OF(flags, mode);
    return opened(dir, name, flags | O_LARGEFILE, mode, REAL(openat64));
}
int open(const char *name, int flags, ...) {
    int mode;
    MODE_OF(flags, mode);
    return opened(AT_FDCWD, name, flags, mode, REAL(openat));
}
int open64(const char *name, int flags, ...) {
    int mode;
    MODE_OF(flags, mode);
    return opened(AT_FDCWD, name, flags | O_LARGEFILE, mode, REAL(openat64));
}
int creat(const char *name, mode_t mode) { return open(name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return open64(name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int fd) {
    if (fd >= 0 && fd < MAX_FD) inode_of[fd] = 0;
    return REAL(close)(fd);
}

static ssize_t wrote_at(uint64_t file, uint64_t offset, const void *data, ssize_t done) {
    if (done > 0) note(WRITE, file, offset, NULL, data, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset) {
    uint64_t file = inode_of_fd(fd);
    if (!file) return REAL(pwrite64)(fd, data, bytes, offset);
    pthread_mutex_lock(&lock);
    return wrote_at(file, offset, data, REAL(pwrite64)(fd, data, bytes, offset));
}
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) { return pwrite64(fd, data, bytes, offset); }

ssize_t write(int fd, const void *data, size_t bytes) {
    uint64_t file = inode_of_fd(fd);
    if (!file) return REAL(write)(fd, data, bytes);
    pthread_mutex_lock(&lock);
    ssize_t done = REAL(write)(fd, data, bytes);
    return wrote_at(file, done > 0 ? lseek(fd, 0, SEEK_CUR) - done : 0, data, done);
}

/* Several parts are noted as one write of each part that was done. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    uint64_t file = inode_of_fd(fd);
    if (!file) return REAL(writev)(fd, parts, count);
    pthread_mutex_lock(&lock);
    ssize_t done = REAL(writev)(fd, parts, count), left = done;
    off_t at = done > 0 ? lseek(fd, 0, SEEK_CUR) - done : 0;
    for (int i = 0; left > 0 && i < count; i++) {
        ssize_t part = left < (ssize_t)parts[i].iov_len ? left : (ssize_t)parts[i].iov_len;
        note(WRITE, file, at, NULL, parts[i].iov_base, part);
        at += part;
        left -= part;
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off64_t offset, int flags) {
    if (inode_of_fd(fd)) abort(); /* nobody does so far: better loud than blind */
    return REAL(pwritev64v2)(fd, parts, count, offset, flags);
}

static int truncated(uint64_t file, uint64_t length, int result) {
    if (result == 0) note(TRUNCATE, file, length, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate64(int fd, off64_t length) {
    uint64_t file = inode_of_fd(fd);
    if (!file) return REAL(ftruncate64)(fd, length);
    pthread_mutex_lock(&lock);
    return truncated(file, length, REAL(ftruncate64)(fd, length));
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int truncate64(const char *name, off64_t length) {
    char buffer[PATH_MAX];
    struct stat now;
    if (!below(AT_FDCWD, name, buffer) || stat(name, &now)) return REAL(truncate64)(name, length);
    pthread_mutex_lock(&lock);
    return truncated(now.st_ino, length, REAL(truncate64)(name, length));
}
int truncate(const char *name, off_t length) { return truncate64(name, length); }

int posix_fallocate64(int fd, off64_t offset, off64_t bytes) {
    uint64_t file = inode_of_fd(fd);
    struct stat before;
    if (!file || fstat(fd, &before)) return REAL(posix_fallocate64)(fd, offset, bytes);
    pthread_mutex_lock(&lock);
    int result = REAL(posix_fallocate64)(fd, offset, bytes);
    if (result == 0 && offset + bytes > before.st_size) note(TRUNCATE, file, offset + bytes, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

static int synced(int fd, int (*call)(int)) {
    uint64_t file = inode_of_fd(fd), number;
    if (!file) return call(fd);
    pthread_mutex_lock(&lock);
    number = ++syncs;
    note(SYNC_BEGIN, file, number, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    int result = call(fd);
    pthread_mutex_lock(&lock);
    if (result == 0) note(SYNC_END, file, number, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}
int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

static int unlinked(int dir, const char *name, int flags) {
    char buffer[PATH_MAX];
    const char *path = below(dir, name, buffer);
    pthread_mutex_lock(&lock);
    int result = REAL(unlinkat)(dir, name, flags);
    if (result == 0 && path && !(flags & AT_REMOVEDIR)) note(UNLINK, 0, 0, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}
int unlink(const char *name) { return unlinked(AT_FDCWD, name, 0); }
int unlinkat(int dir, const char *name, int flags) { return unlinked(dir, name, flags); }
int remove(const char *name) {
    struct stat now;
    return lstat(name, &now) == 0 && S_ISDIR(now.st_mode) ? rmdir(name) : unlink(name);
}

/* A new name for what comes from outside the root would need the content: nobody does so, and replay refuses it. */
static void note_name(uint32_t kind, const char *source, const char *target) {
    if (source || target) note(kind, 0, 0, source ? source : "", target ? target : "", target ? strlen(target) : 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *source = below(from_dir, from, from_buffer), *target = below(to_dir, to, to_buffer);
    pthread_mutex_lock(&lock);
    int result = REAL(renameat)(from_dir, from, to_dir, to);
    if (result == 0) note_name(RENAME, source, target);
    pthread_mutex_unlock(&lock);
    return result;
}
int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *source = below(from_dir, from, from_buffer), *target = below(to_dir, to, to_buffer);
    pthread_mutex_lock(&lock);
    int result = REAL(linkat)(from_dir, from, to_dir, to, flags);
    if (result == 0) note_name(LINK, source, target);
    pthread_mutex_unlock(&lock);
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
