/*
 * The start of OpenSSL in a process: without its configuration file, which could load code from
 * anywhere, without handlers at exit, and with memory that is cleared when it is freed. Private to
 * src/tls; every entry of the library calls it first.
 */
#pragma once

/* 0, or -ENOMEM. Any number of times. */
int library_start(void);
