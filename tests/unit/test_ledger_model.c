/*
 * The ledger against what is on the disk (rows Q01, Q04, Q06, Q11): several processes do what
 * sessions do, at random, in one folder, and count it, and change its quota, and are killed at any
 * moment; the ledger is damaged now and then. All are stopped again and again, wherever they are,
 * and looked at:
 *
 *   used + leased >= what is there, and what is there <= the largest quota that there ever was
 *
 * When nobody is left, a count is exactly what is there. LEDGER_SECONDS is how long, LEDGER_SEED
 * the first random number (make ledger-soak).
 */
#include "ledger_fixture.h"

#include "lib/clock.h"
#include "lib/temporary.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>

enum {
    WORKERS = 6,
    NAMES = 12, /* few, so that they get into each other's way */
    DIRECTORIES = 4,
    QUOTA_LEAST = 200000,
    QUOTA_MOST = 2000000,
    FILES_LEAST = 20,
    FILES_MOST = 60,
    CHUNK = 16384,
};

/* What all processes know. */
struct shared {
    uint64_t operations, counts, refused, kills, looks, quiet, damages, checked_promises;
    char fault[256]; /* the first; a process that finds one ends all */
};

/* One process. */
struct worker {
    const struct place *place;
    struct shared *shared;
    struct ledger ledger;
    uint64_t random;
    int directories[DIRECTORIES];
};

static uint64_t draw(uint64_t *random, uint64_t below)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random % below;
}

__attribute__((format(printf, 2, 3), noreturn)) static void fault(struct worker *worker,
                                                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!worker->shared->fault[0])
        (void)vsnprintf(worker->shared->fault, sizeof(worker->shared->fault), format, arguments);
    va_end(arguments);
    _exit(70);
}

static void add(uint64_t *counter)
{
    __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* One step, and what must hold of the answer. 0 or -EDQUOT. */
static int step(struct worker *worker, const struct ledger_step *step)
{
    struct ledger_amount had = worker->ledger.lease;
    struct ledger_state now;
    int r = ledger_step(&worker->ledger, step, &now);
    if (r < 0 && r != -EDQUOT && r != -ESTALE)
        fault(worker, "step: %s", strerror(-r));
    bool more_bytes = worker->ledger.lease.bytes > had.bytes - step->gained.bytes;
    bool more_files = worker->ledger.lease.files > had.files - step->gained.files;
    worker->shared->checked_promises += more_bytes || more_files;
    if (((more_bytes || more_files) && (now.unknown || r < 0)) ||
        (more_bytes && now.used.bytes + now.leased.bytes > now.quota.bytes) ||
        (more_files && now.used.files + now.leased.files > now.quota.files))
        fault(worker,
              "promised %" PRIu64 "+%" PRIu64 " of %" PRIu64 " bytes, %" PRIu64 "+%" PRIu64
              " of %" PRIu64 " files",
              now.used.bytes, now.leased.bytes, now.quota.bytes, now.used.files, now.leased.files,
              now.quota.files);
    worker->shared->refused += r == -EDQUOT;
    return r;
}

static int want(struct worker *worker, uint64_t least, uint64_t best, uint64_t files)
{
    const struct ledger_step wanted = {.least = least, .best = best, .files = files};
    return step(worker, &wanted);
}

static void tell(struct worker *worker, struct ledger_amount gained, struct ledger_amount freed,
                 bool uncertain)
{
    const struct ledger_step told = {.gained = gained, .freed = freed, .uncertain = uncertain};
    (void)step(worker, &told);
}

static void tell_nothing(struct worker *worker)
{
    const struct ledger_amount nothing = {0, 0};
    tell(worker, nothing, nothing, false);
}

static int some_directory(struct worker *worker)
{
    return worker->directories[draw(&worker->random, DIRECTORIES)];
}

static void some_name(struct worker *worker, char ret[32])
{
    (void)snprintf(ret, 32, "%c%u", draw(&worker->random, 8) == 0 ? 'd' : 'f',
                   (unsigned)draw(&worker->random, NAMES));
}

/* A file that is about to go, held: only who has the lock may say what that has freed. */
struct victim {
    int fd;
    bool locked;
    uint64_t inode;
};

static void victim_take(int directory, const char *name, struct victim *ret)
{
    *ret = (struct victim){
        .fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    struct stat status;
    if (ret->fd < 0 || flock(ret->fd, LOCK_EX | LOCK_NB) < 0)
        return;
    /* Whoever had the lock before may have removed it, and has said so. */
    ret->locked = fstat(ret->fd, &status) == 0 && status.st_nlink > 0;
    ret->inode = status.st_ino;
}

/* What has been freed with one link of it. *RET_UNCERTAIN if nobody can say. */
static struct ledger_amount victim_freed(const struct victim *victim, bool *ret_uncertain)
{
    struct stat status;
    bool last = victim->fd >= 0 && victim->locked && fstat(victim->fd, &status) == 0 &&
                status.st_nlink == 0;
    *ret_uncertain = !last;
    return (struct ledger_amount){last ? (uint64_t)status.st_size : 0, 1};
}

/* Writes SIZE bytes to FD, leased step by step. Returns how many it became. */
static uint64_t write_leased(struct worker *worker, int fd, uint64_t start, uint64_t size,
                             uint64_t files)
{
    static const char bytes[CHUNK];
    uint64_t written = 0;
    while (written < size) {
        uint64_t left = worker->ledger.lease.bytes - written;
        uint64_t next = size - written < CHUNK ? size - written : CHUNK;
        /* What is written comes out of the lease at the end, in one step. */
        if (left < next && want(worker, written + next, written + 4 * CHUNK, files) < 0)
            break;
        /* A lease that was cut, or lost with the ledger. */
        if (worker->ledger.lease.bytes < written + next)
            break;
        if (pwrite(fd, bytes, next, (off_t)(start + written)) != (ssize_t)next)
            fault(worker, "pwrite: %s", strerror(errno));
        written += next;
    }
    return written;
}

/* STOR: a locked file of a reserved name, which then takes the place of another. */
static void do_upload(struct worker *worker)
{
    int directory = some_directory(worker);
    char name[32], temporary[64];
    some_name(worker, name);
    if (name[0] == 'd')
        name[0] = 'f';
    (void)snprintf(temporary, sizeof(temporary), "%s%016" PRIx64, NAME_TEMPORARY_PREFIX,
                   draw(&worker->random, UINT64_MAX));
    uint64_t size = draw(&worker->random, 4) == 0 ? 0 : draw(&worker->random, 150000);
    if (want(worker, draw(&worker->random, 2) ? size : 0, size, 1) < 0)
        return;
    cleanup_close int fd =
        openat(directory, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == ENOENT) { /* somebody has removed the directory */
        tell_nothing(worker);
        return;
    }
    if (fd < 0)
        fault(worker, "upload: %s", strerror(errno));
    while (flock(fd, LOCK_EX | LOCK_NB) < 0)
        clock_pause(1); /* somebody is looking whether it is abandoned */
    uint64_t written = write_leased(worker, fd, 0, size, 1);
    if (written < size || draw(&worker->random, 8) == 0) {
        (void)unlinkat(directory, temporary, 0);
        tell_nothing(worker);
        return;
    }
    struct victim victim;
    victim_take(directory, name, &victim);
    bool uncertain = false;
    struct ledger_amount freed = {0, 0};
    if (renameat(directory, temporary, directory, name) < 0) {
        /* A directory has the name. */
        (void)unlinkat(directory, temporary, 0);
        written = 0;
        tell_nothing(worker);
    } else {
        if (victim.fd >= 0)
            freed = victim_freed(&victim, &uncertain);
        /* Something may have come there since we looked. */
        uncertain = uncertain || victim.fd < 0;
        if (victim.fd >= 0 && uncertain)
            freed.files = 0;
        tell(worker, (struct ledger_amount){written, 1}, freed, uncertain);
    }
    (void)close_fd(victim.fd);
}

/* APPE, and what is cut off again. */
static void do_append(struct worker *worker)
{
    int directory = some_directory(worker);
    char name[32];
    some_name(worker, name);
    struct victim file;
    victim_take(directory, name, &file);
    cleanup_close int fd = file.fd;
    struct stat status;
    if (!file.locked || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return;
    uint64_t start = (uint64_t)status.st_size;
    struct ledger_amount gained = {0, 0}, freed = {0, 0};
    if (draw(&worker->random, 3) == 0) {
        uint64_t kept = start > 0 ? draw(&worker->random, start) : 0;
        if (ftruncate(fd, (off_t)kept) < 0)
            fault(worker, "ftruncate: %s", strerror(errno));
        freed.bytes = start - kept;
        start = kept;
    } else {
        uint64_t size = draw(&worker->random, 100000);
        if (want(worker, 0, size, 0) < 0)
            return;
        gained.bytes = write_leased(worker, fd, start, size, 0);
    }
    tell(worker, gained, freed, false);
    /* Whoever removed it meanwhile had not the lock and could not say what it was. */
    if (fstat(fd, &status) == 0 && status.st_nlink == 0)
        tell(worker, (struct ledger_amount){0, 0},
             (struct ledger_amount){(uint64_t)status.st_size, 0}, false);
}

static void do_delete(struct worker *worker)
{
    int directory = some_directory(worker);
    char name[32];
    some_name(worker, name);
    const struct ledger_amount nothing = {0, 0};
    if (name[0] == 'd') {
        if (unlinkat(directory, name, AT_REMOVEDIR) == 0)
            tell(worker, nothing, (struct ledger_amount){0, 1}, false);
        return;
    }
    struct victim victim;
    victim_take(directory, name, &victim);
    if (unlinkat(directory, name, 0) == 0) {
        bool uncertain;
        struct ledger_amount freed = victim_freed(&victim, &uncertain);
        tell(worker, nothing, freed, uncertain);
    }
    (void)close_fd(victim.fd);
}

/* RNFR and RNTO: to somewhere else, perhaps over something. */
static void do_rename(struct worker *worker)
{
    int from = some_directory(worker), to = some_directory(worker);
    char name[32], other[32];
    some_name(worker, name);
    some_name(worker, other);
    other[0] = name[0];
    const struct ledger_step moving = {.moving = true};
    (void)step(worker, &moving);
    bool over = draw(&worker->random, 2) == 0;
    struct victim victim = {.fd = -1}, source = {.fd = -1};
    struct stat status;
    if (over && name[0] == 'f') {
        victim_take(to, other, &victim);
        if (!victim.locked || fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            status.st_ino == victim.inode)
            over = false; /* of two links of one file none goes away */
    }
    bool uncertain = false;
    struct ledger_amount freed = {0, 0};
    if (name[0] == 'd') {
        /* A directory takes the place of an empty one only. */
        struct stat empty;
        bool there = over && fstatat(to, other, &empty, AT_SYMLINK_NOFOLLOW) == 0 &&
                     fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                     empty.st_ino != status.st_ino;
        if (renameat2(from, name, to, other, there ? 0 : RENAME_NOREPLACE) == 0)
            uncertain = there;
    } else if (renameat2(from, name, to, other, over ? 0 : RENAME_NOREPLACE) == 0 && over) {
        freed = victim_freed(&victim, &uncertain);
        if (uncertain)
            freed.files = 0; /* perhaps there was nothing any more */
    }
    tell(worker, (struct ledger_amount){0, 0}, freed, uncertain);
    (void)close_fd(victim.fd);
    (void)close_fd(source.fd);
}

static void do_make(struct worker *worker)
{
    int directory = some_directory(worker);
    char name[32], other[32];
    some_name(worker, name);
    some_name(worker, other);
    if (want(worker, 0, 0, 1) < 0)
        return;
    int r;
    if (draw(&worker->random, 2)) {
        name[0] = 'd';
        r = mkdirat(directory, name, 0700);
    } else {
        other[0] = name[0] = 'f';
        r = linkat(directory, name, some_directory(worker), other, 0);
    }
    tell(worker, (struct ledger_amount){0, r == 0}, (struct ledger_amount){0, 0}, false);
}

/* What a login does, or an administrator. */
static void do_count(struct worker *worker)
{
    struct ledger_amount found;
    struct ledger_state before;
    uint64_t deadline = draw(&worker->random, 4) ? 0 : clock_msec() + draw(&worker->random, 3);
    int r = ledger_count(&worker->place->config, A_UID, worker->place->folder, deadline,
                         draw(&worker->random, 4) == 0, &found, &before);
    if (r < 0 && r != -EBUSY && r != -ETIMEDOUT)
        fault(worker, "count: %s", strerror(-r));
    if (r == 0)
        add(&worker->shared->counts);
}

static struct ledger_amount some_quota(struct worker *worker)
{
    return (struct ledger_amount){
        QUOTA_LEAST + draw(&worker->random, QUOTA_MOST - QUOTA_LEAST + 1),
        FILES_LEAST + draw(&worker->random, FILES_MOST - FILES_LEAST + 1),
    };
}

static void begin_session(struct worker *worker)
{
    const struct ledger_amount quota = some_quota(worker);
    struct ledger_state now;
    int r = ledger_open(&worker->place->config, A_UID, &quota, &worker->ledger, NULL);
    if (r < 0)
        fault(worker, "open: %s", strerror(-r));
    r = ledger_read(&worker->place->config, A_UID, &now);
    if (r < 0)
        fault(worker, "read: %s", strerror(-r));
    if (now.unknown || draw(&worker->random, 8) == 0)
        do_count(worker);
}

static void do_something(struct worker *worker)
{
    uint64_t what = draw(&worker->random, 100);
    if (what < 30)
        do_upload(worker);
    else if (what < 45)
        do_append(worker);
    else if (what < 65)
        do_delete(worker);
    else if (what < 78)
        do_rename(worker);
    else if (what < 90)
        do_make(worker);
    else if (what < 93)
        do_count(worker);
    else if (what < 96) {
        const struct ledger_amount quota = some_quota(worker);
        (void)ledger_set_quota(&worker->place->config, A_UID, &quota);
    } else {
        (void)want(worker, 0, draw(&worker->random, 50000), draw(&worker->random, 2));
        ledger_close(&worker->ledger, worker->ledger.lease.bytes > 0 || draw(&worker->random, 2));
        begin_session(worker);
    }
    add(&worker->shared->operations);
}

static void __attribute__((noreturn))
work(const struct place *place, struct shared *shared, uint64_t seed, uint64_t until)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /* Not the sequence that the seed came from, which others have had theirs from. */
    seed = (seed ^ seed >> 31) * UINT64_C(0x94d049bb133111eb);
    struct worker worker = {.place = place, .shared = shared, .random = (seed ^ seed >> 29) | 1};
    for (unsigned i = 0; i < DIRECTORIES; i++) {
        /* The first is the folder, the last is in the one before it. */
        static const char *const names[DIRECTORIES] = {".", "d0", "d1", "d1/d2"};
        worker.directories[i] = openat(place->folder, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (worker.directories[i] < 0)
            worker.directories[i] = place->folder;
    }
    begin_session(&worker);
    while (clock_msec() < until && !shared->fault[0])
        do_something(&worker);
    ledger_close(&worker.ledger, worker.ledger.lease.bytes > 0 || worker.ledger.lease.files > 0);
    _exit(0);
}

/*
 * What is really there, found in another way than by ledger_count: by names, from the top.
 */
struct real {
    struct ledger_amount amount;
    uint64_t links[4096];
    size_t link_count;
};

static void measure(int parent, const char *name, struct real *real)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    assert_true(fd >= 0);
    cleanup_closedir DIR *stream = fdopendir(fd);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        assert_int_equal(fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW), 0);
        real->amount.files++;
        if (S_ISDIR(status.st_mode))
            measure(fd, entry->d_name, real);
        size_t i = 0;
        while (i < real->link_count && real->links[i] != status.st_ino)
            i++;
        if (!S_ISREG(status.st_mode) || i < real->link_count)
            continue;
        assert_true(real->link_count < ELEMENTS(real->links));
        real->links[real->link_count++] = status.st_ino;
        real->amount.bytes += (uint64_t)status.st_size;
    }
}

static struct ledger_amount real_usage(const struct place *place)
{
    static struct real real;
    memset(&real, 0, sizeof(real));
    measure(place->folder, ".", &real);
    return real.amount;
}

/* The ledger as it is on the disk at this moment, whoever holds its lock. */
static bool read_raw(const struct place *place, struct ledger_header *ret,
                     struct ledger_amount *ret_leased)
{
    static struct ledger_slot slots[LEDGER_SLOTS];
    cleanup_close int fd = open(place->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, ret, sizeof(*ret)) != (ssize_t)sizeof(*ret))
        return false;
    ssize_t size = read(fd, slots, sizeof(slots));
    *ret_leased = (struct ledger_amount){0, 0};
    for (size_t i = 0; size > 0 && i < (size_t)size / sizeof(slots[0]); i++) {
        ret_leased->bytes += slots[i].lease.bytes;
        ret_leased->files += slots[i].lease.files;
    }
    return ret->magic == LEDGER_MAGIC;
}

static void compare(const struct place *place, struct shared *shared, const char *when)
{
    struct ledger_header header;
    struct ledger_amount leased;
    struct ledger_amount real = real_usage(place);
    if (real.bytes > QUOTA_MOST || real.files > FILES_MOST)
        fail_msg("%s: over every quota: %" PRIu64 " bytes, %" PRIu64 " files", when, real.bytes,
                 real.files);
    shared->looks++;
    if (!read_raw(place, &header, &leased) || (header.flags & LEDGER_UNKNOWN))
        return;
    if (header.used.bytes + leased.bytes < real.bytes ||
        header.used.files + leased.files < real.files)
        fail_msg("%s: %" PRIu64 "+%" PRIu64 " bytes and %" PRIu64 "+%" PRIu64
                 " files are accounted for, there are %" PRIu64 " and %" PRIu64,
                 when, header.used.bytes, leased.bytes, header.used.files, leased.files, real.bytes,
                 real.files);
}

static void damage(const struct place *place, struct shared *shared, uint64_t *random)
{
    cleanup_close int fd = open(place->file, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    shared->damages++;
    static const char zeros[32];
    uint64_t at = draw(random, 256);
    if (draw(random, 3) == 0)
        assert_int_equal(ftruncate(fd, (off_t)at), 0);
    else
        assert_true(pwrite(fd, zeros, 1 + draw(random, sizeof(zeros)), (off_t)at) > 0);
}

/* Waits for CHILD, stopped or gone. True if it is gone. */
static bool await(pid_t child, struct shared *shared)
{
    int status;
    pid_t r;
    do
        r = waitpid(child, &status, WUNTRACED);
    while (r < 0 && errno == EINTR);
    assert_int_equal(r, child);
    if (WIFSTOPPED(status))
        return false;
    bool well = (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
                (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    if (shared->fault[0] || !well)
        fail_msg("a process ended with %d: %s", status, shared->fault);
    return true;
}

/* Stops all, looks, and lets them go on; some are killed where they are. */
static void look_at_all(const struct place *place, struct shared *shared, pid_t workers[WORKERS],
                        uint64_t *random, bool end)
{
    for (unsigned i = 0; i < WORKERS; i++)
        if (workers[i] > 0)
            assert_int_equal(kill(workers[i], SIGSTOP), 0);
    for (unsigned i = 0; i < WORKERS; i++)
        if (workers[i] > 0 && await(workers[i], shared))
            workers[i] = 0;
    compare(place, shared, "stopped");
    for (unsigned i = 0; i < WORKERS; i++) {
        if (workers[i] == 0)
            continue;
        bool dies = end || draw(random, 6) == 0;
        shared->kills += dies;
        assert_int_equal(kill(workers[i], dies ? SIGKILL : SIGCONT), 0);
        if (dies) {
            (void)await(workers[i], shared);
            workers[i] = 0;
        }
    }
    if (draw(random, 150) == 0)
        damage(place, shared, random);
}

static void run_round(const struct place *place, struct shared *shared, uint64_t *random)
{
    pid_t workers[WORKERS] = {0};
    uint64_t until = clock_msec() + 100 + draw(random, 500);
    while (clock_msec() < until) {
        for (unsigned i = 0; i < WORKERS; i++) {
            if (workers[i] > 0)
                continue;
            uint64_t seed = draw(random, UINT64_MAX);
            workers[i] = fork();
            assert_true(workers[i] >= 0);
            if (workers[i] == 0)
                work(place, shared, seed, until);
        }
        clock_pause(1 + draw(random, 20));
        look_at_all(place, shared, workers, random, false);
    }
    bool end = draw(random, 2) == 0;
    if (end)
        look_at_all(place, shared, workers, random, true);
    for (unsigned i = 0; i < WORKERS; i++)
        while (workers[i] > 0 && await(workers[i], shared))
            workers[i] = 0;
}

/* Nobody is there any more: counting is exact. */
static void check_quiet(const struct place *place, struct shared *shared)
{
    compare(place, shared, "quiet");
    struct ledger_amount real = real_usage(place);
    assert_amount(count_now(place), real.bytes, real.files);
    struct ledger_state now = state_of(place);
    assert_amount(now.used, real.bytes, real.files);
    assert_amount(now.leased, 0, 0);
    assert_true(!now.stale && !now.unknown && now.sessions == 0);
    shared->quiet++;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_Q04_Q06_Q11_against_the_disk(void **state)
{
    const struct place *place = *state;
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    uint64_t seed;
    assert_int_equal(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
    seed = number_of("LEDGER_SEED", seed);
    uint64_t random = seed | 1;
    uint64_t until = clock_msec() + 1000 * number_of("LEDGER_SECONDS", 4);
    uint64_t next = 0;
    print_message("seed %" PRIu64 "\n", seed);
    while (clock_msec() < until) {
        static const char *const directories[] = {"d0", "d1", "d1/d2"};
        for (size_t i = 0; i < ELEMENTS(directories); i++)
            if (real_usage(place).files < FILES_MOST)
                (void)mkdirat(place->folder, directories[i], 0700);
        struct ledger_state before;
        if (ledger_read(&place->config, A_UID, &before) == 0)
            (void)count_now(place);
        run_round(place, shared, &random);
        check_quiet(place, shared);
        if (clock_msec() < next)
            continue;
        next = clock_msec() + 60000;
        print_message("%" PRIu64 " operations, %" PRIu64 " counts, %" PRIu64 " refused, %" PRIu64
                      " promises, %" PRIu64 " killed, %" PRIu64 " looks, %" PRIu64
                      " damaged, %" PRIu64 " quiet counts, %" PRIu64 " s left\n",
                      shared->operations, shared->counts, shared->refused, shared->checked_promises,
                      shared->kills, shared->looks, shared->damages, shared->quiet,
                      clock_msec() < until ? (until - clock_msec()) / 1000 : 0);
    }
    assert_true(shared->operations > 100 && shared->quiet > 0 && shared->looks > 10);
    print_message("%" PRIu64 " operations, %" PRIu64 " counts, %" PRIu64 " refused, %" PRIu64
                  " killed, %" PRIu64 " looks, %" PRIu64 " quiet counts, no byte of drift\n",
                  shared->operations, shared->counts, shared->refused, shared->kills, shared->looks,
                  shared->quiet);
    (void)munmap(shared, sizeof(*shared));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_Q04_Q06_Q11_against_the_disk)};
    return own_mounts() || cmocka_run_group_tests_name("ledger_model", tests, NULL, NULL);
}
