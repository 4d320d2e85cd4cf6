"""Below the requests: Tornado's server with our own limits.

http_server.py  timeouts of connections; behavior without free file descriptors
connections.py  open connections per address
counted.py      the server that counts them
shutdown.py     graceful shutdown of connections
"""
