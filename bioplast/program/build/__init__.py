"""Programs on disk: compiled, cached by their content, with flags for the same arithmetic on every target."""
