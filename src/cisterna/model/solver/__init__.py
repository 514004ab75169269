"""Time stepping: linearly implicit W-methods, events at exact times, periodic states, tangents."""
