"""Using the values: which files an environment means here, how they are opened, and what a program gets of them."""
