"""`make demo`: every process of the service under one command, in the foreground."""
