"""Teaching a model in the window: data, run, report, correction, and what the model hears as a map."""
