"""`python -m macsec` is the console script."""

from macsec.cli import main

if __name__ == "__main__":
    main()
