"""``python -m jikin.command``: the same as ``jikin``."""

from jikin.command.main import main

if __name__ == "__main__":
    main()
