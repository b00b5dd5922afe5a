"""Formulas without `eval`: a grammar of our own, and the words that people put around formulas."""
