"""Use cases: each loads, asks the domain, saves and queues what must be said, in one transaction."""
