"""`gitenv diff`: what a change does, for reviewers, without a key."""
