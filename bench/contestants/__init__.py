"""Who is measured: each a process of its own, told the same and looked at in the same way."""
