"""What WebSockets send, and who is connected.

hub.py       channels: what each client may see, resuming without a gap
presence.py  the connections of this process
"""
