/*
 * The table of commands: the only list of what this server understands. Dispatch, HELP, FEAT, the
 * manual's list and the list of test files come from it. Private to src/session.
 */
#pragma once

#include "session/session.h"

enum argument { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_REQUIRED };

enum command_flags {
    BEFORE_LOGIN = 1 << 0,    /* allowed before a login as well */
    ONLY_BEFORE = 1 << 1,     /* its handler knows what to say after one */
    DURING_TRANSFER = 1 << 2, /* answered at once while a transfer runs; everything else waits */
    WRITES = 1 << 3,          /* refused to a read-only account */
    KEEPS_RESTART = 1 << 4,   /* REST, RANG and ALLO survive it */
    KEEPS_RENAME = 1 << 5,    /* RNFR survives it */
    SECRET = 1 << 6,          /* its argument is never logged */
    OF_TLS = 1 << 7,          /* there only if TLS is offered (tls.enabled) */
    REVEALS = 1 << 8,         /* tells of, or touches, what is stored: refused to a drop box */
    REVEALS_PATH = 1 << 9,    /* the same with an argument */
};

/* What is said where a drop box refuses. */
#define DROP_BOX "This is a drop box: new files can be uploaded, and nothing else."

struct command {
    const char *verb;
    enum argument argument;
    unsigned flags;
    void (*serve)(struct session *session, char *argument); /* NULL: known, but not offered (502) */
    const char *syntax;                                     /* of the argument, "" for none */
    const char *help;                                       /* a few words */
    const char *feature; /* FEAT line, NULL for none or one made at run time */
};

/* All of them, in alphabetical order; *RET_COUNT is how many. */
const struct command *command_table(size_t *ret_count);
/* NULL for an unknown verb; any case. */
const struct command *command_find(const char *verb);

/* False for what is known and not offered (502). */
bool command_is_offered(const struct session *session, const struct command *command);

/* One function a command; the argument is what came behind the verb and one space, terminated, ""
 * if nothing did. */
#define COMMAND_FUNCTION(name) void name(struct session *session, char *argument)

/* The answer to whatever comes too early; command.c */
void reply_not_logged_in(struct session *session);

/* command_login.c */
COMMAND_FUNCTION(command_user);
COMMAND_FUNCTION(command_pass);
COMMAND_FUNCTION(command_quit);
COMMAND_FUNCTION(command_host);
COMMAND_FUNCTION(command_rein);
/* command_tls.c */
COMMAND_FUNCTION(command_auth);
COMMAND_FUNCTION(command_pbsz);
COMMAND_FUNCTION(command_prot);
COMMAND_FUNCTION(command_ccc);
/* command_directory.c */
COMMAND_FUNCTION(command_cwd);
COMMAND_FUNCTION(command_cdup);
COMMAND_FUNCTION(command_pwd);
COMMAND_FUNCTION(command_mkd);
COMMAND_FUNCTION(command_rmd);
/* command_file.c */
COMMAND_FUNCTION(command_dele);
COMMAND_FUNCTION(command_rnfr);
COMMAND_FUNCTION(command_rnto);
COMMAND_FUNCTION(command_size);
COMMAND_FUNCTION(command_mdtm);
COMMAND_FUNCTION(command_mfmt);
COMMAND_FUNCTION(command_mff);
/* command_setting.c */
COMMAND_FUNCTION(command_type);
COMMAND_FUNCTION(command_stru);
COMMAND_FUNCTION(command_mode);
COMMAND_FUNCTION(command_allo);
COMMAND_FUNCTION(command_rest);
COMMAND_FUNCTION(command_rang);
COMMAND_FUNCTION(command_opts);
COMMAND_FUNCTION(command_lang);
COMMAND_FUNCTION(command_clnt);
/* command_data.c */
COMMAND_FUNCTION(command_pasv);
COMMAND_FUNCTION(command_epsv);
COMMAND_FUNCTION(command_port);
COMMAND_FUNCTION(command_eprt);
/* command_transfer.c */
COMMAND_FUNCTION(command_retr);
COMMAND_FUNCTION(command_stor);
COMMAND_FUNCTION(command_appe);
COMMAND_FUNCTION(command_stou);
COMMAND_FUNCTION(command_abor);
/* command_list.c */
COMMAND_FUNCTION(command_list);
COMMAND_FUNCTION(command_nlst);
COMMAND_FUNCTION(command_mlsd);
COMMAND_FUNCTION(command_mlst);
COMMAND_FUNCTION(command_stat);
/* command_info.c */
COMMAND_FUNCTION(command_syst);
COMMAND_FUNCTION(command_feat);
COMMAND_FUNCTION(command_help);
COMMAND_FUNCTION(command_noop);
COMMAND_FUNCTION(command_avbl);
COMMAND_FUNCTION(command_site_quota);
/* command_hash.c */
COMMAND_FUNCTION(command_hash);
COMMAND_FUNCTION(command_xcrc);
COMMAND_FUNCTION(command_xmd5);
COMMAND_FUNCTION(command_xsha1);
COMMAND_FUNCTION(command_xsha256);
COMMAND_FUNCTION(command_xsha512);
/* command_site.c */
COMMAND_FUNCTION(command_site);
/* True if ARGUMENT of SITE can be no secret. */
bool site_may_be_logged(const char *argument);
#ifdef CELLFTPD_PROBE
/* probe.c */
COMMAND_FUNCTION(command_probe);
#endif
