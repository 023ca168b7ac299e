"""Moves data and wires the rest; holds no business rule."""
