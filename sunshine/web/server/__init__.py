"""Below the requests: Tornado's server with bounds of our own.

http_server.py  what a connection may wait for; what happens without descriptors
connections.py  how many each address holds open
counted.py      the server that counts them
shutdown.py     how a server parts from its clients
"""
