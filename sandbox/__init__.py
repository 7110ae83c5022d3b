"""A throw-away Synapse and scripted members with real encryption, for the demo, the tests and the bench."""
