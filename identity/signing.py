"""PyJWT: sign and verify tokens, nothing else."""
