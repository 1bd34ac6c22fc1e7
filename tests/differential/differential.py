#!/usr/bin/env python3
"""differential.py: generated modules, through our compiler and worker and through other implementations.

    differential.py [--build FOLDER] [--functions N] [--seed N] [--module N] [--configuration NAME]

Each module (generate.py) has up to FUNCTIONS functions, called CALLS times with edges and chance as arguments. Every
module goes through the quick tier, where there is one, and OTHERS more configurations in turn; each second module has
vectors if a translator knows them. A call that gives something else than the oracles (oracle.py) say is a failure: its module is made
smaller as long as it still fails, and kept. The seed is printed; --module N makes only that module again.
"""
import argparse
import concurrent.futures
import os
import re
import sys
import time

sys.path.insert(0, f'{os.path.dirname(os.path.abspath(__file__))}/../spec')

import oracle
from generate import Generator
from program import Module, Step, words_of
from workshop import DONE, UNFIT, Workshop

FUNCTIONS, CALLS, OTHERS = 250, 4, 1
TRIES = 120  # to make a failing module smaller


class Case:
    """One module, the calls of it, and what they should give."""

    def __init__(self, shop, seed, index, functions, vectors):
        self.shop, self.index, self.vectors = shop, index, vectors
        self.generator = Generator(f'{seed}.{index}', functions, vectors)
        self.calls = [(number, self.generator.arguments(number)) for number in range(functions) for _ in range(CALLS)]
        self.strange = []

    def module(self, keep=None):
        return '\n'.join(self.generator.fields(keep))

    def ask(self, calls, keep=None):
        """What the best oracle says; where they differ, the calls are noted."""
        fields = self.module(keep)
        wasm = self.shop.assemble(f'(module\n{fields}\n' + '\n'.join(oracle.exports(calls, self.generator.functions)) + ')')
        answers = [oracle.ask(command, wasm, len(calls)) for command in oracle.commands().values()]
        for i, each in enumerate(zip(*answers)):
            if is_answer(each[0], each[-1]):
                answers[-1][i] = each[0]  # tells causes apart
            else:
                self.strange.append((calls[i], each))
        return answers[-1]

    def program(self, keep=None):
        """The module as a program, a step for each function."""
        module = Module('(module\n)')
        module.fields = list(self.generator.fields(keep))
        functions = self.generator.functions
        module.exports = {f'try.{i}': f'$try.{i}' for i in range(len(functions))}
        return self.shop.assemble(module.program([Step('invoke', f'try.{i}', *f.outer) for i, f in enumerate(functions)]))

    def words(self, call):
        number, arguments = call
        types = self.generator.functions[number].outer[0]
        return [number] + [word for type, value in zip(types, arguments) for word in words_of(value, type)]

    def play(self, configuration, wasm, calls, answers):
        """None when there is no object; else the calls that differ, with both answers."""
        built = self.shop.build(configuration, wasm)
        if built.code == UNFIT:
            return None
        if built.code != DONE:
            return [(calls[0], ('aotc', f'{built.code}: {built.reason}'), '')]
        ends = self.shop.play(built.object, [(isinstance(answer, str), self.words(call)) for call, answer in zip(calls, answers)])
        os.unlink(built.object)
        differ = [row for row in zip(calls, ends[1:], answers) if not oracle.is_same(*row[1:])]
        return differ if ends[0][0] == 'returned' else [(calls[0], ends[0], 'to begin')]

    # --- made smaller

    def fails(self, configuration, call, keep):
        try:
            answers = self.ask([call], keep)
            return bool(self.play(configuration, self.program(keep), [call], answers))
        except (ValueError, RuntimeError):
            return False

    def callees(self, number):
        function = self.generator.functions[number]
        return {int(n) for n in re.findall(r'call \$f(\d+)', ' '.join(function.statements + function.values))}

    def circles(self, number):
        """The function; it and what it calls; and so on until all."""
        circle, everything = {number}, set(range(len(self.generator.functions)))
        while True:
            yield circle
            wider = circle.union(*map(self.callees, circle))
            if circle == everything:
                return
            circle = wider if wider != circle else everything

    def shrink(self, configuration, call):
        """The functions that must keep their bodies, and of these the statements that must stay."""
        keep = next((circle for circle in self.circles(call[0]) if self.fails(configuration, call, circle)), None)
        if keep is None:
            return set(range(len(self.generator.functions)))  # it takes more than this call
        tries = iter(range(TRIES, 0, -1))
        size = len(keep) - 1
        while size:
            for at in range(0, len(self.generator.functions), size):
                fewer = keep - (set(range(at, at + size)) - {call[0]})
                if fewer != keep and next(tries, None) and self.fails(configuration, call, fewer):
                    keep = fewer
            size //= 2
        for number in keep:
            function = self.generator.functions[number]
            for statement in list(function.statements):
                rest = [other for other in function.statements if other is not statement]
                whole, function.statements = function.statements, rest
                if not next(tries, None) or not self.fails(configuration, call, keep):
                    function.statements = whole
        return keep

    def keep(self, folder, configuration, row):
        """Writes what is left of the module into folder; the path."""
        (number, arguments), ours, theirs = row
        kept = self.shrink(configuration, (number, arguments))
        path = f'{folder}/{self.index}-{configuration.name.replace("/", "-")}-f{number}.wat'
        os.makedirs(folder, exist_ok=True)
        with open(path, 'w') as file:
            file.write(f';; {configuration.name}: $try.{number} {" ".join(map(str, arguments))}: '
                       f'{" ".join(ours)}, not {theirs}; only {sorted(kept)} have bodies\n(module\n{self.module(kept)})\n')
        return path


def is_answer(one, other):
    """Do two oracles say the same?"""
    if isinstance(one, str) and isinstance(other, str):
        return bool(set(one.split('|')) & set(other.split('|')))
    return one == other


def try_module(build, seed, index, functions, folder, only=None):
    """(calls compared, lines to print, failures) of one module."""
    shop = Workshop(build)
    try:
        there = shop.configurations()
        vectors = index % 2 == 1 and any(c.family == 'newer' for c in there)
        if vectors:
            there = [c for c in there if c.family == 'newer']
        others = [c for c in there if c.tier != 'quick']
        quick = [c for c in there if c.tier == 'quick']
        turn = index // 2
        chosen = quick[turn % len(quick):][:1] if quick else []
        chosen += [others[(turn * OTHERS + i) % len(others)] for i in range(OTHERS)]
        case = Case(shop, seed, index, functions, vectors)
        wasm = case.program()
        answers = case.ask(case.calls)
        compared, lines, failures = 0, [], 0
        if case.strange:
            call, each = case.strange[0]
            lines.append(f'module {index}: the oracles differ in {len(case.strange)} calls: $try.{call[0]} {call[1]}: {each}')
        for configuration in chosen:
            if only and configuration.name != only:
                continue
            differ = case.play(configuration, wasm, case.calls, answers)
            compared += 0 if differ is None else len(case.calls)
            if differ:
                failures += 1
                path = case.keep(folder, configuration, differ[0])
                (number, arguments), ours, theirs = differ[0]
                lines.append(f'module {index}: {configuration.name}: {len(differ)} calls differ: $try.{number} {arguments} '
                             f'{ours}, not {theirs}: {path}')
        traps = sum(isinstance(answer, str) for answer in answers)
        return compared, traps, lines, failures, [c.name for c in chosen]
    finally:
        shop.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build/out')
    parser.add_argument('--functions', type=int, default=2000)
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--module', type=int)
    parser.add_argument('--configuration')
    options = parser.parse_args()
    folder = f'{options.build}/differential/{options.seed}'
    count = -(-options.functions // FUNCTIONS)
    each = -(-options.functions // count)
    modules = range(count) if options.module is None else [options.module]
    print(f'seed {options.seed}: {options.functions} functions, {len(modules)} modules; oracles: {", ".join(oracle.commands())}')
    compared = traps = failures = 0
    used = set()
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(try_module, options.build, options.seed, i, each, folder, options.configuration) for i in modules]
        for job in jobs:
            more, trapped, lines, bad, names = job.result()
            compared, traps, failures = compared + more, traps + trapped, failures + bad
            used.update(names)
            for line in lines:
                print(line, flush=True)
    print(f'{compared} calls compared, {traps} of the modules\' calls trap; {", ".join(sorted(used))}')
    print(f'{100 * (len(modules) - min(failures, len(modules))) // len(modules)}%: Checks: {len(modules)}, '
          f'Failures: {min(failures, len(modules))}, Errors: 0')
    return failures != 0 or compared == 0


if __name__ == '__main__':
    sys.exit(main())
