"""Processes of this machine that find and ask each other: sockets in the file system, and folders.

local_socket.py  LocalSocket     a socket for processes of one user
tap_sockets.py   QuestionSocket  the questions that a running tap answers
lab_state.py     Published       the folder of a lab that is up
"""
