"""`python -m ioa`: the command line where scripts are not on the path."""

from ioa.cli import main

main()
