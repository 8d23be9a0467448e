/*
 * The one symbol of the library: see lib/tls.h.
 */
#include "lib/tls.h"

#include "tls/client_certificate.h"
#include "tls/client_content.h"
#include "tls/identity.h"
#include "tls/internal.h"
#include "tls/settings.h"

__attribute__((visibility("default"))) const struct tls_library cellftpd_tls = {
    .open = tls_open,
    .close = tls_close,
    .bind = tls_bind,
    .stream_open = stream_open,
    .stream_close = stream_close,
    .handshake = stream_handshake,
    .events = stream_events,
    .read = stream_read,
    .pending = stream_pending,
    .write = stream_write,
    .send_file = stream_send_file,
    .flush = stream_flush,
    .finish = stream_finish,
    .fresh_ticket = stream_fresh_ticket,
    .describe = stream_describe,
    .covers = stream_covers,
    .failure = stream_failure,
    .check = settings_check,
    .identity_open = identity_open,
    .identity_close = identity_close,
    .identity_chain = identity_chain,
    .identity_expires = identity_expires,
    .sign = identity_sign,
    .client_verify = client_verify,
    .client_check = client_content_check,
};
