"""`--watch`: a page on loopback that shows a lab while it runs, and injects faults.

feed.py           Feed          the newest state of a lab, its events, and the commands of the page
commands.py       PageCommand   a request of the page, checked
server.py         PageServer    the page and its events by HTTP, in a thread of its own
serving.py        served        starts it, and prints the address
paced_run.py      VirtualWatch  a lab in virtual time, paced
shown_lab.py      RealWatch     a lab in real time
page.html                       the page: no other file, and nothing from elsewhere
"""
