"""Collections: from a stream of files to tables in parts, and what is known about the pieces: labels, near duplicates, splits."""
