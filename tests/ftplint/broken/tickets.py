"""Fresh TLS tickets on a connection that stands (RFC 8446, section 4.6.1).

A client uses a ticket once, and one that uploads reads nothing on its data connection: without new tickets on the
control connection it could not resume any more. Python's ssl has no word for that, so OpenSSL is asked itself.
"""

import ctypes
import ctypes.util
import sys

WORD = ctypes.sizeof(ctypes.c_void_p)


def _library():
    """The libssl that Python uses; None if its connections cannot be found in Python's."""
    if sys.implementation.name != "cpython":
        return None
    try:
        library = ctypes.CDLL(ctypes.util.find_library("ssl") or "libssl.so.3")
        library.SSL_new_session_ticket.argtypes = [ctypes.c_void_p]
    except (OSError, AttributeError):
        return None
    return library


LIBRARY = _library()


def new_ticket(tls):
    """With the next bytes that go over the ssl.SSLObject TLS a new ticket goes. False if that cannot be."""
    inner = tls._sslobj  # pylint: disable=protected-access
    # struct PySSLSocket: the head of every object (two words), the socket, OpenSSL's object, the context.
    handle, context = (ctypes.c_void_p.from_address(id(inner) + at * WORD).value for at in (3, 4))
    if not LIBRARY or tls.version() != "TLSv1.3" or context != id(tls.context):
        return False
    return LIBRARY.SSL_new_session_ticket(handle) == 1
