"""``python -m jikin.command``: the same as ``jikin``."""

from jikin.command.entry import run

if __name__ == "__main__":
    run()
