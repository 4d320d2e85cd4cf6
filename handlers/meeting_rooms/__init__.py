"""handlers/meeting_rooms."""
