"""`python -m pratique` is the command `pratique`."""

from pratique.cli import main

if __name__ == "__main__":
    main()
