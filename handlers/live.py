"""WebSockets: a path for each channel of the modules."""

from sunshine.modules.registry import CHANNELS
from sunshine.web.sockets import SocketRoute

routes = [SocketRoute(path, channel) for path, channel in CHANNELS.items()]
