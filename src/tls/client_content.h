/*
 * What is in tls.client_ca and tls.client_crl, judged as the verifier would: for "cellftpd --check"
 * (lib/tls.h) and "cellftpctl tls check". It reads the administrator's files only, never what a
 * client has sent, and opens nothing.
 */
#pragma once

#include "lib/tls.h"

/* Calls FOUND for each authority and for each mistake. Of QUESTION, only the files count. */
void client_content_check(const struct config *config, const struct client_question *question,
                          tls_finding found, void *context);
