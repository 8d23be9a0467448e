/*
 * Whether clients' certificates can work as they are configured, before the first client fails:
 * "cellftpd --check" and "cellftpctl tls check" ask. It changes nothing, and judges no client.
 */
#pragma once

#include "lib/client_certificate.h"
#include "lib/config.h"
#include "lib/tls.h"

/* Looks at tls.client_ca, tls.client_crl and the accounts, and calls FOUND for each thing that it
 * has looked at. CONTENT is client_check of the TLS library; it is not called if
 * tls.client_certificates is "off". */
void client_check(const struct config *config, client_content_checker content, tls_finding found,
                  void *context);
