/* The table of commands: see command.h. */
#include "lib/cleanup.h"
#include "session/command.h"

#include <string.h>

#define NONE     ARGUMENT_NONE
#define OPTIONAL ARGUMENT_OPTIONAL
#define REQUIRED ARGUMENT_REQUIRED
#define OPEN     BEFORE_LOGIN
#define MID      DURING_TRANSFER
#define REST_    KEEPS_RESTART

/* clang-format off */
static const struct command commands[] = {
    {"ABOR", NONE,     MID,                     command_abor,    "",                     "end the running transfer", NULL},
    {"ACCT", OPTIONAL, OPEN | SECRET,           NULL,            "account",              "accounts besides the user do not exist here", NULL},
    {"ADAT", OPTIONAL, OPEN | SECRET,           NULL,            "data",                 "security data (RFC 2228)", NULL},
    {"ALLO", REQUIRED, REST_,                   command_allo,    "bytes [R bytes]",      "announce the size of the next upload", NULL},
    {"APPE", REQUIRED, WRITES | REVEALS,        command_appe,    "path",                 "upload to the end of a file", NULL},
    {"AUTH", REQUIRED, OPEN | ONLY_BEFORE | OF_TLS, command_auth,  "TLS",                  "begin TLS (RFC 4217)", "AUTH TLS;TLS-C;SSL;TLS-P;"},
    {"AVBL", OPTIONAL, REVEALS_PATH,            command_avbl,    "[path]",               "bytes that can still be stored", "AVBL"},
    {"CCC",  NONE,     OPEN | OF_TLS,           command_ccc,     "",                     "end the protection of the control connection: refused", NULL},
    {"CDUP", NONE,     0,                       command_cdup,    "",                     "go to the directory above", NULL},
    {"CLNT", REQUIRED, OPEN | REST_,            command_clnt,    "name",                 "tell the name of the client program", "CLNT"},
    {"CONF", OPTIONAL, OPEN | SECRET,           NULL,            "data",                 "encrypted command (RFC 2228)", NULL},
    {"CWD",  REQUIRED, 0,                       command_cwd,     "path",                 "go to a directory", NULL},
    {"DELE", REQUIRED, WRITES | REVEALS,        command_dele,    "path",                 "delete a file", NULL},
    {"ENC",  OPTIONAL, OPEN | SECRET,           NULL,            "data",                 "encrypted command (RFC 2228)", NULL},
    {"EPRT", REQUIRED, REST_,                   command_eprt,    "|family|address|port|", "connect to this address for the next transfer", "EPRT"},
    {"EPSV", OPTIONAL, REST_,                   command_epsv,    "[1|2|ALL]",            "listen for the next transfer", "EPSV"},
    {"FEAT", NONE,     OPEN,                    command_feat,    "",                     "list the extensions", NULL},
    {"HASH", REQUIRED, REVEALS,                 command_hash,    "path",                 "checksum of a file, or of a range of it", NULL},
    {"HELP", OPTIONAL, OPEN,                    command_help,    "[verb]",               "list the commands, or explain one", NULL},
    {"HOST", REQUIRED, OPEN | ONLY_BEFORE,      command_host,    "name",                 "tell which host is wanted", "HOST"},
    {"LANG", OPTIONAL, OPEN,                    command_lang,    "[language]",           "choose the language of replies", "LANG EN*"},
    {"LIST", OPTIONAL, 0,                       command_list,    "[-aR] [path]",         "list a directory for people", NULL},
    {"MDTM", REQUIRED, REVEALS,                 command_mdtm,    "[time] path",          "tell, or set, when a file was changed", "MDTM"},
    {"MFF",  REQUIRED, WRITES | REVEALS,        command_mff,     "fact=value;... path",  "set facts of a file", "MFF Modify;UNIX.mode;"},
    {"MFMT", REQUIRED, WRITES | REVEALS,        command_mfmt,    "time path",            "set when a file was changed", "MFMT"},
    {"MIC",  OPTIONAL, OPEN | SECRET,           NULL,            "data",                 "signed command (RFC 2228)", NULL},
    {"MKD",  REQUIRED, WRITES,                  command_mkd,     "path",                 "make a directory", NULL},
    {"MLSD", OPTIONAL, 0,                       command_mlsd,    "[path]",               "list a directory for programs", NULL},
    {"MLST", OPTIONAL, REVEALS,                 command_mlst,    "[path]",               "facts of one file", NULL},
    {"MODE", REQUIRED, REST_,                   command_mode,    "S",                    "transfer mode: stream", NULL},
    {"NLST", OPTIONAL, 0,                       command_nlst,    "[path]",               "list the names in a directory", NULL},
    {"NOOP", OPTIONAL, OPEN | MID | REST_,      command_noop,    "",                     "do nothing, successfully", NULL},
    {"OPTS", REQUIRED, OPEN | REST_,            command_opts,    "verb [options]",       "set options of a command", NULL},
    {"PASS", OPTIONAL, OPEN | ONLY_BEFORE | SECRET, command_pass, "password",            "log in", NULL},
    {"PASV", NONE,     REST_,                   command_pasv,    "",                     "listen for the next transfer (IPv4)", "PASV"},
    {"PBSZ", REQUIRED, OPEN | OF_TLS | REST_,   command_pbsz,    "0",                    "protection buffer size (RFC 4217)", "PBSZ"},
    {"PORT", REQUIRED, REST_,                   command_port,    "h1,h2,h3,h4,p1,p2",    "connect to this address for the next transfer", NULL},
    {"PROT", REQUIRED, OPEN | OF_TLS | REST_,   command_prot,    "P|C",                  "protection of data connections (RFC 4217)", "PROT"},
    {"PWD",  NONE,     0,                       command_pwd,     "",                     "tell the present directory", NULL},
    {"QUIT", NONE,     OPEN,                    command_quit,    "",                     "say goodbye", NULL},
    {"RANG", REQUIRED, REST_ | REVEALS,         command_rang,    "first last",           "only these bytes of the next file", "RANG STREAM"},
    {"REIN", NONE,     OPEN | ONLY_BEFORE,      command_rein,    "",                     "begin anew, before a login", NULL},
    {"REST", REQUIRED, REST_ | REVEALS,         command_rest,    "offset",               "begin the next transfer at this byte", "REST STREAM"},
    {"RETR", REQUIRED, REVEALS,                 command_retr,    "path",                 "download a file", NULL},
    {"RMD",  REQUIRED, WRITES | REVEALS,        command_rmd,     "path",                 "remove an empty directory", NULL},
    {"RNFR", REQUIRED, WRITES | KEEPS_RENAME | REVEALS, command_rnfr,    "path",                 "rename this", NULL},
    {"RNTO", REQUIRED, WRITES | REVEALS,        command_rnto,    "path",                 "to this", NULL},
    {"SITE", OPTIONAL, OPEN,                    command_site,    "command",              "commands of this server; see SITE HELP", NULL},
    {"SIZE", REQUIRED, REST_ | REVEALS,         command_size,    "path",                 "size of a file", "SIZE"},
    {"SMNT", OPTIONAL, 0,                       NULL,            "path",                 "mount a structure", NULL},
    {"STAT", OPTIONAL, MID | REVEALS_PATH,      command_stat,    "[path]",               "state of the session or of the transfer, or a short listing", NULL},
    {"STOR", REQUIRED, WRITES,                  command_stor,    "path",                 "upload a file", NULL},
    {"STOU", OPTIONAL, WRITES,                  command_stou,    "[path]",               "upload a file under a new, unique name", NULL},
    {"STRU", REQUIRED, REST_,                   command_stru,    "F",                    "file structure: plain", NULL},
    {"SYST", NONE,     OPEN,                    command_syst,    "",                     "kind of system", NULL},
    {"TYPE", REQUIRED, REST_,                   command_type,    "A|A N|A T|I|L 8",      "text or binary", NULL},
    {"USER", REQUIRED, OPEN | ONLY_BEFORE,      command_user,    "name",                 "log in as", NULL},
    {"XCRC", REQUIRED, REVEALS,                 command_xcrc,    "path [first [last]]",  "CRC-32 of a file", "XCRC"},
    {"XCUP", NONE,     0,                       command_cdup,    "",                     "as CDUP", NULL},
    {"XCWD", REQUIRED, 0,                       command_cwd,     "path",                 "as CWD", NULL},
    {"XMD5", REQUIRED, REVEALS,                 command_xmd5,    "path [first [last]]",  "MD5 of a file", "XMD5"},
    {"XMKD", REQUIRED, WRITES,                  command_mkd,     "path",                 "as MKD", NULL},
#ifdef CELLFTPD_PROBE
    {"XPRB", REQUIRED, OPEN,                    command_probe,   "probe",                "try what must be impossible", NULL},
#endif
    {"XPWD", NONE,     0,                       command_pwd,     "",                     "as PWD", NULL},
    {"XRMD", REQUIRED, WRITES | REVEALS,        command_rmd,     "path",                 "as RMD", NULL},
    {"XSEM", OPTIONAL, OPEN,                    NULL,            "user",                 "send a message to a terminal", NULL},
    {"XSEN", OPTIONAL, OPEN,                    NULL,            "user",                 "send a message to a terminal", NULL},
    {"XSHA", REQUIRED, REVEALS,                 command_xsha1,   "path [first [last]]",  "SHA-1 of a file", "XSHA"},
    {"XSHA1", REQUIRED, REVEALS,                command_xsha1,   "path [first [last]]",  "SHA-1 of a file", "XSHA1"},
    {"XSHA256", REQUIRED, REVEALS,              command_xsha256, "path [first [last]]",  "SHA-256 of a file", "XSHA256"},
    {"XSHA512", REQUIRED, REVEALS,              command_xsha512, "path [first [last]]",  "SHA-512 of a file", "XSHA512"},
};
/* clang-format on */

const struct command *command_table(size_t *ret_count)
{
    *ret_count = ELEMENTS(commands);
    return commands;
}

bool command_is_offered(const struct session *session, const struct command *command)
{
    return command->serve && (session->config->tls_enabled || !(command->flags & OF_TLS));
}

const struct command *command_find(const char *verb)
{
    size_t low = 0, high = ELEMENTS(commands);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcasecmp(verb, commands[middle].verb);
        if (order == 0)
            return &commands[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
