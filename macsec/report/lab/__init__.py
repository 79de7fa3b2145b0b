"""Labs: their outcome, their status while they run, and replays across them."""
