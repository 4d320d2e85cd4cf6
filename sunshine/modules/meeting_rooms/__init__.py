"""sunshine/modules/meeting_rooms."""
