"""Group CAs: a CAK for many stations, distributed over pairwise CAs (IEEE 802.1X 9.3.3, 9.12.2).

distributed_cak.py   a CAK and its CKN in a parameter set, wrapped in the KEK of a pairwise CAK
forming.py           GroupServer    the Key Server: makes group CAKs and distributes them
joining.py           GroupMember    a member: takes group CAKs
groups.py            Groups         both for one KaY
"""
