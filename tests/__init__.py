"""What must stay true, layer by layer; see docs/architecture.md."""
