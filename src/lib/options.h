/*
 * Every option of cellftpd.conf, once: struct, parser, defaults, ranges, dump, and the check of the
 * manual are made from this list. Everyone may use it.
 *
 *   X(TYPE, group, key, default, minimum, maximum, meaning)
 *
 * TYPE      in the file                          in struct config
 * BOOLEAN   true / false                         bool group_key
 * NUMBER    12                                   uint64_t
 * SIZE      "10 GiB"                             uint64_t, bytes
 * DURATION  "60 s"                               uint64_t, milliseconds
 * MODE      "0640"                               uint64_t, permission bits
 * PORTS     "50000-50999"                        struct port_range
 * CHOICE    "utc", one of those in "minimum"     uint64_t, its index      (minimum: "utc|local")
 * STRING    "text"                               char *                   (minimum, maximum:
 * length)
 * PATH      "/absolute/path"                     char *
 * LIST      [ "a", "b" ]                         char **, ends with NULL  (default: entries with
 * spaces between them; maximum: entries)
 * LIMIT     "10 GiB" or "none"                   uint64_t, bytes, NO_LIMIT for "none"
 * COUNT     12 or "none"                         uint64_t, NO_LIMIT for "none"
 */
#pragma once

/* What a LIMIT or COUNT is that says "none": larger than any number, so that nothing has to look
 * for it (row Q01). */
#define NO_LIMIT UINT64_MAX

/* clang-format off */
#define OPTIONS(X)                                                                                                     \
    X(STRING,   server, banner,            "FTP server ready.", 1, 200,      "first line that a client reads; never a version") \
    X(PATH,     directories, users,        "/var/lib/cellftpd/users", 0, 0,  "the local accounts, one file each")      \
    X(PATH,     directories, homes,        "/srv/ftp", 0, 0,                 "where new users' folders are made")      \
    X(PATH,     directories, state,                "/var/lib/cellftpd/state", 0, 0, "what is stored, and bans: kept over a restart")\
    X(PATH,     directories, run,          "/run/cellftpd", 0, 0,            "locks, live sessions, the empty network namespace") \
    X(PATH,     directories, logs,         "/var/log/cellftpd", 0, 0,        "the log files")                          \
    X(STRING,   cell, user,                "cellftpd-cell", 1, 32,           "system user that a session is before login") \
    X(NUMBER,   accounts, uid_min,         "1900000000", 1000, 4294967294,   "first uid of local accounts; far from those of containers") \
    X(NUMBER,   accounts, uid_max,         "1900099999", 1000, 4294967294,   "last uid of local accounts")             \
    X(NUMBER,   accounts, hash_cost,       "5", 1, 11,                       "yescrypt cost of new password hashes, as in crypt(5)") \
    X(PATH,     accounts, skeleton,             "/etc/cellftpd/skeleton", 0, 0, "what a new user's folder begins with, if it is there")\
    X(NUMBER,   accounts, password_min,         "10",      1, 128, "shortest password that SITE REGISTER and SITE PSWD take")\
    X(BOOLEAN,  accounts, password_change,      "true",    0, 0, "users of local accounts may change their password: SITE PSWD")\
    X(CHOICE,   quota, backend,              "ledger",   "ledger|project", 0, "who counts: the server, or project quotas of the file system")\
    X(LIMIT,    quota, bytes,                "none",    0, 1152921504606846976, "bytes that a user may store whose account has no quota of its own")\
    X(COUNT,    quota, files,                "none",    0, 1000000000, "the same for files and directories")           \
    X(DURATION, quota, count_time,           "20 s",    1000, 3600000, "longest time that a login waits while its files are counted")\
    X(BOOLEAN,  registration, open,                 "false",   0, 0, "strangers may make an account: SITE REGISTER")   \
    X(STRING,   registration, invitation,           "",        0, 200, "what they must know to do so; empty: nothing") \
    X(NUMBER,   registration, per_address,          "3",       1, 1000000, "accounts that may be made from one address within the window")\
    X(DURATION, registration, window,               "1 d",     10000, 31536000000, "how long a registration is remembered")\
    X(NUMBER,   registration, accounts_max,         "10000",   1, 1000000, "with so many accounts, nobody registers any more")\
    X(LIST,     registration, reserved,             "admin administrator anonymous ftp guest hostmaster info postmaster root support webmaster www", 0, 256, "names that nobody can register")\
    X(BOOLEAN,  anonymous, enabled,              "false",   0, 0, "the names below log in with any password, to read") \
    X(STRING,   anonymous, account,              "anonymous", 1, 32, "the local account whose folder they see")        \
    X(LIST,     anonymous, names,                "anonymous ftp", 0, 16, "who is anonymous")                           \
    X(LIST,     auth, order,               "local pam", 0, 2,                "where accounts are looked for, the first that knows the name decides") \
    X(STRING,   pam, service,              "cellftpd", 1, 64,                "name of the file in /etc/pam.d")          \
    X(NUMBER,   pam, uid_min,              "1000", 1, 4294967294,            "system users below it cannot log in")     \
    X(NUMBER,   login, attempts,           "3", 1, 20,                       "passwords that one connection may try")  \
    X(DURATION, login, deadline,           "60 s", 1000, 3600000,            "from connect to a granted login, whatever the client does") \
    X(DURATION, login, delay,              "1 s", 0, 30000,                  "pause before a refused password is answered") \
    X(DURATION, login, delay_max,          "8 s", 0, 30000,                  "the pause doubles with each failure, up to this") \
    X(DURATION, login, window,             "10 min", 10000, 86400000,        "how long a failure is remembered")        \
    X(NUMBER,   login, failures_per_address, "20", 1, 1000000,               "failures within the window until an address is refused") \
    X(NUMBER,   login, failures_per_name,  "100", 1, 1000000,                "the same for a name: then only from addresses without a failure") \
    X(DURATION, login, ban,                "10 min", 1000, 604800000,        "how long an address is refused then")     \
    X(NUMBER,   login, bad_commands,       "10", 1, 1000,                    "unknown commands before login until the connection is closed") \
    X(DURATION, session, idle,             "5 min", 1000, 86400000,          "without a command or a transfer, until the session ends") \
    X(DURATION, session, idle_max,         "1 h", 1000, 86400000,            "longest idle time that SITE IDLE may ask for") \
    X(DURATION, transfer, stall,           "2 min", 1000, 86400000,          "without a byte moving, until a transfer is given up") \
    X(DURATION, transfer, connect,         "30 s", 1000, 600000,             "for the data connection to come about") \
    X(DURATION, transfer, hash,            "2 min", 1000, 86400000,          "longest time that one HASH may take")    \
    X(NUMBER,   limits, connections,       "1000", 1, 4096,                  "connections at a time")                  \
    X(NUMBER,   limits, per_address,       "20", 1, 4096,                    "connections at a time from one address") \
    X(NUMBER,   limits, waiting,           "200", 1, 4096,                   "connections that have not logged in")    \
    X(NUMBER,   limits, waiting_per_address, "10", 1, 4096,                  "the same from one address")              \
    X(COUNT,    limits, per_user,             "none",    1, 4096, "sessions at a time of one user")                    \
    X(LIMIT,    rates, upload,               "none",    1024, 1152921504606846976, "bytes a second of all uploads of a user together")\
    X(LIMIT,    rates, download,             "none",    1024, 1152921504606846976, "the same for downloads and listings")\
    X(LIMIT,    rates, session_upload,       "none",    1024, 1152921504606846976, "bytes a second of the uploads of one session")\
    X(LIMIT,    rates, session_download,     "none",    1024, 1152921504606846976, "the same for downloads and listings")\
    X(PORTS,    passive, ports,            "50000-50999", 1024, 65535,       "ports of passive data connections")      \
    X(STRING,   passive, address,          "auto", 1, 64,                    "IPv4 address to announce in PASV: \"auto\" or an address") \
    X(LIST,     passive, networks,         "", 0, 64,                        "exceptions for some clients: \"NETWORK=ADDRESS\"") \
    X(BOOLEAN,  active, enabled,           "true", 0, 0,                     "PORT and EPRT are served")               \
    X(BOOLEAN,  active, port_20,           "false", 0, 0,                    "active data connections come from port 20") \
    X(BOOLEAN,  tls, enabled,              "true", 0, 0,                     "AUTH TLS is offered")                    \
    X(CHOICE,   tls, required,             "public", "never|public|always", 0, "from whom a login in clear is refused") \
    X(BOOLEAN,  tls, protect_data,         "true", 0, 0,                     "under TLS, data connections must be under TLS too") \
    X(CHOICE,   tls, data_binding,         "auto", "off|auto|require", 0,    "data connections must resume the session of their control connection") \
    X(PATH,     tls, certificate,          "/etc/cellftpd/tls/certificate.pem", 0, 0, "the server's certificate and the chain behind it") \
    X(PATH,     tls, key,                  "/etc/cellftpd/tls/key.pem", 0, 0, "its private key")                       \
    X(PATH,     tls, hosts,                "/etc/cellftpd/tls/hosts", 0, 0,  "certificates of other hosts, NAME/fullchain.pem and NAME/privkey.pem") \
    X(NUMBER,   tls, expiry_warning,       "14", 0, 365,                     "days before its end from which the log warns of a certificate") \
    X(CHOICE,   tls, minimum,              "1.2", "1.2|1.3", 0,              "oldest version of TLS that is spoken")   \
    X(STRING,   tls, ciphers,              "ECDHE+AESGCM:ECDHE+CHACHA20", 1, 1000, "ciphers of TLS 1.2, as in ciphers(1)") \
    X(STRING,   tls, ciphersuites,         "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256", 1, 1000, "ciphers of TLS 1.3") \
    X(STRING,   tls, groups,               "X25519:P-256:P-384", 1, 200,     "groups for the exchange of keys")        \
    X(DURATION, tls, handshake,            "30 s", 1000, 600000,             "longest time that a handshake may take") \
    X(BOOLEAN,  tls, kernel,               "true", 0, 0,                     "the kernel encrypts data connections where it can") \
    X(CHOICE,   tls, client_certificates,  "off", "off|optional|required", 0, "clients are asked for a certificate; TLS 1.3 only") \
    X(PATH,     tls, client_ca,            "/etc/cellftpd/tls/client-ca.pem", 0, 0, "who may have issued a client's certificate") \
    X(PATH,     tls, client_crl,           "/etc/cellftpd/tls/client-crl.pem", 0, 0, "what they have revoked; looked at if the file is there") \
    X(CHOICE,   tls, client_login,         "factor", "factor|instead", 0,    "what a client's own certificate is: besides the password, or instead of it") \
    X(MODE,     files, mode,               "0640", 0, 0666,                  "permissions of a new file")              \
    X(MODE,     files, directory_mode,     "0750", 0700, 0777,               "permissions of a new directory")         \
    X(BOOLEAN,  files, keep_partial,       "true", 0, 0,                     "an upload that broke off stays, under a name that was free") \
    X(BOOLEAN,  files, sync,               "false", 0, 0,                    "an upload is on the disk before it is confirmed") \
    X(CHOICE,   files, list_time,          "utc", "utc|local", 0,            "time zone of LIST; MLSD is always UTC")   \
    X(LIST,     files, deny_names,         "", 0, 64,                        "names that do not exist for any user, as patterns") \
    X(LIST,     files, allow_names,          "",        0, 64, "if any: what a new name must be like, as patterns")    \
    X(STRING,   hooks, upload,               "",        0, 4095, "program to run after an upload, an absolute path; empty: none")\
    X(STRING,   hooks, login,                "",        0, 4095, "the same after a login")                             \
    X(STRING,   hooks, registration,         "",        0, 4095, "the same after an account was made")                 \
    X(STRING,   hooks, user,                 "nobody",  1, 32, "system user that these programs run as")               \
    X(DURATION, hooks, timeout,              "60 s",    1000, 86400000, "longest time that one may take")              \
    X(BOOLEAN,  logs, journal,             "true", 0, 0,                     "events go to the journal")                \
    X(BOOLEAN,  logs, files,               "true", 0, 0,                     "events go to NAME.log")                   \
    X(BOOLEAN,  logs, json,                "false", 0, 0,                    "events go to NAME.jsonl, an object a line") \
    X(BOOLEAN,  logs, xferlog,             "true", 0, 0,                     "transfers go to xferlog, in the format of wu-ftpd") \
    X(BOOLEAN,  logs, commands,            "false", 0, 0,                    "every command and its reply go to commands.log") \
    X(SIZE,     logs, reserve,             "64 MiB", 0, 1099511627776,       "with less free on the disk of the logs, only what matters is written to files")
/* clang-format on */
