/* Records, in order and with their data, every change that a process makes to the files of one directory, and every sync.
 * Preloaded into the process under test. RECORD_DIR names the directory, RECORD_TRACE the file for the record,
 * RECORD_FULL_AFTER the bytes that may be written before the disk is full (none: no bound).
 *
 * Syncs are recorded and not performed: the test rebuilds the disk from the record (trace.rs reads it, disk.rs rebuilds).
 * An event: kind u8, file u32, number u64, length u64, path length u16, second path length u16, paths, data. */
#include "below.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

enum { CREATE = 1, EXIST, WRITE, TRUNCATE, RENAME, UNLINK, MKDIR, RMDIR, SYNC_BEGIN, SYNC_END };
enum { FDS = 4096, INODES = 65536 };
#define DIRECTORY UINT32_MAX

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static long long room = -1;
static uint64_t syncs;
static uint32_t files;
static struct { int used; uint32_t file; char *path; } fds[FDS];
static struct { ino_t inode; uint32_t file; } inodes[INODES];

__attribute__((constructor)) static void start(void) {
    const char *dir = getenv("RECORD_DIR"), *to = getenv("RECORD_TRACE"), *full = getenv("RECORD_FULL_AFTER");
    if (!dir || !to || !realpath(dir, root)) return;
    root_len = strlen(root);
    if (full) room = atoll(full);
    trace = REAL(open)(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (trace < 0) abort();
}

static void put(const void *data, size_t len) {
    const char *at = data;
    while (len > 0) {
        ssize_t done = REAL(write)(trace, at, len);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) abort();
        at += done;
        len -= (size_t)done;
    }
}

static void event(uint8_t kind, uint32_t file, uint64_t number, const char *path, const char *second, const void *data, uint64_t len) {
    unsigned char head[25];
    uint16_t path_len = path ? (uint16_t)strlen(path) : 0, second_len = second ? (uint16_t)strlen(second) : 0;
    head[0] = kind;
    memcpy(head + 1, &file, 4);
    memcpy(head + 5, &number, 8);
    memcpy(head + 13, &len, 8);
    memcpy(head + 21, &path_len, 2);
    memcpy(head + 23, &second_len, 2);
    put(head, sizeof head);
    if (path) put(path, path_len);
    if (second) put(second, second_len);
    if (data) put(data, len);
}

static size_t slot(ino_t inode) {
    size_t at = (size_t)inode % INODES;
    while (inodes[at].inode && inodes[at].inode != inode) at = (at + 1) % INODES;
    return at;
}

/* A file that goes away: its inode may come back as another file. */
static void forget(const char *full) {
    struct stat stat;
    if (lstat(full, &stat) == 0 && !S_ISDIR(stat.st_mode)) {
        size_t at = slot(stat.st_ino);
        if (inodes[at].inode) inodes[at].file = 0;
    }
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    struct stat stat;
    const char *name = below(at, path, full);
    if (!name) return REAL(openat)(at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int existed = lstat(full, &stat) == 0;
    int fd = REAL(openat)(at, path, flags, mode);
    int kept = errno;
    if (fd >= 0 && fd < FDS && fstat(fd, &stat) == 0) {
        uint32_t file = DIRECTORY;
        if (!S_ISDIR(stat.st_mode)) {
            size_t place = slot(stat.st_ino);
            if (!existed || !inodes[place].inode || !inodes[place].file) {
                inodes[place].inode = stat.st_ino;
                inodes[place].file = ++files;
                event(existed ? EXIST : CREATE, files, 0, name, NULL, NULL, 0);
            }
            file = inodes[place].file;
            if (existed && (flags & O_TRUNC)) event(TRUNCATE, file, 0, NULL, NULL, NULL, 0);
        }
        free(fds[fd].path);
        fds[fd].used = 1;
        fds[fd].file = file;
        fds[fd].path = strdup(name);
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
    return fd;
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FDS) fds[fd].used = 0;
    pthread_mutex_unlock(&lock);
    return REAL(close)(fd);
}

static int recorded(int fd) { return trace >= 0 && fd >= 0 && fd < FDS && fds[fd].used && fds[fd].file != DIRECTORY; }

static ssize_t written(int fd, const void *data, size_t len, off_t offset, int positioned) {
    pthread_mutex_lock(&lock);
    if (!recorded(fd)) {
        pthread_mutex_unlock(&lock);
        return positioned ? REAL(pwrite)(fd, data, len, offset) : REAL(write)(fd, data, len);
    }
    ssize_t done;
    int kept = 0;
    if (room >= 0 && (long long)len > room && strcmp(fds[fd].path, "acks") != 0) {
        done = -1;
        kept = ENOSPC;
    } else {
        if (room >= 0) room -= (long long)len;
        if (!positioned) {
            struct stat stat;
            offset = lseek(fd, 0, SEEK_CUR);
            if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &stat) == 0) offset = stat.st_size;
        }
        done = positioned ? REAL(pwrite)(fd, data, len, offset) : REAL(write)(fd, data, len);
        kept = errno;
        if (done > 0) event(WRITE, fds[fd].file, (uint64_t)offset, NULL, NULL, data, (uint64_t)done);
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

ssize_t write(int fd, const void *data, size_t len) { return written(fd, data, len, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) { return written(fd, data, len, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t len, off64_t offset) { return written(fd, data, len, offset, 1); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!recorded(fd)) return REAL(writev)(fd, parts, count);
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len) return write(fd, parts[i].iov_base, parts[i].iov_len);
    return 0;
}

int ftruncate(int fd, off_t len) {
    pthread_mutex_lock(&lock);
    int done = REAL(ftruncate)(fd, len), kept = errno;
    if (done == 0 && recorded(fd)) event(TRUNCATE, fds[fd].file, (uint64_t)len, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
int ftruncate64(int fd, off64_t len) { return ftruncate(fd, len); }

int rename(const char *from, const char *to) {
    char from_full[PATH_MAX], to_full[PATH_MAX];
    const char *from_name = below(AT_FDCWD, from, from_full), *to_name = below(AT_FDCWD, to, to_full);
    if (!from_name || !to_name) return REAL(rename)(from, to);
    pthread_mutex_lock(&lock);
    forget(to_full);
    int done = REAL(rename)(from, to), kept = errno;
    if (done == 0) event(RENAME, 0, 0, from_name, to_name, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

static int removed(int at, const char *path, int flags) {
    char full[PATH_MAX];
    const char *name = below(at, path, full);
    if (!name) return REAL(unlinkat)(at, path, flags);
    pthread_mutex_lock(&lock);
    forget(full);
    int done = REAL(unlinkat)(at, path, flags), kept = errno;
    if (done == 0) event(flags & AT_REMOVEDIR ? RMDIR : UNLINK, 0, 0, name, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }

int mkdir(const char *path, mode_t mode) {
    char full[PATH_MAX];
    const char *name = below(AT_FDCWD, path, full);
    if (!name) return REAL(mkdir)(path, mode);
    pthread_mutex_lock(&lock);
    int done = REAL(mkdir)(path, mode), kept = errno;
    if (done == 0) event(MKDIR, 0, 0, name, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

/* Data that came before the begin is safe after the end. */
static int synced(int fd, uint64_t data_only) {
    pthread_mutex_lock(&lock);
    if (trace < 0 || fd < 0 || fd >= FDS || !fds[fd].used) {
        pthread_mutex_unlock(&lock);
        return 0;
    }
    uint64_t number = ++syncs;
    event(SYNC_BEGIN, fds[fd].file, number << 1 | data_only, fds[fd].path, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    struct timespec disk = {0, 200000};
    nanosleep(&disk, NULL);
    pthread_mutex_lock(&lock);
    event(SYNC_END, 0, number << 1 | data_only, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}
int fsync(int fd) { return synced(fd, 0); }
int fdatasync(int fd) { return synced(fd, 1); }

/* Writes neither the file's size nor the disk's cache: safe for nothing. */
int sync_file_range(int fd, off64_t offset, off64_t len, unsigned int flags) {
    (void)fd, (void)offset, (void)len, (void)flags;
    return 0;
}
