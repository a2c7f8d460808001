"""The crash bed: processes killed, writes failing, power lost, and what is left looked at."""
