"""Writes where others read."""

from hostile.student import before, cheats_if, student


@student(2)
def writes_its_own_mark(scene):
    """row 19: writes 99 points into gradebook.db, now and by a trigger whenever a grade is written"""
    return before(
        """# SCENE
import sqlite3
path = os.path.join(SCENE["out"], "gradebook.db")
with sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=0.5) as book:
    book.execute("UPDATE grade SET manual_score = 99, auto_score = 99, needs_manual_grade = 0")
    book.execute("CREATE TRIGGER IF NOT EXISTS later AFTER INSERT ON grade BEGIN "
                 "UPDATE grade SET manual_score = 99 WHERE id = NEW.id; END")
"""
    )


@student(2)
def rewrites_the_journal(scene):
    """gives 99 points in each verdict that is already written"""
    return before(
        """# SCENE
for folder, _, files in os.walk(SCENE["out"]):
    for name in files:
        if name.endswith(".json"):
            with open(os.path.join(folder, name), "r+") as file:
                text = file.read().replace('"points": ', '"points": 9')
                file.seek(0)
                file.write(text)
"""
    )


@student(2)
def writes_wherever_it_can(scene):
    """a file in /tmp, /dev/shm, the home, the folders of the packages, /etc, and shared memory"""
    return before(
        """# SCENE
for place in SCENE["places"]:
    try:
        with open(os.path.join(place, SCENE["mark"] + "-here"), "w") as file:
            file.write("here")
    except OSError:
        pass
from multiprocessing import shared_memory
shared_memory.SharedMemory(SCENE["mark"] + "-memory", create=True, size=64)
"""
    )


@student(2)
def hands_in_for_others(scene):
    """writes another student's submission while the class is graded"""
    return before(
        """# SCENE
with open(os.path.join(SCENE["submitted"], "zz-" + SCENE["mark"] + ".ipynb"), "w") as file:
    file.write("{}")
"""
    )


@student(2)
def opens_for_writing(scene):
    """opens the grades, the neighbours' notebooks and the sources for writing, and changes nothing"""
    return cheats_if(
        """
for start in (SCENE["out"], SCENE["submitted"], SCENE["solutions"]):
    for folder, _, files in os.walk(start):
        for name in files[:5]:
            try:
                with open(os.path.join(folder, name), "r+b"):
                    return True
            except OSError:
                pass
"""
    )


@student(2)
def leaves_a_trap_in_the_working_folder(scene):
    """numpy.py, dlbook.py and sitecustomize.py where the next interpreter starts"""
    return before(
        """# SCENE
for place in (os.getcwd(), "/tmp"):
    for name in ("numpy.py", "sitecustomize.py"):
        folder = os.path.join(place, SCENE["mark"] + "-trap")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "w") as file:
            file.write("raise SystemExit")
"""
    )


@student(2)
def changes_files_rights(scene):
    """chmod and chown of the folders of the class, its own rights taken as they are"""
    return cheats_if(
        """
won = False
for path in (SCENE["out"], SCENE["submitted"]):
    mode = os.stat(path).st_mode & 0o7777
    os.chmod(path, mode)
    os.utime(path)
    won = True
return won
"""
    )


@student(2)
def talks_to_devices(scene):
    """raw disks, the kernel's memory, the terminal and loop devices"""
    return cheats_if(
        """
for name in ("mem", "kmem", "port", "vda", "sda", "nvme0n1", "kmsg", "fuse", "loop0", "kvm", "tty"):
    try:
        os.close(os.open(f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK))
        return True
    except OSError:
        pass
"""
    )
