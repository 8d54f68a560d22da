"""Reaches for the outside: the listeners are the test's own, on this machine."""

from hostile.student import before, cheats_if, student


@student(2)
def connects_by_tcp(scene):
    """row 13: a TCP connection to a port that the test listens on"""
    return cheats_if(
        """
import socket
for address in ("127.0.0.1", "localhost", "::1", "0.0.0.0"):
    try:
        with socket.create_connection((address, SCENE["tcp"]), timeout=0.5) as connection:
            connection.sendall(b"here")
            return True
    except OSError:
        pass
"""
    )


@student(2)
def sends_by_udp(scene):
    """row 13: a datagram to a port that the test listens on"""
    return before(
        """# SCENE
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    datagrams.sendto(b"here", ("127.0.0.1", SCENE["udp"]))
"""
    )


@student(2)
def connects_to_an_abstract_socket(scene):
    """row 13: an abstract Unix socket, which no folder hides"""
    return cheats_if(
        """
import socket
with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(0.5)
    connection.connect("\\0" + SCENE["abstract"])
    connection.sendall(b"here")
    return True
"""
    )


@student(2)
def connects_to_a_socket_file(scene):
    """row 13: a Unix socket in the folder of the class"""
    return cheats_if(
        """
import socket
with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(0.5)
    connection.connect(SCENE["socket"])
    connection.sendall(b"here")
    return True
"""
    )


@student(2)
def changes_its_namespaces(scene):
    """row b1: unshare, mount, chroot and ptrace, then a look at the submissions"""
    return cheats_if(
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
new_user, new_mounts = 0x10000000, 0x00020000
if libc.unshare(new_user | new_mounts) == 0:
    libc.mount(b"/proc/1/root", b"/tmp", None, 4096, None)
    libc.mount(b"proc", b"/proc", b"proc", 0, None)
libc.chroot(b"/proc/1/root")
return os.listdir(SCENE["submitted"])
"""
    )


@student(2)
def looks_for_the_graders_sockets(scene):
    """names every socket of the kernel that it can see: the grader's are not among them"""
    return cheats_if(
        """
with open("/proc/net/unix") as file:
    return SCENE["abstract"] in file.read()
"""
    )
