"""What was observed, as values without behaviour. Rules read nothing else."""
