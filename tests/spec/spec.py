#!/usr/bin/env python3
"""spec.py: plays scripts of the specification's kind (.wast) through our compiler and our worker.

    spec.py [--build FOLDER] [--configurations all|few|'NAME ...'] [--only 'SCRIPT ...'] FOLDER...

wast2json takes a script apart. Each module becomes a program (program.py) that is compiled in every configuration
(workshop.py) and played; what its assertions expect is compared here. A module that must not be accepted goes to aotc with
an export added (binary.py). Counted are assertions: passed, failed, and those which cannot be expressed, with the reason.
Failures are printed. The last lines count everything: assertions, and as Check does, scripts in configurations.
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys

import binary
from program import Inexpressible, Module, Step, value_of, words_of
from workshop import DONE, REFUSED, UNFIT, WABT_FEATURES, Workshop

# What a script says of a trap (the beginning of it), and the worker's words for the same.
TRAPS = {
    'out of bounds': 'out of bounds',
    'undefined element': 'indirect call mismatch',
    'uninitialized': 'indirect call mismatch',
    'indirect call': 'indirect call mismatch',
    'integer divide by zero': 'division by zero',
    'integer overflow': 'integer overflow',
    'invalid conversion to integer': 'invalid conversion to integer',
    'unreachable': 'unreachable',
    'call stack exhausted': 'stack overflow',
}
NAN = {32: (0x7F800000, 0x400000), 64: (0x7FF << 52, 1 << 51)}  # all ones of the exponent, the quiet bit
CANNOT = 'uses .* cannot (translate|be translated)'  # aotc's words for what is refused by name
MUST_TRAP = 'assert_trap', 'assert_exhaustion'
PLAYED = ('assert_return', 'action') + MUST_TRAP


class Tally:
    def __init__(self):
        self.passed, self.failed, self.left_out = 0, [], collections.Counter()
        self.bad_scripts = set()

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.left_out += other.left_out
        self.bad_scripts |= other.bad_scripts

    def fail(self, configuration, script, line, what):
        self.failed.append(f'{configuration.name} {script}:{line}: {what}')
        self.bad_scripts.add(script)

    def __str__(self):
        why = ', '.join(f'{n} {reason}' for reason, n in sorted(self.left_out.items(), key=lambda item: -item[1]))
        return (f'{self.passed} passed, {len(self.failed)} failed, {sum(self.left_out.values())} not expressible'
                + (f' ({why})' if why else ''))


# --- values

FROM_OUTSIDE = 'references that only the outside can make'


def is_from_outside(value):
    return value['type'] == 'externref' and value.get('value', 'null') != 'null'


def lanes_of(value):
    """What a script gives as one value: a list of (bits of a lane, text)."""
    if value['type'] == 'v128':
        bits = int(value['lane_type'][1:])
        return [(bits, lane) for lane in value['value']]
    return [(int(value['type'][1:]) if value['type'][1:].isdigit() else 32, value.get('value'))]


def argument_words(value):
    if value['type'].endswith('ref'):
        if value.get('value') != 'null':
            raise Inexpressible(FROM_OUTSIDE)
        return [0]
    at, whole = 0, 0
    for bits, lane in lanes_of(value):
        whole |= (int(lane) & (1 << bits) - 1) << at
        at += bits
    return words_of(whole, value['type'])


def is_lane(found, bits, wanted, any_nan):
    if not wanted.startswith('nan:'):
        return found == int(wanted) & (1 << bits) - 1
    exponent, quiet = NAN[bits]
    magnitude = found & (1 << bits - 1) - 1
    if any_nan:
        return magnitude > exponent
    return magnitude == exponent | quiet if wanted == 'nan:canonical' else magnitude & (exponent | quiet) == exponent | quiet


def is_value(found, wanted, any_nan):
    if wanted['type'].endswith('ref'):
        return found == (wanted.get('value') == 'null')
    for bits, lane in lanes_of(wanted):
        if not is_lane(found & (1 << bits) - 1, bits, lane, any_nan):
            return False
        found >>= bits
    return True


def are_values(words, wanted, any_nan=False):
    for value in wanted:
        count = len(words_of(0, value['type']))
        if len(words) < count or not is_value(value_of(words[:count]), value, any_nan):
            return False
        words = words[count:]
    return not words


# --- one module and what is asked of it

class Play:
    """Commands for one instance of a module."""

    def __init__(self, script, command, folder):
        self.script, self.line = script, command['line']
        self.wasm = os.path.join(folder, command['filename'])
        self.commands, self.steps, self.calls = [], {}, []
        self.left_out = collections.Counter()
        self.must_not_start = command['type'] == 'assert_uninstantiable'
        self.module, self.spoilt = None, None

    def take(self, command):
        """A command for this instance; counted as left out when it cannot be expressed."""
        action = command['action']
        try:
            if self.spoilt:
                raise self.spoilt
            words = [word for value in action.get('args', []) for word in argument_words(value)]
            if any(is_from_outside(value) for value in command.get('expected', [])):
                raise Inexpressible(FROM_OUTSIDE)
        except Inexpressible as why:
            self.left_out[str(why)] += 1
            if command['type'] == 'action':
                self.spoilt = why  # what comes later needs what it would have done
            return
        step = Step(action['type'], action['field'], [v['type'] for v in action.get('args', [])],
                    [v['type'] for v in command.get('expected', [])])
        number = self.steps.setdefault(step.key(), (len(self.steps), step))[0]
        self.commands.append(command)
        self.calls.append((command['type'] in MUST_TRAP, [number, *words]))

    def everything(self):
        return len(self.commands) + 1

    def leave_out(self, reason):
        self.left_out[reason] += self.everything()
        self.module = None

    def read(self, shop):
        text = shop.text_of(self.wasm)
        if text is None:
            self.leave_out('wasm2wat cannot read it')
        else:
            self.module = Module(text)

    def cut(self, line):
        """From this line on the instance is shared with one that is not made."""
        n = sum(command['line'] < line for command in self.commands)
        self.left_out['shared with another module'] += len(self.commands) - n
        del self.commands[n:], self.calls[n:]

    def assemble(self, shop):
        """Makes the program, once for all configurations; False: it cannot be expressed."""
        try:
            if self.module:
                self.wasm = shop.assemble(self.module.program([step for number, step in self.steps.values()]))
        except Inexpressible as why:
            self.leave_out(str(why))
        except ValueError as why:
            self.leave_out('wat2wasm cannot write it')
            print(f'{self.script}:{self.line}: {why}')
        return self.module is not None

    def play(self, shop, configuration):
        tally = Tally()
        built = shop.build(configuration, self.wasm)
        if built.code == UNFIT:
            tally.left_out[f'unfit: {built.reason}'] += self.everything()
        elif built.code == REFUSED and self.must_not_start:
            tally.passed += 1
        elif built.code == REFUSED and re.search(CANNOT, built.reason):
            tally.left_out[re.search(CANNOT, built.reason)[0]] += self.everything()
        elif built.code != DONE:
            tally.fail(configuration, self.script, self.line, f'aotc {built.code}: {built.reason}')
        else:
            self.compare(shop.play(built.object, self.calls), tally, configuration)
            os.unlink(built.object)
        return tally

    def compare(self, ends, tally, configuration):
        starts = ends[0][0] in ('trapped', 'returned') and (ends[0][0] == 'trapped') == self.must_not_start
        for line, end, good, excuse in [(self.line, ends[0], starts, None)] + [
                (command['line'], end, is_end(command, end), excuse_of(command, end, configuration))
                for command, end in zip(self.commands, ends[1:])]:
            if good:
                tally.passed += 1
            elif excuse:
                tally.left_out[excuse] += 1
            else:
                tally.fail(configuration, self.script, line, ' '.join(end))


def is_end(command, end):
    how, rest = end
    if command['type'] in MUST_TRAP:
        return how == 'trapped' and any(command['text'].startswith(text) and rest == cause for text, cause in TRAPS.items())
    return how == 'returned' and (command['type'] == 'action' or
                                  are_values([int(word, 16) for word in rest.split()], command['expected']))


def excuse_of(command, end, configuration):
    """A deviation that is known, and said where objects are described."""
    if configuration.compiler == 'clang' and end[0] == 'returned' and any(
            lane == 'nan:arithmetic' for value in command.get('expected', []) for bits, lane in lanes_of(value)):
        if are_values([int(word, 16) for word in end[1].split()], command['expected'], any_nan=True):
            return "clang's: x*1 leaves a signalling NaN as it is"
    return None


# --- modules that must not be accepted

class Refusal:
    """A module that is no valid one."""

    def __init__(self, script, command, folder):
        self.script, self.line, self.text = script, command['line'], command['text']
        self.original = self.wasm = os.path.join(folder, command['filename'])

    def prepare(self, shop):
        with open(self.original, 'rb') as file:
            data = file.read()
        try:
            started = binary.with_start(data)
        except (binary.Unreadable, IndexError):
            return
        self.wasm = shop.path('wasm')
        with open(self.wasm, 'wb') as file:
            file.write(started)

    def play(self, shop, configuration):
        tally = Tally()
        built = shop.build(configuration, self.wasm)
        if built.code == REFUSED and re.search('no _start|which nothing provides', built.reason):
            tally.left_out['refused for imports or exports first'] += 1
        elif built.code == REFUSED:
            tally.passed += 1
        elif built.code == DONE and not shop.translates(configuration, self.original):
            tally.left_out['valid with the function or export that was added'] += 1
        else:
            tally.fail(configuration, self.script, self.line,
                       f'must be refused ({self.text}), aotc {built.code}: {built.reason}')
        return tally


# --- scripts

class Script:
    """What is to be done for one .wast file."""

    def __init__(self, shop, path):
        self.name, self.plays, self.refusals, self.left_out = os.path.basename(path)[:-5], [], [], collections.Counter()
        self.registered = []
        folder = shop.path('d')
        os.mkdir(folder)
        said = subprocess.run(['wast2json', *WABT_FEATURES, path, '-o', f'{folder}/x.json'], capture_output=True, text=True)
        if said.returncode:
            self.left_out['whole scripts that wast2json cannot read'] += 1
            return
        with open(f'{folder}/x.json') as file:
            self.read(json.load(file)['commands'], folder)

    def read(self, commands, folder):
        current, named = None, {}
        for command in commands:
            kind = command['type']
            if kind == 'module':
                current = Play(self.name, command, folder)
                named[command.get('name')] = current
                self.plays.append(current)
            elif kind == 'assert_uninstantiable':
                self.plays.append(Play(self.name, command, folder))
            elif kind in PLAYED:
                wanted = command['action'].get('module')
                (named.get(wanted) if wanted else current).take(command)
            elif kind == 'register':
                self.registered.append((command['as'], named.get(command.get('name'), current)))
            elif kind == 'assert_unlinkable':
                self.left_out['about linking'] += 1
            elif kind in ('assert_invalid', 'assert_malformed'):
                if command['module_type'] == 'text':
                    self.left_out['about the text format'] += 1
                else:
                    self.refusals.append(Refusal(self.name, command, folder))

    def prepare(self, shop):
        for play in self.plays:
            play.read(shop)
        for name, play in self.registered:
            sharers = [other.line for other in self.plays if other.module and name in other.module.imports_from]
            play.cut(min([line for line in sharers if line > play.line], default=play.line + 10**9))
        for play in self.plays:
            if not play.assemble(shop):
                self.left_out.update(play.left_out)
        self.plays = [play for play in self.plays if play.module]
        for refusal in self.refusals:
            refusal.prepare(shop)


def prepare(shop, folders, only):
    paths = sorted(path for folder in folders for path in glob.glob(f'{folder}/**/*.wast', recursive=True))
    paths = [path for path in paths if not only or os.path.basename(path)[:-5] in only]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        scripts = list(pool.map(lambda path: Script(shop, path), paths))
        list(pool.map(lambda script: script.prepare(shop), scripts))
    return scripts


def run(shop, scripts, configuration, with_refusals):
    tally = Tally()
    jobs = [play for script in scripts for play in script.plays]
    if with_refusals:
        jobs += [refusal for script in scripts for refusal in script.refusals]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(lambda job: job.play(shop, configuration), jobs):
            tally.add(result)
    for script in scripts:
        tally.left_out += script.left_out
        for play in script.plays:
            tally.left_out += play.left_out
    return tally


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build/out')
    parser.add_argument('--configurations', default='all')
    parser.add_argument('--only', default='')
    parser.add_argument('folders', nargs='+')
    options = parser.parse_args()
    shop = Workshop(options.build)
    configurations = shop.chosen(options.configurations)
    for what in shop.missing():
        print(f'left out, not there: {what}')
    scripts = prepare(shop, options.folders, options.only.split())
    passed = failed = bad = 0
    families = set()
    for configuration in configurations:
        tally = run(shop, scripts, configuration, configuration.family not in families)
        families.add(configuration.family)
        for line in tally.failed:
            print(line)
        print(f'{configuration.name}: {tally}', flush=True)
        passed, failed, bad = passed + tally.passed, failed + len(tally.failed), bad + len(tally.bad_scripts)
    shop.close()
    checks = len(scripts) * len(configurations)
    print(f'{100 * (checks - bad) // max(checks, 1)}%: Checks: {checks}, Failures: {bad}, Errors: 0')
    print(f'{passed} passed, {failed} failed')
    return failed != 0 or passed == 0


if __name__ == '__main__':
    sys.exit(main())
