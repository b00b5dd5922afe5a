"""The command line. `main` is the program `ioa`."""

from __future__ import annotations


def main() -> None:
    """Run `ioa` with the arguments of this process, and end it with a documented exit code."""
    from ioa.cli.program import program

    program(prog_name="ioa")
