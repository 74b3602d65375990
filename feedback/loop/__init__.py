"""The loop that keeps a reward on policy: rounds of samples, reward, policy and examination, and what stops it."""
