"""Stores of rows: which repository holds what, who is who, what is allowed."""
