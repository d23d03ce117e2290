"""One module a step; bodies resolve partitions, call a stage, and record what was written."""
