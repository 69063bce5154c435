"""The page of a report: a toolkit that knows no question. `interlingua.run.report` puts it together."""
