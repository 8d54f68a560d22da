"""`python -m dlbook`, as `dlbook`; torchrun starts it so."""

from dlbook.cli import main

main()
