"""Techniques: one file a hold."""
