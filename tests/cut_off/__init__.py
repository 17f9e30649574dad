"""Commands that are killed: at each moment at which the disk is about to change, and at any other."""
