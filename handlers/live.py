"""What is told over WebSockets: a channel beside each module's rules, and its paths here."""

from sunshine.live import Channel
from sunshine.web.sockets import SocketRoute

CHANNELS: dict[str, Channel] = {}

routes = [SocketRoute(path, channel) for path, channel in CHANNELS.items()]
