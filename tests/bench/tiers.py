#!/usr/bin/env python3
"""tiers.py AOTC MODULE.wasm...: what each tier costs, for each module.

Wall and CPU seconds of aotc and all its tools, the largest of them in memory, the object's size, and when each stage had
ended. The profiled tier needs a profile and is left out. `make bench-tiers MODULES='file ...'` calls this.
"""
import os
import resource
import subprocess
import sys
import tempfile
import time

TIERS = ('quick', 'full', 'instrumented')


def compile_once(aotc, tier, module, folder):
    """In a process of its own, so that its children's usage is theirs alone."""
    theirs, ours = os.pipe()
    made = os.path.join(folder, 'object')
    start = time.monotonic()
    child = subprocess.Popen([aotc, '--tier', tier, '-o', made, '--status-fd', str(ours), module],
                             pass_fds=[ours], stderr=subprocess.DEVNULL)
    os.close(ours)
    stages = []
    for line in os.fdopen(theirs):
        words = line.split()
        if words[0] == 'progress' and words[2] == words[3]:
            stages.append(f'{words[1]} {time.monotonic() - start:.2f}')
        elif words[0] in ('refused', 'failed', 'unfit'):
            stages.append(line.strip())
    child.wait()
    wall = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    size = os.path.getsize(made) if os.path.exists(made) else 0
    print(f'{os.path.basename(module):24} {tier:13} {wall:8.2f} {used.ru_utime + used.ru_stime:8.2f} '
          f'{used.ru_maxrss / 1024:10.0f} {size / 2**20:10.2f}  {", ".join(stages)}', flush=True)


def main():
    aotc, modules = sys.argv[1], sys.argv[2:]
    print(f'{"module":24} {"tier":13} {"wall s":>8} {"CPU s":>8} {"tool MiB":>10} {"object MiB":>10}  stages end at s', flush=True)
    for module in modules:
        for tier in TIERS:
            with tempfile.TemporaryDirectory() as folder:
                if os.fork() == 0:
                    compile_once(aotc, tier, module, folder)
                    os._exit(0)
                os.wait()


main()
