"""What a state of a repository is, and since when it is as it is."""
