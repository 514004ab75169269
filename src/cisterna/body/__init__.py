"""Anatomy without mechanics: levels of the neuraxis, lengths, places."""
