"""What must not hold up a frame: judges, node and files, in threads and processes of their own."""
