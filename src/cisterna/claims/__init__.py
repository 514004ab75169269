"""Claims of the therapy as experiments: each run gives a verdict and what it would take to change it.

Nobody writes the answer: a result is printed with the number it is held against, whichever way it falls.
"""
