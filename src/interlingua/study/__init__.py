"""A study: what to run, its plan, running it, and its result folder."""
