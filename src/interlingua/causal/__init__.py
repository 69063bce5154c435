"""Edits of a model's units, and what reads their effect: no studies, no files, only models, arrays and numbers."""
