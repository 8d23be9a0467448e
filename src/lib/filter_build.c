/*
 * Compiles the lists of filter_table.h to BPF programs and a table of call names, and prints
 * them as a C header. Runs on the build machine only; nothing of it, nor libseccomp, is in the
 * server.
 */
#include "lib/cleanup.h"
#include "lib/filter_table.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum stage { STAGE_LOGIN, STAGE_SESSION, STAGE_ADMIN };

/* libseccomp takes no "ask the supervisor" as the default action, so a mark stands for it until the
 * program is printed. */
enum { MARK = 0x6d6f };

struct row {
    const char *name;
    unsigned argument;
    unsigned mask; /* 0: allowed whatever the arguments */
};

#define ROW(call)                        {#call, 0, 0},
#define ROW_MASKED(call, argument, mask) {#call, argument, mask},
static const struct row rows_always[] = {FILTER_ALWAYS(ROW) FILTER_SANITIZER(ROW)
                                             FILTER_MASKED(ROW_MASKED)};
static const struct row rows_enter[] = {FILTER_ENTER(ROW)};
static const struct row rows_admin[] = {FILTER_ADMIN(ROW)};
static const struct row rows_compromise[] = {FILTER_COMPROMISE(ROW)};

/* Allowed for two values of arguments. */
struct row_pair {
    const char *name;
    unsigned first, first_value;
    unsigned second, second_value;
};

#define ROW_PAIR(call, first, first_value, second, second_value)                                   \
    {#call, first, first_value, second, second_value},
static const struct row_pair rows_pairs[] = {FILTER_PAIRS(ROW_PAIR)};
static const struct row_pair rows_kernel_tls[] = {FILTER_KERNEL_TLS(ROW_PAIR)};

static void fail(const char *what, const char *name, int error)
{
    fprintf(stderr, "filter_build: %s %s: %s\n", what, name, strerror(-error));
    exit(1);
}

static void add_rows(scmp_filter_ctx filter, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        int number = seccomp_syscall_resolve_name(row->name);
        if (number == __NR_SCMP_ERROR)
            fail("no system call", row->name, -ENOSYS);
        if (number < 0)
            continue; /* exists on other machines only, as poll does */
        int r = row->mask == 0
                    ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0)
                    : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                                       SCMP_CMP(row->argument, SCMP_CMP_MASKED_EQ, row->mask, 0));
        if (r < 0)
            fail("rule for", row->name, r);
    }
}

/* The kernel looks at 32 bits of these arguments, whatever a compiler leaves in the others. */
static void add_pairs(scmp_filter_ctx filter, const struct row_pair *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row_pair *row = &rows[i];
        int number = seccomp_syscall_resolve_name(row->name);
        if (number == __NR_SCMP_ERROR)
            fail("no system call", row->name, -ENOSYS);
        int r = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, number, 2,
            SCMP_CMP(row->first, SCMP_CMP_MASKED_EQ, UINT32_MAX, row->first_value),
            SCMP_CMP(row->second, SCMP_CMP_MASKED_EQ, UINT32_MAX, row->second_value));
        if (r < 0)
            fail("rule for", row->name, r);
    }
}

static void print_program(const char *name, enum stage stage, bool kernel_tls)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRACE(MARK));
    if (!filter)
        fail("filter", name, -ENOMEM);
    add_rows(filter, rows_always, ELEMENTS(rows_always));
    add_pairs(filter, rows_pairs, ELEMENTS(rows_pairs));
    if (stage == STAGE_LOGIN)
        add_rows(filter, rows_enter, ELEMENTS(rows_enter));
    if (stage == STAGE_ADMIN)
        add_rows(filter, rows_admin, ELEMENTS(rows_admin));
    if (kernel_tls)
        add_pairs(filter, rows_kernel_tls, ELEMENTS(rows_kernel_tls));
    /* A binary search instead of a list: half a dozen comparisons a call. */
    int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (r < 0)
        fail("optimize", name, r);

    cleanup_fclose FILE *file = tmpfile();
    if (!file)
        fail("temporary file for", name, -errno);
    r = seccomp_export_bpf(filter, fileno(file));
    if (r < 0)
        fail("export", name, r);
    seccomp_release(filter);
    rewind(file);

    printf("static const struct sock_filter %s[] = {\n", name);
    struct sock_filter instruction;
    bool marked = false;
    while (fread(&instruction, sizeof(instruction), 1, file) == 1) {
        if (instruction.code == (BPF_RET | BPF_K) && instruction.k == SCMP_ACT_TRACE(MARK)) {
            instruction.k = SECCOMP_RET_USER_NOTIF;
            marked = true;
        }
        printf("    {0x%04x, %u, %u, 0x%08x},\n", instruction.code, instruction.jt, instruction.jf,
               instruction.k);
    }
    printf("};\n\n");
    if (!marked)
        fail("no default action in", name, -EINVAL);
}

static void print_names(void)
{
    printf("static const char *const filter_names[] = {\n");
    for (int number = 0; number < 1024; number++) {
        cleanup_free char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
        if (name)
            printf("    [%d] = \"%s\",\n", number, name);
    }
    printf("};\n\nstatic const char *const filter_compromise[] = {\n");
    for (size_t i = 0; i < ELEMENTS(rows_compromise); i++)
        printf("    \"%s\",\n", rows_compromise[i].name);
    printf("};\n");
}

int main(void)
{
    printf("/* Made by filter_build from filter_table.h. */\n#pragma once\n\n#include "
           "<linux/filter.h>\n\n");
    print_program("filter_login", STAGE_LOGIN, false);
    print_program("filter_session", STAGE_SESSION, false);
    print_program("filter_admin", STAGE_ADMIN, false);
    print_program("filter_login_kernel_tls", STAGE_LOGIN, true);
    print_program("filter_session_kernel_tls", STAGE_SESSION, true);
    print_program("filter_admin_kernel_tls", STAGE_ADMIN, true);
    print_names();
    return fflush(stdout) == 0 ? 0 : 1;
}
