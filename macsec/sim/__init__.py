"""The emulated link: stations with SecYs, the virtual wire between them, what an observer sees."""
