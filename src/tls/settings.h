/*
 * What the configuration says about TLS, put into a context of OpenSSL. Private to src/tls.
 */
#pragma once

#include "lib/tls.h"

#include <openssl/ssl.h>

/* 0, or -EINVAL if an option cannot be used: RET_WORDS names it. */
int settings_apply(const struct config *config, SSL_CTX *context, char ret_words[TLS_WORDS_MAX]);
