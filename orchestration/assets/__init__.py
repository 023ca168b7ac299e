"""Wires what the other packages do into one graph; each module here builds one kind of step."""
