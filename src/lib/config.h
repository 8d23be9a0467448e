/*
 * The configuration of a server: defaults, the file, and what it says. The monitor, cellftpctl and
 * cellftpd --check read it; a session only looks at it. It is never written by a program of ours.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CONFIG_FILE_DEFAULT, the path of the file, comes from the build:
 * SYSCONFDIR/cellftpd/cellftpd.conf. */

struct group_rules;
struct share;

struct port_range {
    uint16_t first;
    uint16_t last;
};

/* clang-format off */
#define OPTION_TYPE_BOOLEAN  bool
#define OPTION_TYPE_NUMBER   uint64_t
#define OPTION_TYPE_SIZE     uint64_t
#define OPTION_TYPE_DURATION uint64_t
#define OPTION_TYPE_MODE     uint64_t
#define OPTION_TYPE_PORTS    struct port_range
#define OPTION_TYPE_CHOICE   uint64_t
#define OPTION_TYPE_STRING   char *
#define OPTION_TYPE_PATH     char *
#define OPTION_TYPE_LIST     char **
#define OPTION_TYPE_LIMIT    uint64_t
#define OPTION_TYPE_COUNT    uint64_t
/* clang-format on */

/* One member an option: login.attempts is login_attempts. */
#define CONFIG_MEMBER(type, group, key, initial, minimum, maximum, meaning)                        \
    OPTION_TYPE_##type group##_##key;
struct config {
    OPTIONS(CONFIG_MEMBER)
    struct group_rules *groups; /* lib/rules.h */
    size_t group_count;
    struct share *shares;
    size_t share_count;
};
#undef CONFIG_MEMBER

enum config_client_certificates {
    CLIENT_CERTIFICATES_OFF,
    CLIENT_CERTIFICATES_OPTIONAL,
    CLIENT_CERTIFICATES_REQUIRED
};
enum config_client_login { CLIENT_LOGIN_FACTOR, CLIENT_LOGIN_INSTEAD };
enum config_quota_backend { QUOTA_LEDGER, QUOTA_PROJECT };
enum config_list_time { LIST_TIME_UTC, LIST_TIME_LOCAL };
enum config_data_binding { DATA_BINDING_OFF, DATA_BINDING_AUTO, DATA_BINDING_REQUIRE };
enum config_tls_required { TLS_REQUIRED_NEVER, TLS_REQUIRED_PUBLIC, TLS_REQUIRED_ALWAYS };

/* Reads PATH, then conf.d/NAME.conf beside it in the order of their names, over the defaults. A
 * missing default file means defaults; a file that was asked for by name (REQUIRED) must exist.
 * Unknown groups and keys, wrong types and values out of range are all found in one run: each is
 * appended to PROBLEMS as "FILE:LINE: KEY: what is wrong, what would be right\n", with the nearest
 * known key for an unknown one. 0, -EINVAL if there are problems, or another negative errno (with a
 * line in PROBLEMS too). *RET is owned by the caller (config_free) in every case. */
int config_load(const char *path, bool required, struct config **ret, struct buffer *problems);
void config_free(struct config *config);

/* The same, and where each option was set last: an array in the order of option_at(), owned by the
 * caller (config_places_free), NULL only without memory. */
struct config_place {
    char *file; /* NULL: the default */
    unsigned line;
    bool bad; /* what stands there is wrong */
};
int config_load_places(const char *path, bool required, struct config **ret,
                       struct config_place **ret_places, struct buffer *problems);
void config_places_free(struct config_place *places);

/* Nothing but defaults, owned by the caller; NULL without memory. */
struct config *config_default(void);

static inline void config_cleanup_(struct config **config)
{
    config_free(*config);
}
#define cleanup_config __attribute__((cleanup(config_cleanup_)))

/* Appends the effective configuration as a file that config_load reads back to the same values,
 * each option with its meaning as a comment. -ENOBUFS, -ENOMEM. */
int config_dump(const struct config *config, struct buffer *ret);
