"""`gitenv doctor`: what is wrong with a clone as it is set up, and mending it."""
