"""Screening before a session, techniques, sessions and courses of sessions."""
