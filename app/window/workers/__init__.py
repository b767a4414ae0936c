"""Work that must not block a frame: judges, node and files, in threads and processes of their own."""
