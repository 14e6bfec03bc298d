/* What is preloaded into a process under test: the functions that it stands before, and the directory that it looks at. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The directory, once it is known. */
static char root[PATH_MAX];
static size_t root_len;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

/* The path below the directory, or NULL when it is elsewhere. */
static const char *below(int at, const char *path, char *full) {
    if (!root_len || !path) return NULL;
    if (path[0] == '/') {
        snprintf(full, PATH_MAX, "%s", path);
    } else {
        char link[64], dir[PATH_MAX];
        ssize_t len;
        if (at == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        len = readlink(link, dir, sizeof dir - 1);
        if (len < 0) return NULL;
        dir[len] = 0;
        if (snprintf(full, PATH_MAX, "%s/%s", dir, path) >= PATH_MAX) return NULL;
    }
    if (strncmp(full, root, root_len) != 0) return NULL;
    if (full[root_len] == 0) return full + root_len;
    return full[root_len] == '/' ? full + root_len + 1 : NULL;
}

/* The ways to open a file: one function `opened(at, path, flags, mode)` stands before all of them. */
static int opened(int at, const char *path, int flags, mode_t mode);

#define OPEN(at)                           \
    mode_t mode = 0;                       \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list rest;                      \
        va_start(rest, flags);             \
        mode = va_arg(rest, mode_t);       \
        va_end(rest);                      \
    }                                      \
    return opened(at, path, flags, mode);

int open(const char *path, int flags, ...) { OPEN(AT_FDCWD) }
int open64(const char *path, int flags, ...) { OPEN(AT_FDCWD) }
int openat(int at, const char *path, int flags, ...) { OPEN(at) }
int openat64(int at, const char *path, int flags, ...) { OPEN(at) }
