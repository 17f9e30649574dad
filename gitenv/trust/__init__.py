"""Whom this clone believes: pins, the chain of statements, and what history says against it."""
