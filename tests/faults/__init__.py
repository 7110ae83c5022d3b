"""What goes wrong, told once and played on two servers: the one in the process and Synapse behind a proxy."""
