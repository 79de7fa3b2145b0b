"""Traffic of test ports: frames of flows, when they leave, what arrives.

fields.py     Fields       a header as fields of some bits, with a pattern each
layers.py     layers_of    the headers of a flow, with lengths and types that follow from the next
packets.py    Packets      frames of a flow by number and size
sizes.py      sizes_of     the sizes of a flow's frames
pacing.py     Pacing       when the frames of a flow are due
signature.py  Signature    flow, number and time at the end of a frame
flow_run.py   FlowRun      a flow while it runs, and its counts
rates.py      CurrentRates        frames and octets of the last second
"""
