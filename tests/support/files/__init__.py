"""Files for tests: crafted captures, spoiled vectors, disks that fail, slow streams."""
