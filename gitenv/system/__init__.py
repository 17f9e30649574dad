"""What the operating system gives and refuses: files that are read and written whole, locks, and its errors in our words."""
