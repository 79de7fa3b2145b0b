"""The emulated link: stations with SecYs, the wire between them, what an observer sees on it."""
