"""Run the command line as ``shoal`` or ``python -m shoal``."""

import sys


def main() -> None:
    """Run a command; Ctrl-C while the command line is still being loaded is told as later."""
    try:
        from shoal.cli import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        print("shoal: stopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
