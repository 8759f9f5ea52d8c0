"""Pages of the documentation that are made from the code, the data and the notebooks, never by hand."""
