"""How bytes reach an endpoint: one module for each protocol, each answering alike."""
