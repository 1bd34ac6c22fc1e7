"""oracle.py: what other implementations say that calls give: wabt's interpreter, and node where it is installed.

The module gets an export c0, c1, ... for every call, with the arguments in it. An answer is a tuple of words, as the player
gives them, or the text of the trap.
"""
import os
import re
import shutil
import subprocess

# How a trap is called there, and by the worker. Node has one text for some two causes: either will do.
TRAPS = [
    ('out of bounds table access', 'out of bounds'),
    ('table index is out of bounds', 'indirect call mismatch|out of bounds'),
    ('undefined table|uninitialized|null function|signature mismatch|indirect call', 'indirect call mismatch'),
    ('out of bounds', 'out of bounds'),
    ('divide by zero|remainder by zero', 'division by zero'),
    ('unrepresentable in integer', 'invalid conversion to integer|integer overflow'),
    ('overflow|unrepresentable', 'integer overflow'),
    ('invalid conversion', 'invalid conversion to integer'),
    ('unreachable', 'unreachable'),
    ('exhausted|call stack', 'stack overflow'),
]
HERE = os.path.dirname(os.path.abspath(__file__))


def commands():
    """Name -> command line; the later knows better where two say different things."""
    known = {'wasm-interp': ['wasm-interp', '--run-all-exports'], 'node': ['node', f'{HERE}/node.mjs']}
    return {name: line for name, line in known.items() if shutil.which(line[0])}


def exports(calls, functions):
    """calls: (function, arguments as numbers); functions: of the generator."""
    for i, (number, arguments) in enumerate(calls):
        parameters, results = functions[number].outer
        given = ' '.join(f'({type}.const {value})' for type, value in zip(parameters, arguments))
        yield f'(func (export "c{i}") (result {" ".join(results)}) (call $try.{number} {given}))'


def answer(text):
    if text.startswith('error: '):
        return next((words for there, words in TRAPS if re.search(there, text)), text)
    words = []
    for value in filter(None, text.split(', ')):
        type, number = value.split(':')
        words += [int(number) & 0xFFFFFFFF] + ([int(number) >> 32] if type == 'i64' else [])
    return tuple(words)


def ask(command, wasm, count):
    said = subprocess.run(command + [wasm], capture_output=True, text=True)
    found = {int(m[1]): m[2] for m in re.finditer(r'^c(\d+)\(\) => ?(.*)$', said.stdout, re.M)}
    if len(found) != count:
        raise RuntimeError(f'{command[0]} answers {len(found)} of {count} calls: {said.stderr.strip()[:200]}')
    return [answer(found[i]) for i in range(count)]


def is_same(ours, theirs):
    """ours: an end of the player's; theirs: an answer."""
    how, rest = ours
    if isinstance(theirs, str):
        return how == 'trapped' and rest in theirs.split('|')
    return how == 'returned' and tuple(int(word, 16) for word in rest.split()) == theirs
