"""Social games: several players, rules in code, winners by rule, and conduct beside the winnings."""
