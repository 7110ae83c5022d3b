"""Stories of whole decisions, summaries and terms, and the tool that writes them down."""
