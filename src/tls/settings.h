/*
 * What the configuration says about TLS, put into a context of OpenSSL. Private to src/tls; and
 * "cellftpctl tls check" asks it what the server would say.
 */
#pragma once

#include "lib/tls.h"

#include <openssl/ssl.h>

/* 0, or -EINVAL if an option cannot be used: RET_WORDS names it. */
int settings_apply(const struct config *config, SSL_CTX *context, char ret_words[TLS_WORDS_MAX]);

/* The same on a context that is thrown away. */
int settings_check(const struct config *config, char ret_words[TLS_WORDS_MAX]);
