"""Two worlds: textbook physiology, and the body as the therapy teaches it, one file a hypothesis."""
