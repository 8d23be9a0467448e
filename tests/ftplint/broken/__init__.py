"""An FTP server with switchable faults, to prove that ftplint finds them. See ../broken_server.py."""
