def test_the_sample_of_the_package_arrives_whole(desk):
    """For a first run without a capture at hand; IN and --sample do not go together."""
    found = desk.json("replay", "--sample", "--wire", desk.path("wire.pcapng"))
    assert (found["frames"], found["delivered"]) == (130, 130)
    assert "either IN or --sample" in desk.run("replay", code=2).stderr
    assert "either IN or --sample" in desk.run("replay", "in.pcap", "--sample", code=2).stderr
