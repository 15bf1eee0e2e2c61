"""What an operator can get wrong, looked at one by one. Nothing here mends anything; each finding says how to."""
