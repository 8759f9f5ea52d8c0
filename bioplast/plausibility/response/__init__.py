"""What goes into a cell, its input over time, and what is read from the answer."""
