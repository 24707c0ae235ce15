"""Runs the tests and counts them: `run_checks.py check` is every test, `run_checks.py sanitize` the
unit tests and scenarios under ASan with UBSan, then under TSan.

A build, a check of the source and a fuzz target over its seeds count as one test each; cmocka's and
pytest's are counted singly. Logs and results stay in build/check. The last line says
`N passed, N failed, N skipped`, and the exit status is 1 when something failed or nothing ran.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from xml.sax.saxutils import escape

HERE = pathlib.Path("build/check")
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
MAKE = ["make", "--no-print-directory", f"-j{os.cpu_count() or 1}"]
LINT = ["format", "layers", "bans", "sizes", "req", "headers"]
SKIPPED = 77  # the exit status by which a script says that it can't run here
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": f"halt_on_error=1:suppressions={pathlib.Path('tests/tsan.supp').absolute()}",
}
MINUTE = 60
PROC = os.path.exists("/proc/self/maps")

total = {"passed": 0, "failed": 0, "skipped": 0}
notes = []  # why something was skipped, told again before the last line


def run(name, command, limit, env=None):
    """The exit status of a command that may take `limit` seconds; its output goes to a log."""
    log = HERE / (re.sub(r"\W+", "-", name) + ".log")
    with open(log, "wb") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 env={**os.environ, **(env or {})}, start_new_session=True)
        try:
            return child.wait(limit), log
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            out.write(f"\nstopped after {limit} s\n".encode())
            return -signal.SIGKILL, log


def report(name, started, counts, trouble=""):
    """Adds the counts and prints one line, and after a failure what is known of it."""
    for key, number in counts.items():
        total[key] += number
    failed = counts.get("failed", 0) > 0
    word = "FAILED" if failed else "ok" if counts.get("passed") else "skipped"
    what = ", ".join(f"{n} {key}" for key, n in counts.items() if n)
    print(f"{name:<32}{word:<8}{time.monotonic() - started:7.1f} s  {what}", flush=True)
    for line in trouble.splitlines() if failed else ():
        print(f"    {line}", flush=True)


def end_of(log):
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join([*lines[-40:], f"({log})"])


def command(name, argv, limit=10 * MINUTE, env=None):
    """A command that is one test by itself. True when it did not fail."""
    started = time.monotonic()
    status, log = run(name, argv, limit, env)
    word = {0: "passed", SKIPPED: "skipped"}.get(status, "failed")
    if word == "skipped":
        notes.append(f"{name}: {end_of(log).splitlines()[-2]}")
    report(name, started, {word: 1}, end_of(log))
    return word != "failed"


def build(name, *goals):
    return command(f"build {name}", [*MAKE, *goals], 30 * MINUTE)  # a machine may be busy


def counted(name, argv, results, limit, env=None):
    """A program that writes JUnit XML files matching `results`; its own tests are counted."""
    started = time.monotonic()
    status, log = run(name, argv, limit, env)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    trouble = ""
    for case in [c for path in sorted(HERE.glob(results)) for c in cases(path)]:
        word, why = verdict(case)
        counts[word] += 1
        if word == "failed":
            trouble += f"{case.get('name')}: {why}\n"
        if word == "skipped":
            notes.append(f"{name}: {case.get('name')}: {why or skip_line(log)}")
    if (status != 0 and counts["failed"] == 0) or sum(counts.values()) == 0:
        counts["failed"] += 1  # it broke off before it could say so
        trouble = f"ended with {status}"
    report(name, started, counts, f"{trouble}\n{end_of(log)}")


def cases(path):
    """The test cases of a JUnit file; cmocka quotes neither control characters nor `]]>`."""
    text = path.read_text(errors="replace")
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", text)
    text = re.sub(r"<!\[CDATA\[(.*?)\]\]>(?=</failure>)", lambda m: escape(m[1]), text, flags=re.S)
    try:
        return list(xml.fromstring(text.encode()).iter("testcase"))
    except xml.ParseError as e:
        cut = xml.Element("testcase", name=path.name)
        xml.SubElement(cut, "failure", message=f"its results can't be read: {e}")
        return [cut]


def verdict(case):
    for tag, word in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        if (found := case.find(tag)) is not None:
            return word, (found.get("message") or found.text or "").strip()
    return "passed", ""


def skip_line(log):
    """cmocka keeps no reason, but the test has printed one."""
    lines = log.read_text(errors="replace").splitlines()
    return next((line for line in lines if "skip" in line.lower()), f"see {log}")


def units(folder, env=None):
    for source in sorted(pathlib.Path("tests/unit").glob("*_test.c")):
        name = f"{folder.name}/{source.stem}" if folder.name != "build" else source.stem
        stem = f"unit-{folder.name}-{source.stem}"
        to = {"CMOCKA_MESSAGE_OUTPUT": "xml", "CMOCKA_XML_FILE": f"{HERE}/{stem}-%g.xml"}
        program = folder / "unit" / source.stem
        counted(f"unit {name}", [str(program)], stem + "-*.xml", 5 * MINUTE, {**to, **(env or {})})


def simulation():
    to = {"CMOCKA_MESSAGE_OUTPUT": "xml", "CMOCKA_XML_FILE": f"{HERE}/sim-%g.xml"}
    counted("simulated sites", ["build/sim/sim", "1", "200"], "sim-*.xml", 5 * MINUTE, to)


def scenarios(folder, env=None, paths=("tests/scripts", "tests/scenario")):
    for path in paths:
        if any(pathlib.Path(path).glob("test_*.py")):
            stem = f"pytest-{folder.name}-{pathlib.Path(path).name}"
            argv = [*PYTEST, path, f"--junitxml={HERE}/{stem}.xml"]
            to = {"PACKTRAIL_BIN": str(folder / "packtrail"), "PYTHONDONTWRITEBYTECODE": "1"}
            limit = 60 * MINUTE if env else 30 * MINUTE  # the sanitizers' builds are slow
            counted(f"pytest {path}", argv, stem + ".xml", limit, {**to, **(env or {})})


def fuzz_seeds():
    built = build("fuzz targets", "SANITIZE=fuzz", "fuzz-programs")
    env = {} if PROC else {"ASAN_OPTIONS": "detect_leaks=0"}
    for source in sorted(pathlib.Path("tests/fuzz").glob("*_fuzz.c")) if built else []:
        seeds = pathlib.Path("tests/fuzz/seeds") / source.stem.removesuffix("_fuzz")
        command(f"fuzz seeds of {source.stem}",
                [f"build/fuzz/{source.stem}", "-runs=0", f"-artifact_prefix={HERE}/", str(seeds)],
                2 * MINUTE, env)


def check():
    built = build("gcc", "CC=gcc", "all", "unit-programs", "sim-program", "shims")
    build("clang", "CC=clang", "all", "unit-programs", "sim-program", "shims")
    built = build("with faults", "FAULTS=1", "all") and built
    for part in LINT:
        command(f"lint {part}", [*MAKE, f"lint-{part}"])
    if not built:
        return  # what could run is of an older state
    units(pathlib.Path("build"))
    simulation()
    fuzz_seeds()
    scenarios(pathlib.Path("build"))
    command("image", ["scripts/image_check.sh"])


def sanitize():
    for kind, folder in (("address", "build/asan"), ("thread", "build/tsan")):
        if build(kind, f"SANITIZE={kind}", "all", "unit-programs"):
            units(pathlib.Path(folder), SANITIZER_ENV)
            scenarios(pathlib.Path(folder), SANITIZER_ENV, ("tests/scenario",))


def main():
    work = {"check": check, "sanitize": sanitize}.get(sys.argv[1] if len(sys.argv) == 2 else "")
    if work is None:
        sys.exit("usage: run_checks.py check|sanitize")
    for name in ("MAKEFLAGS", "CC", "BUILD", "CFLAGS", "LDFLAGS", "FAULTS", "SANITIZE"):
        os.environ.pop(name, None)  # each build below says itself how it is made
    if not PROC:
        print("without /proc leaks are not looked for: mount -t proc proc /proc")
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir(parents=True)
    work()
    for note in notes:
        print(f"skipped: {note}")
    print(", ".join(f"{number} {word}" for word, number in total.items()), flush=True)
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


main()
