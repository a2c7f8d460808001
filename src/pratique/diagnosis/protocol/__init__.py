"""The way of a pull: challenge, token, manifest, blob, as each client walks it."""
