"""A lab in virtual time, on one engine.

lab.py          Lab              sites, hosts and links of a blueprint
parts.py        LabParts         what a lab is made of, on an engine in Python or in C
reference.py    ReferenceParts   all of it in Python, in the files and folders below
native/         NativeParts      the same in C, with the same digests: the default
bridge.py       Bridge           a learning bridge: the switch of a site, and the relay of an edge
host.py         VirtualHost      a port with plain Ethernet
site_link.py    SiteLink         a link between two sites, with its stations
wire_faults.py  WireFaults       a cut, loss or delay of a link during a run
changes.py      schedule         changes of key agreement and faults during a run
stations/       Station          stations of all kinds, and the clock of a KaY
traffic/        Playback         generators, captures, the passage of one capture
records/        Recorder         frames kept in memory, captures of a lab, samples
"""
