"""Several models of one base behind an address of this machine, in the form of OpenAI's API."""
