"""The content model: what a record may say, and what is wrong when it does not."""
