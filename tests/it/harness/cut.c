/* Notes every change of names that a process makes below one directory, and kills the process just before one of them.
 * Preloaded into the process under test. CUT_DIR names the directory; CUT_DESK another one, with two files: `log` gets a line for
 * each change; `order`, if it is there, says before which the process dies: the number of the change (from 0 on, for each process
 * that begins) or its line. It is taken away then, so that the next process lives. */
#include "../../crash/below.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char order_file[PATH_MAX], order[2 * PATH_MAX];
static int log_fd = -1;
static long number;

__attribute__((constructor)) static void start(void) {
    const char *dir = getenv("CUT_DIR"), *desk = getenv("CUT_DESK");
    char path[PATH_MAX];
    if (!dir || !desk || !realpath(dir, root)) return;
    root_len = strlen(root);
    snprintf(order_file, sizeof order_file, "%s/order", desk);
    int given = REAL(open)(order_file, O_RDONLY | O_CLOEXEC);
    if (given >= 0) {
        ssize_t len = read(given, order, sizeof order - 1);
        order[len > 0 ? len : 0] = 0;
        close(given);
    }
    snprintf(path, sizeof path, "%s/log", desk);
    log_fd = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) abort();
}

/* A change is about to be made. */
static void coming(const char *what, const char *first, const char *second) {
    char line[2 * PATH_MAX + 16], counted[32];
    int kept = errno, len = snprintf(line, sizeof line, second ? "%s %s %s" : "%s %s", what, first, second);
    pthread_mutex_lock(&lock);
    snprintf(counted, sizeof counted, "%ld", number++);
    if (order[0] && (strcmp(order, counted) == 0 || strcmp(order, line) == 0)) {
        REAL(unlinkat)(AT_FDCWD, order_file, 0);
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    line[len++] = '\n';
    if (write(log_fd, line, (size_t)len) != len) abort();
    pthread_mutex_unlock(&lock);
    errno = kept;
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    const char *name = flags & O_CREAT ? below(at, path, full) : NULL;
    if (name && access(full, F_OK) != 0) coming("create", name, NULL);
    return REAL(openat)(at, path, flags, mode);
}

int rename(const char *from, const char *to) {
    char from_full[PATH_MAX], to_full[PATH_MAX];
    const char *from_name = below(AT_FDCWD, from, from_full), *to_name = below(AT_FDCWD, to, to_full);
    if (from_name && to_name) coming("rename", from_name, to_name);
    return REAL(rename)(from, to);
}

int unlinkat(int at, const char *path, int flags) {
    char full[PATH_MAX];
    const char *name = below(at, path, full);
    if (name) coming("remove", name, NULL);
    return REAL(unlinkat)(at, path, flags);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdir(const char *path, mode_t mode) {
    char full[PATH_MAX];
    const char *name = below(AT_FDCWD, path, full);
    if (name && access(full, F_OK) != 0) coming("mkdir", name, NULL);
    return REAL(mkdir)(path, mode);
}
