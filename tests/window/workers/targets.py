"""What runs in the processes of the tests of workers. It imports little: each process imports it afresh."""

import os
import time

from app.window.model.protocol import Ready, Said, Stop
from app.window.model.values import Who


def mortal(connection):
    """Answers, and exits at revision 13."""
    connection.send(Ready(Who.FLOAT))
    while not isinstance(request := connection.recv(), Stop):
        if request.revision == 13:
            os._exit(7)
        connection.send(Said(f"{os.getpid()}"))


def deaf(connection):
    """Never listens."""
    connection.send(Ready(Who.FLOAT))
    time.sleep(600)


def tells_its_work(connection, work):
    """Tells what it was started with, or what it was given since."""
    connection.send(Said(work))
    while not isinstance(request := connection.recv(), Stop):
        connection.send(Said(request.model))
        if request.model == "death":
            os._exit(7)
