"""Stores of bytes: blobs by digest, and uploads on their way to become blobs."""
