"""One module a tracker: each turns a tracker's answers into the rows of `okrbot.model`."""
