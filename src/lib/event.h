/*
 * Every kind of event that is logged, and every field that one can have, once: the log lines, the
 * journal's records, the manual's lists and what a session is allowed to report are made from these
 * tables. Monitor, session and cellftpctl use it; lib/event_format.h writes events down.
 *
 *   X(NAME, file, word, priority, from, id)
 *
 * file      connections, auth, files, admin or commands: NAME.log, the second word of the line
 * word      the third word of the line
 * priority  as in syslog(3)
 * from      who may report it: MONITOR (or cellftpctl), SESSION, or SESSION with NOISE: a session
 * that reports many of these is cut short and the rest counted
 * id        MESSAGE_ID of the journal (sd-id128), random, and never changed once released
 *
 */
#pragma once

#include "lib/address.h"
#include "lib/message.h"

#include <stdint.h>
#include <sys/types.h>
#include <syslog.h>

/* clang-format off */
#define EVENTS(X)                                                                                                         \
    X(CONNECT,           connections, "connect",          LOG_INFO,    MONITOR,       "85b84403d7914d77b5252830e8d3a99b") \
    X(DISCONNECT,        connections, "disconnect",       LOG_INFO,    MONITOR,       "0cafe60853444d62895c1efebbafd5ab") \
    X(REFUSE_CONNECTION, connections, "refused",          LOG_NOTICE,  MONITOR,       "0512d32b84224a63baf41b462c90c1cc") \
    X(CELL_FAILED,       connections, "cell-failed",      LOG_ERR,     MONITOR,       "cceb465e3225442e9eec8514d40ad299") \
    X(SERVER_FAILED,     connections, "server-failed",    LOG_ERR,     MONITOR,       "3f97618f142948d98998afaceb6719a2") \
    X(ATTACK,            connections, "attack",           LOG_WARNING, MONITOR,       "413d58f6164348a2ab704641f3f86bd4") \
    X(CALL_REFUSED,      connections, "call-refused",     LOG_WARNING, MONITOR,       "c23d3ae57a674963a725da225977c3ee") \
    X(THROTTLED,         connections, "log-throttled",    LOG_NOTICE,  MONITOR,       "44c08812604d4bdfb3388d532d97edc2") \
    X(LOG_INCOMPLETE,    connections, "log-incomplete",   LOG_WARNING, MONITOR,       "4fe50868b32f4866a4bbbecf5023d7c2") \
    X(LOG_COMPLETE,      connections, "log-complete",     LOG_NOTICE,  MONITOR,       "53b37d0be94b49c4b7566e723c8a24a5") \
    X(CONFIG_REJECTED,   connections, "config-rejected",  LOG_ERR,     MONITOR,       "7f6639dfdac8469e9f1800a1a75575d9") \
    X(PROTOCOL_ABUSE,    connections, "protocol-abuse",   LOG_NOTICE,  SESSION_NOISE, "32c0c9a2e67f4615829e213b47614fbf") \
    X(DATA_REFUSED,      connections, "data-refused",     LOG_NOTICE,  SESSION_NOISE, "f56a68a3b9da43a5869d5af6737267a3") \
    X(TLS,               connections, "tls",              LOG_INFO,    SESSION,       "03125c922c504ef893cff83f0798c423") \
    X(TLS_FAILED,        connections, "tls-failed",       LOG_NOTICE,  SESSION_NOISE, "c36cae00abf543898af38ecc167f207d") \
    X(DATA_UNBOUND,      connections, "data-unbound",     LOG_WARNING, SESSION,       "2c6254b8c47a44e192e217f758e8c3e2") \
    X(CERTIFICATE,       connections, "certificate",      LOG_WARNING, MONITOR,       "e1ff4fcdd16e44e5bdab65dd0767c220") \
    X(CLIENT_CERTIFICATE, connections, "client-certificate", LOG_INFO,  MONITOR,       "c26d9ed0e94848c0a4d1065561dffe4a") \
    X(CLIENT_REFUSED,    connections, "client-certificate-refused", LOG_NOTICE, MONITOR, "83b7d71982a74ff9ae6e893360e6be79") \
    X(SESSION_END,       connections, "session-end",      LOG_INFO,    SESSION,       "ac9d9c56cfcc4e0b9e9c3061ecd17e21") \
    X(LOGIN,             auth,        "accepted",         LOG_INFO,    MONITOR,       "4079276150af47f3ac6dbfa2a90abb91") \
    X(LOGIN_REFUSED,     auth,        "refused",          LOG_NOTICE,  MONITOR,       "51a9599b44294b71864d77ba5e004180") \
    X(BAN,               auth,        "banned",           LOG_WARNING, MONITOR,       "0c31d5c91a4843b59dd4a2fa3587c5e4") \
    X(PAM_MESSAGE,       auth,        "pam-message",      LOG_INFO,    MONITOR,       "7d662168738f4945908e9998dbf48f59") \
    X(UPLOAD,            files,       "upload",           LOG_INFO,    SESSION,       "f8ee1776915943e28e4d27beea73c3c5") \
    X(UPLOAD_FAILED,     files,       "upload-failed",    LOG_NOTICE,  SESSION,       "6a721c93a44e4e82b2551690ce211e56") \
    X(DOWNLOAD,          files,       "download",         LOG_INFO,    SESSION,       "802f70aa3b89459c8080638cb1bdf4ab") \
    X(DOWNLOAD_FAILED,   files,       "download-failed",  LOG_NOTICE,  SESSION,       "93c9d81d0fea48e59db248f164b1838c") \
    X(LIST,              files,       "list",             LOG_INFO,    SESSION,       "664596c643e94509950e45ab808a93f6") \
    X(DELETE,            files,       "delete",           LOG_INFO,    SESSION,       "86da4d4118834041ad05da7f66decef6") \
    X(RENAME,            files,       "rename",           LOG_INFO,    SESSION,       "26331ec17bf14ffb8a2ac7eee479d312") \
    X(MKDIR,             files,       "mkdir",            LOG_INFO,    SESSION,       "80463a7c25a7418c90445428012f56a2") \
    X(RMDIR,             files,       "rmdir",            LOG_INFO,    SESSION,       "f4f9dc11dca1408b95bfbf9d983b00a4") \
    X(CHMOD,             files,       "chmod",            LOG_INFO,    SESSION,       "4875f3b6214f49dcb858fb417c944424") \
    X(SET_TIME,          files,       "set-time",         LOG_INFO,    SESSION,       "d28fa286d702497e988ab0cafc1b957b") \
    X(HASH,              files,       "hash",             LOG_INFO,    SESSION,       "65ae0e58522445dba8949faacabc06d8") \
    X(FILE_REFUSED,      files,       "refused",          LOG_NOTICE,  SESSION_NOISE, "46bee55c575244fca9c315f33f6b98f0") \
    X(SWEEP,             files,       "sweep",            LOG_INFO,    SESSION,       "b5c2cdfb80f54d37b34033e6dc4cd23e") \
    X(COMMAND,           commands,    "command",          LOG_DEBUG,   SESSION,       "b97f7809d2a34a98b4ce25f023ff1994") \
    X(USER_ADD,          admin,       "user-add",         LOG_NOTICE,  MONITOR,       "f78ac0e95c564dedbbec6699bb942f60") \
    X(USER_DELETE,       admin,       "user-delete",      LOG_NOTICE,  MONITOR,       "785f5a717a59439995ac68832412d2a1") \
    X(USER_PASSWORD,     admin,       "user-password",    LOG_NOTICE,  MONITOR,       "94491a63f35c451187d15a56db4829e0") \
    X(USER_MODIFY,       admin,       "user-modify",      LOG_NOTICE,  MONITOR,       "a753e5d22fda40cc940050c93eda8fb7") \
    X(USER_LOCK,         admin,       "user-lock",        LOG_NOTICE,  MONITOR,       "b0fa235a2788438385dc8720ab3cdcc6") \
    X(USER_UNLOCK,       admin,       "user-unlock",      LOG_NOTICE,  MONITOR,       "9879ab33ab5f462eabb9b64306a6d2c0") \
    X(USER_EXPIRE,       admin,       "user-expire",      LOG_NOTICE,  MONITOR,       "cc6f19bd186d4ef9811f9cf4b9fd278c") \
    X(KICK,              admin,       "kick",             LOG_NOTICE,  MONITOR,       "8395d058f49f4208a73c3dc788400d2a") \
    X(DRAIN,             admin,       "drain",            LOG_NOTICE,  MONITOR,       "c981db699a024b93b52eccb9e50473c1") \
    X(RESUME,            admin,       "resume",           LOG_NOTICE,  MONITOR,       "ff766864f9ce46e5bb697ea88ecf9003") \
    X(FORGIVE,           admin,       "forgive",          LOG_NOTICE,  MONITOR,       "77cf0191933b48afad54a980fa80cbc9") \
    X(CERTIFICATE_MADE,  admin,       "certificate-made", LOG_NOTICE,  MONITOR,       "5c4188aa8e6696c8562d168a02c5ab4e") \
    X(QUOTA_COUNTED,     connections, "quota-counted",    LOG_INFO,    MONITOR,       "43a340ab18d3611c2ec3d79b7ef63ec2") \
    X(QUOTA_DAMAGED,     connections, "quota-damaged",    LOG_WARNING, MONITOR,       "9d26946a168807997e7b1a2245f987b6") \
    X(SHARE_FAILED,      connections, "share-failed",     LOG_ERR,     MONITOR,       "270669d87de8924b8442c1db9c464d1c") \
    X(HOOK_FAILED,       connections, "hook-failed",      LOG_WARNING, MONITOR,       "a9fb474c24ace61d1216a5e726d8a321") \
    X(REGISTER,          auth,        "registered",       LOG_NOTICE,  MONITOR,       "1fecbf542a8977603236be031078517c") \
    X(REGISTER_REFUSED,  auth,        "register-refused", LOG_NOTICE,  MONITOR,       "d6f66f57bb588f0db8b90711a3999387") \
    X(PASSWORD_CHANGED,  auth,        "password-changed", LOG_NOTICE,  MONITOR,       "2d98d77f2b6ce2714e32c56675943ec7") \
    X(PASSWORD_REFUSED,  auth,        "password-refused", LOG_NOTICE,  MONITOR,       "49140dd32afe18065780dbc9417a6e52") \
    X(ADMIN_REFUSED,     admin,       "refused",          LOG_NOTICE,  MONITOR,       "74595d463d9c37fa534c938583e93d9c") \
    X(ADMIN_LOOK,        admin,       "looked",           LOG_INFO,    MONITOR,       "4200fa7687f3fa6857209e2314aba739") \
    X(QUOTA_SET,         admin,       "quota-set",        LOG_NOTICE,  MONITOR,       "6a1319d077fa88adbaf603e8390b8fdf") \
    X(QUOTA_RECOUNT,     admin,       "quota-recount",    LOG_NOTICE,  MONITOR,       "d897535939c61a883afea5456d23f7da") \
    X(BAN_ADD,           admin,       "ban-add",          LOG_NOTICE,  MONITOR,       "f58c5e9732cd4bf4fded774382c9cfd0") \
    X(BAN_DELETE,        admin,       "ban-delete",       LOG_NOTICE,  MONITOR,       "e870ccd136ad797ae4743cad70b32eee") \
    X(USER_IMPORT,       admin,       "user-import",      LOG_NOTICE,  MONITOR,       "3f355be6b31f68344e00c4e685d95df5") \
    X(BACKUP,            admin,       "backup",           LOG_NOTICE,  MONITOR,       "f621183a28d391089b8461c32953b612") \
    X(RESTORE,           admin,       "restore",          LOG_NOTICE,  MONITOR,       "3a7881941991310dfebec805a95776df") \
    X(QUOTA_UNENFORCED,  connections, "quota-unenforced", LOG_ERR,     MONITOR,       "20ab47632d48414abfaa1f21dbfbcf52")
/* clang-format on */

#define EVENT_ENUM(name, file, word, priority, from, id) EVENT_##name,
enum event_id { EVENTS(EVENT_ENUM) EVENT_COUNT };
#undef EVENT_ENUM

enum event_file {
    EVENT_FILE_connections,
    EVENT_FILE_auth,
    EVENT_FILE_files,
    EVENT_FILE_admin,
    EVENT_FILE_commands,
    EVENT_FILE_COUNT
};
enum event_from { EVENT_FROM_MONITOR, EVENT_FROM_SESSION, EVENT_FROM_SESSION_NOISE };

struct event_kind {
    const char *word;
    enum event_file file;
    int priority;
    enum event_from from;
    const char *id; /* 32 hexadecimal digits */
};
const struct event_kind *event_kind(enum event_id id);
const char *event_file_name(enum event_file file); /* "connections" */

/*
 * The fields of an event in the order of a line. A new field is one row here.
 *
 *   ORIGIN_TEXT(line, journal, plain, from)      who and where: the monitor adds it
 *   ORIGIN_NUMBER(line, journal, from)
 *   TEXT(member, line, journal, plain, maximum)  what happened: member of struct event
 *   NUMBER(member, line, journal)
 *
 * line     its name in a line and in JSON
 * journal  its name in the journal
 * plain    a value of nothing but these characters stands in a line without quotes; NULL: never
 * from     an expression of "origin" and "address", the text of its remote address or NULL
 * maximum  longest text that travels from session to monitor; what is longer is cut
 *
 * The address stands before anything that a client chose, so that no name can pass for one. New
 * fields come behind the detail: programs such as fail2ban know what stands before the reason.
 */
#define EVENT_LOWER  "abcdefghijklmnopqrstuvwxyz"
#define EVENT_UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define EVENT_DIGITS "0123456789"
/* clang-format off */
#define EVENT_FIELDS(ORIGIN_TEXT, ORIGIN_NUMBER, TEXT, NUMBER)                                                         \
    ORIGIN_TEXT("remote", "FTP_CLIENT", EVENT_LOWER EVENT_UPPER EVENT_DIGITS ".:%-_@", address)                        \
    ORIGIN_NUMBER("port", "FTP_CLIENT_PORT", origin->remote ? origin->remote->port : EVENT_UNSET)                      \
    ORIGIN_TEXT("user", "FTP_USER", NULL, origin->user)                                                                \
    TEXT(command,  "command", "FTP_COMMAND", EVENT_UPPER EVENT_DIGITS, 64)     /* the verb, upper case */              \
    TEXT(path,     "path",    "FTP_PATH",    NULL, 8192)                       /* as the user sees it */               \
    TEXT(path_to,  "to",      "FTP_PATH_TO", NULL, 8192)                       /* of a rename */                       \
    TEXT(type,     "type",    "FTP_TYPE",    EVENT_UPPER, 8)                   /* A or I, of a transfer */             \
    NUMBER(bytes,  "bytes",   "FTP_BYTES")                                                                             \
    NUMBER(offset, "offset",  "FTP_OFFSET")                                                                            \
    NUMBER(duration, "usec",  "FTP_USEC")                                      /* microseconds */                      \
    NUMBER(reply,  "reply",   "FTP_REPLY")                                     /* code of the final reply */           \
    TEXT(reason,   "reason",  "FTP_REASON",  EVENT_LOWER EVENT_DIGITS "-", 512) /* a word, or a sentence of ours */    \
    TEXT(detail,   "detail",  "FTP_DETAIL",  NULL, 2048)                       /* may contain what the client sent */  \
    TEXT(protocol, "protocol", "FTP_TLS",        EVENT_LOWER EVENT_UPPER EVENT_DIGITS ".", 16) /* "TLSv1.3", or "none" */ \
    TEXT(cipher,   "cipher",  "FTP_TLS_CIPHER",  EVENT_UPPER EVENT_DIGITS "_-", 64)                                    \
    TEXT(resumed,  "resumed", "FTP_TLS_RESUMED", EVENT_LOWER, 4)               /* yes or no */                         \
    ORIGIN_TEXT("actor", "FTP_ADMIN", NULL, origin->actor)                                                             \
    ORIGIN_TEXT("session", "FTP_SESSION", EVENT_LOWER EVENT_DIGITS, origin->session)
/* clang-format on */
#define EVENT_SKIP(...)

/* What happened. Unset strings are NULL and left out; so are numbers equal to EVENT_UNSET. */
#define EVENT_UNSET                                   UINT64_MAX
#define EVENT_TEXT(member, line, journal, plain, max) const char *member;
#define EVENT_NUMBER(member, line, journal)           uint64_t member;
struct event {
    enum event_id id;
    EVENT_FIELDS(EVENT_SKIP, EVENT_SKIP, EVENT_TEXT, EVENT_NUMBER)
};
#undef EVENT_TEXT
#undef EVENT_NUMBER

#define EVENT_NUMBER_UNSET(member, line, journal) .member = EVENT_UNSET,
#define EVENT_INIT(which)                                                                          \
    {                                                                                              \
        .id = (which), EVENT_FIELDS(EVENT_SKIP, EVENT_SKIP, EVENT_SKIP, EVENT_NUMBER_UNSET)        \
    }

/* Who and where: filled in by the monitor, never by the session. */
struct event_origin {
    const struct address *remote; /* NULL for cellftpctl */
    const char *user;             /* NULL before a name was given */
    const char *session;          /* 16 hexadecimal digits, NULL for cellftpctl */
    const char *actor;            /* who ran cellftpctl, NULL otherwise */
};

/* Event in and out of a message. event_get returns -EBADMSG for a malformed one; the strings point
 * into MESSAGE. */
void event_put(struct message *message, const struct event *event);
int event_get(struct message *message, struct event *ret);
