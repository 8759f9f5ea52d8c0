"""Definitions shown: as text, Markdown with TeX, and HTML with TeX or MathML."""
