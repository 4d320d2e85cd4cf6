"""What is told over WebSockets, and who is connected.

hub.py       channels: what each client may see, resuming without a gap
presence.py  everybody connected to this process
"""
