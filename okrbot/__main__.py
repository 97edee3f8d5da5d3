"""`python -m okrbot`: the command line from a bare checkout."""

from okrbot.cli import main

main()
