"""`python -m cutsmith`: the command line, for an interpreter whose scripts are not on the path."""

from cutsmith.cli import main

if __name__ == "__main__":
    main()
