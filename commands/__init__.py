"""What people can type: one topic a file. Every module here is found by itself; see CONTRIBUTING.md."""
