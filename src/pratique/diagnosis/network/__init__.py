"""Requests, one at a time, with every way in which one can fail told apart."""
