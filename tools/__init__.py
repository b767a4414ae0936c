"""What is done around the program, not in it: its icon, its frozen form, its list of licences."""
