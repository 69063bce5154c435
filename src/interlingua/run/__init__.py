"""A study put together: its graph, its run, its plan, its result folder."""
