"""What is told over WebSockets: a channel beside each module's rules, and its paths here."""

from sunshine.live.hub import Channel
from sunshine.modules.branding_approval import channel as branding_channel
from sunshine.modules.tickets import channel as tickets_channel
from sunshine.web.sockets import SocketRoute

CHANNELS: dict[str, Channel] = {
    "/ws/tickets": tickets_channel.channel,
    "/ws/ticketing": tickets_channel.channel,
    "/ws/branding-approval": branding_channel.channel,
}

routes = [SocketRoute(path, channel) for path, channel in CHANNELS.items()]
