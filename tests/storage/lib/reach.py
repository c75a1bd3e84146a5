"""Runs commands on another host, as ssh would: `reach.py serve PORT`, `reach.py HOST PORT COMMAND...`."""

import json
import os
import socket
import struct
import subprocess
import sys
import threading


def receive(connection):
    """Reads one message: its length, then itself."""
    (length,) = struct.unpack("!I", exactly(connection, 4))
    return json.loads(exactly(connection, length))


def exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError("the connection was closed")
        data += part
    return data


def send(connection, message):
    data = json.dumps(message).encode()
    connection.sendall(struct.pack("!I", len(data)) + data)


def serve_one(connection):
    with connection:
        command = receive(connection)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        out, err = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        send(connection, [done.returncode, out, err])


def serve(port):
    with socket.create_server(("", port)) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve_one, args=[connection], daemon=True).start()


def ask(host, port, command):
    with socket.create_connection((host, port)) as connection:
        send(connection, command)
        status, out, err = receive(connection)
    sys.stdout.write(out)
    sys.stderr.write(err)
    sys.stdout.flush()
    # A signal's end is told as a shell tells it.
    os._exit(status if status >= 0 else 128 - status)


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    ask(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
