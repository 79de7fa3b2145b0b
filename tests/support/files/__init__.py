"""Files for tests: captures, spoiled vectors, failing disks, slow streams, a killed sender."""
