/*
 * The verifier: the third process of a connection whose client may show a certificate. Private to
 * src/monitor.
 *
 * It is in a cell like a session's, and reads what a stranger has sent, certificates, which the
 * monitor must not; and it believes the session nothing (lib/client_certificate.h). It is forked
 * with the session, before the private key is in the monitor's memory, is asked one thing at most,
 * and is killed when it has answered, when its time is up, or when the session ends.
 */
#pragma once

#include "monitor/monitor.h"

/* One for the session that is about to begin, if tls.client_certificates wants it; before the
 * session's own fork. Without one, because it could not be started, every certificate is refused.
 */
void verifier_start(struct monitor *monitor);
/* What the session's CertificateRequest must carry; NULL: the client is asked for no certificate.
 */
const uint8_t *verifier_challenge(const struct monitor *monitor);
/* TEXT was signed for the session, which was asked to be one of lib/tls.h. */
void verifier_note_signature(struct monitor *monitor, const uint8_t *text, size_t size);
/* The session says what the client has shown. */
int certificate_handle(struct monitor *monitor, struct message *message, struct message *answer);
/* What the client has shown, if it is good; else NULL. */
const struct client_certificate *good_certificate(const struct monitor *monitor);
/* NULL if ACCOUNT is let in, PASSWORD_FITS or not; else why not, as client_judge() says it, and
 * more in monitor->login_detail. */
const char *certificate_judge(struct monitor *monitor, const struct account *account,
                              bool password_fits);
/* Whether the account USER is let in without a password. */
bool certificate_is_enough(const struct monitor *monitor, const char *user);
/* Kills it, and forgets what was shown. */
void verifier_end(struct monitor *monitor);
