"""Repetition damper: holds back what was said before, and moves a group on that goes in circles."""
