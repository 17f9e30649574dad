"""A team's life as a model: who is let in, taken out, what is rotated and merged, and what each of them can read then."""
