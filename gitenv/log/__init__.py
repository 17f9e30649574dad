"""`gitenv log`: what happened to keys and to who is in, commit by commit."""
