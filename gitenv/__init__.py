"""gitenv: a team's .env files in git, encrypted value by value, with readable key names."""

__version__ = "0.1.0"
