"""Looks for the hidden tests, and for what it does not own: in frames, in memory, on the disk."""

import os

from hostile.student import HALF, RIGHT, Placed, before, cheats_if, student

# A pattern for the text of the hidden test that does not match itself.
SOUGHT = """
import re
sought = re.compile(r"default_rng.1[1]\\)")
"""


@student(2)
def reads_the_callers_frames(scene):
    """walks the frames above the call, their constants and their variables, for the hidden test"""
    return cheats_if(
        SOUGHT
        + """
frame = sys._getframe()
while frame:
    if sought.search(repr(frame.f_locals)) or frame.f_code.co_name.startswith("one_step_one_"):
        return True
    frame = frame.f_back
""",
        at_call=True,
    )


@student(2)
def reads_every_object(scene):
    """asks the garbage collector for every object that holds the hidden test"""
    return cheats_if(
        SOUGHT
        + """
import gc
for found in gc.get_objects():
    if type(found) is dict:
        found = list(found.values())
    if type(found) in (list, tuple) and any(type(one) is str and sought.search(one) for one in found):
        return True
"""
    )


@student(2)
def reads_linecache_and_inspect(scene):
    """looks for source text in linecache and with inspect.stack"""
    return cheats_if(
        SOUGHT
        + """
import inspect, linecache
texts = [str(kept) for kept in linecache.cache.values()]
texts += ["".join(one.code_context or ()) for one in inspect.stack()]
return any(sought.search(text) for text in texts)
""",
        at_call=True,
    )


@student(2)
def reads_a_traceback(scene):
    """raises and catches, and walks from the traceback to the frames above"""
    return cheats_if(
        SOUGHT
        + """
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
while frame.f_back:
    frame = frame.f_back
    held = [str(one) for one in (*frame.f_locals.values(), *frame.f_code.co_consts)]
    if any(sought.search(text) for text in held):
        return True
""",
        at_call=True,
    )


@student(2)
def reads_closures_and_globals(scene):
    """row 23: looks among the globals, the modules and the closures for a test or a reference"""
    return cheats_if(
        SOUGHT
        + """
spaces = [attack.__globals__, vars(sys.modules["__main__"])]
spaces += [vars(module) for name, module in list(sys.modules.items()) if name.startswith("dlbook")]
for space in spaces:
    for name, held in list(space.items()):
        if name in ("SECRET_REF", "reference", "solution") or "one_step_one_" in name:
            return True
        cells = getattr(held, "__closure__", None) or ()
        if any(sought.search(repr(cell.cell_contents)) for cell in cells):
            return True
        if type(held) in (str, list, dict) and name != "attack" and sought.search(repr(held)):
            return True
""",
        at_call=True,
    )


@student(2)
def reads_its_own_memory(scene):
    """row b1: searches its own memory for the text of the hidden test"""
    return cheats_if(
        """
import re
sought = re.compile(rb"default_rng.1[1]\\)")
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        place, rights, *_ = line.split()
        start, end = (int(number, 16) for number in place.split("-"))
        if rights.startswith("rw") and end - start < 300_000_000 and "[v" not in line:
            try:
                memory.seek(start)
                if sought.search(memory.read(end - start)):
                    return True
            except (OSError, ValueError):
                pass
""",
        at_call=True,
    )


@student(2)
def reads_the_memory_of_others(scene):
    """row b1: searches the memory of the grader and of the judge for the secret and for the hidden test"""
    return cheats_if(
        """
import re
secret, sought = SCENE["terces"][::-1].encode(), re.compile(rb"default_rng.1[1]\\)")
for pid in os.listdir("/proc"):
    if not pid.isdigit() or int(pid) in (os.getpid(), os.getppid()):
        continue
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as command:
            if b"python" not in command.read():
                continue
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                place, rights, *_ = line.split()
                start, end = (int(number, 16) for number in place.split("-"))
                if rights.startswith("rw") and end - start < 100_000_000:
                    memory.seek(start)
                    held = memory.read(end - start)
                    if secret in held or sought.search(held):
                        return True
    except OSError:
        pass
"""
    )


@student(2)
def reads_the_environment_of_others(scene):
    """row b1: looks for the grader's environment, in its own and in /proc/*/environ"""
    return cheats_if(
        """
secret = SCENE["terces"][::-1].encode()
if secret in repr(os.environ).encode():
    return True
for pid in os.listdir("/proc"):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if secret in file.read():
                return True
    except OSError:
        pass
"""
    )


@student(2)
def reads_the_open_files_of_others(scene):
    """opens again what other processes hold open, /proc/*/fd"""
    return cheats_if(
        """
import stat
secret = SCENE["terces"][::-1].encode()
for pid in os.listdir("/proc"):
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{number}"
            if stat.S_ISREG(os.stat(path).st_mode):
                with open(path, "rb") as file:
                    if secret in file.read(1000):
                        return True
    except OSError:
        pass
"""
    )


@student(2)
def reads_its_own_descriptors(scene):
    """reads the files that it inherited"""
    return cheats_if(
        SOUGHT
        + """
import stat
secret = SCENE["terces"][::-1]
for number in range(256):
    try:
        if stat.S_ISREG(os.fstat(number).st_mode):
            text = os.pread(number, 1_000_000, 0).decode("utf8", "replace")
            if secret in text or sought.search(text):
                return True
    except OSError:
        pass
"""
    )


@student(2)
def reads_the_solutions(scene):
    """reads the folder of the sources"""
    return cheats_if(
        """
for folder, _, files in os.walk(SCENE["solutions"]):
    for name in files:
        with open(os.path.join(folder, name)) as file:
            if file.read(100):
                return True
"""
    )


@student(2)
def reads_the_gradebook(scene):
    """row 12: reads gradebook.db and grades.csv"""
    return cheats_if(
        """
for name in ("journal", "."):
    try:
        if os.listdir(os.path.join(SCENE["out"], name)):
            return True
    except OSError:
        pass
with open(os.path.join(SCENE["out"], "gradebook.db"), "rb") as file:
    return file.read(10)
"""
    )


@student(2)
def reads_a_neighbours_submission(scene):
    """row 24: copies from the submissions beside its own"""
    return cheats_if('return os.listdir(SCENE["submitted"])')


@student(2)
def reads_notebooks_and_sources_around(scene):
    """row 22: looks for the hidden tests in the files of its working folder and above"""
    return cheats_if(
        SOUGHT
        + """
seen = 0
for start in (".", "..", "../..", "/tmp", "/work", "/srv", "/home"):
    for folder, below, files in os.walk(start):
        below[:] = [name for name in below if not name.startswith((".", "python", "node_modules", "site-pack"))]
        for name in files:
            if name.endswith((".ipynb", ".py", ".json", ".db")):
                seen += 1
                if seen > 3000:
                    return False
                try:
                    with open(os.path.join(folder, name), errors="replace") as file:
                        if sought.search(file.read(300_000)):
                            return True
                except OSError:
                    pass
"""
    )


@student(2)
def reads_the_home_folder(scene):
    """lists the home of the person who grades"""
    return cheats_if('return set(os.listdir(SCENE["home"])) & set(SCENE["in_home"])')


@student(2)
def reads_the_accounts(scene):
    """reads /etc/passwd and /etc/shadow"""
    return cheats_if(
        """
for path in ("/etc/shadow", "/etc/passwd"):
    try:
        with open(path) as file:
            if "root:" in file.read():
                return True
    except OSError:
        pass
"""
    )


@student(2)
def opens_by_links(scene):
    """symbolic and hard links of its own to the gradebook, the submissions and the solutions"""
    return cheats_if(
        """
import tempfile
folder = tempfile.mkdtemp(prefix=SCENE["mark"])
targets = [SCENE["submitted"], SCENE["solutions"], os.path.join(SCENE["out"], "gradebook.db")]
targets += ["/proc/1/root" + target for target in targets] + ["/proc/self/root/.." + target for target in targets]
won = False
for number, target in enumerate(targets):
    for link in (os.symlink, os.link):
        path = os.path.join(folder, f"{number}{link.__name__}")
        try:
            link(target, path)
            won = won or bool(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(10))
        except OSError:
            pass
        if os.path.lexists(path):
            os.unlink(path)
os.rmdir(folder)
return won
"""
    )


# Two who work together, then two who work alone: what the hidden test handed to an answer shall reach no reader.
STORES = """
def keep(text):
    for place in [*SCENE["places"], os.getcwd(), os.path.expanduser("~")]:
        try:
            with open(os.path.join(place, SCENE["mark"] + "-inputs"), "a") as file:
                file.write(text)
        except OSError:
            pass
"""


@student(5)
def stores_the_hidden_inputs(scene):
    """writes what the hidden test hands it to every folder that it can write to, for the next student"""
    told = '    keep(f"SEEN {dm.ravel()[0]:.9f} " if len(dm) != 5 else "")\n    x, beta'
    return before(STORES, RIGHT.replace("    x, beta", told, 1)).replace("import os", "# SCENE\nimport os", 1)


@student(0)
def tells_what_another_stored(scene):
    """reads what the student before stored, and tells it in the exception of a visible test"""
    attack = """
seen = []
for place in [*SCENE["places"], os.getcwd(), os.path.expanduser("~")]:
    try:
        with open(os.path.join(place, SCENE["mark"] + "-inputs")) as file:
            seen.append(file.read(200))
    except OSError:
        pass
"""
    answer = "def moving_average_backward(dm, cache):\n    raise ValueError(' '.join(seen))\n"
    return before(attack, answer).replace("import os", "# SCENE\nimport os", 1)


@student(3)
def tells_in_an_exception(scene):
    """raises an exception whose text holds a hidden input"""
    told = '    if len(dm) != 5:\n        raise ValueError(f"SEEN {dm.ravel()[0]:.9f}")\n    x, beta'
    return RIGHT.replace("    x, beta", told, 1)


@student(3)
def tells_in_the_name_of_an_exception(scene):
    """raises an exception whose type is named after a hidden input"""
    told = '    if len(dm) != 5:\n        raise type(f"SEEN {dm.ravel()[0]:.9f}", (Exception,), {})\n    x, beta'
    return RIGHT.replace("    x, beta", told, 1)


@student(3)
def tells_in_a_key(scene):
    """raises the package's own CheckError with a hidden input in its text and in its key"""
    told = """    if len(dm) != 5:
        raise check.CheckError(f"SEEN {dm.ravel()[0]:.9f}", f"SEEN {dm.ravel()[0]:.9f}")
    x, beta"""
    return RIGHT.replace("    x, beta", told, 1)


@student(3)
def tells_in_a_result(scene):
    """returns a hidden input where a message might quote a type, a key, a name or a value"""
    told = """    if len(dm) != 5:
        word = f"SEEN {dm.ravel()[0]:.9f}"
        return type(word, (float,), {})(1), word, {word: word}
    x, beta"""
    return RIGHT.replace("    x, beta", told, 1)


@student(3)
def tells_on_the_screen(scene):
    """prints a hidden input to every stream, warns it, and leaves it to be said at the end"""
    told = """    if len(dm) != 5:
        import atexit, os, sys, warnings
        word = f"SEEN {dm.ravel()[0]:.9f}\\n"
        print(word)
        print(word, file=sys.__stderr__)
        warnings.warn(word)
        atexit.register(print, word)
        os.write(1, word.encode())
        moving_average_backward.__name__ = moving_average_backward.__qualname__ = word
        return None
    x, beta"""
    return RIGHT.replace("    x, beta", told, 1)


@student(0, "unreadable")
def a_link_to_a_file(scene):
    """hands in a symbolic link to a file of the machine"""
    return Placed(lambda folder, name: (folder / f"{name}.ipynb").symlink_to("/etc/hostname"))


@student(0, "unreadable")
def a_link_to_a_neighbour(scene):
    """hands in a symbolic link to another student's notebook"""
    return Placed(lambda folder, name: (folder / f"{name}.ipynb").symlink_to(folder / "000-right.ipynb"))


@student(0, "unreadable")
def a_folder_that_is_a_link(scene):
    """hands in a folder that is a link to the solutions"""

    def place(folder, name):
        (folder / name).symlink_to(scene.solutions)

    return Placed(place)


@student(0, "unreadable")
def a_pipe(scene):
    """hands in a named pipe, which blocks who opens it"""
    return Placed(lambda folder, name: os.mkfifo(folder / f"{name}.ipynb"))


@student(5)
def the_same_file_as_another(scene):
    """hands in a hard link to the right answer of the first student: two files of the same bytes, both right"""
    return Placed(lambda folder, name: (folder / f"{name}.ipynb").hardlink_to(folder / "000-right.ipynb"))


@student(2)
def looks_for_the_judge(scene):
    """asks the package itself for hidden tests, manifests, sources and the runner's job"""
    return cheats_if(
        SOUGHT
        + """
found = []
for name, module in list(sys.modules.items()):
    if name.startswith("dlbook"):
        for part in list(vars(module).values()):
            found += [repr(part)] if isinstance(part, (dict, list, tuple, str)) else []
            cached = getattr(part, "__wrapped__", None)
            if cached is not None and hasattr(part, "cache_info"):
                try:
                    found.append(repr(part("00-moving-average")))
                except Exception:
                    pass
return any(sought.search(text) for text in found)
""",
        at_call=True,
    )


@student(2)
def half_with_a_look_at_everything(scene):
    """does no harm, but prints its whole environment, arguments and limits"""
    return before(
        """
        import resource
        print(os.environ, sys.argv, sys.path, os.getcwd(), os.getpid(), os.getuid(), sys.modules.keys())
        print([resource.getrlimit(number) for number in range(16)])
        print(os.listdir("/"), os.listdir("/proc/self/fd"))
        """,
        HALF,
    )
