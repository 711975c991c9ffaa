"""`python -m monitor`."""

from monitor.cli.app import main

if __name__ == "__main__":
    main(prog_name="monitor")
