"""A deep-learning course to run.

Importing the package loads nothing: import the part that you need, `dlbook.nn` say.
"""

__version__ = "0.1.0"
