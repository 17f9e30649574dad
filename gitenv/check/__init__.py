"""`gitenv check` and the gates of hooks: what is wrong with a change, judged without a key."""
