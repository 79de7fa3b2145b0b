"""The Open Traffic Generator API over test ports in virtual time: MACsec, MKA, flows, captures.

model/      the part of the OTG model that is emulated; all else is refused with its JSON path
secrets.py  keys leave no answer
plan.py     Plan              a configuration whose names are resolved
keying.py   secy_and_kay      SecY and KaY of a secure entity
bench.py    TestBench         wires, test ports and flows of a plan on one engine
ports.py    TestPort          an end of a wire, with a station if a secure entity is there
capture.py  PortCapture       frames at a test port
traffic/    flows: octets, times, counts
metrics.py  metrics and states, as the API has them
service.py  TrafficGenerator  the requests of the API: dicts in, dicts out
app.py      application       the same over HTTP (extra `otg`)
pump.py     TimePump          virtual time in step with a clock
"""
