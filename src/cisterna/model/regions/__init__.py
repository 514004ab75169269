"""Regions of the body as pieces of a plan, one file each: a body strings together those it holds."""
