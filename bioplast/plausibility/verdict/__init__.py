"""A model searched for a pattern, and the verdict on the best candidate."""
