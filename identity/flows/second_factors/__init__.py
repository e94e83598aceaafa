"""Second factors: challenges and their answers, methods, codes, recovery codes, trusted computers."""
