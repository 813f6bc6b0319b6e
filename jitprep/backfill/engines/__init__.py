"""Where a job's tasks are done: each engine a module, and none of them does anything else."""
