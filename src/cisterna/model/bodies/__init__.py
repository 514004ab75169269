"""Bodies: a ladder of models behind one interface; a body is one file (see `body.py`)."""
