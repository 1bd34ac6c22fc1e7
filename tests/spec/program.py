"""program.py: from a module and what is asked of it to a program that can be played: the same module with imports that
take and give words, and a _start that does one thing after the other for ever:

    take a number; do the step with that number: take its arguments, call, give its results

What a module imports from "spectest" is written out as what it is there: functions that do nothing, a table, a memory and
constants. Everything that no such program can do is Inexpressible, with the reason.
"""
import re

WORDS = {'i32': 1, 'i64': 2, 'f32': 1, 'f64': 2, 'v128': 4, 'funcref': 1, 'externref': 1}

# What spectest has, beside functions that begin with print.
SPECTEST = {
    'table': '10 20 funcref',
    'memory': '1 2',
    'global_i32': '(i32.const 666)',
    'global_i64': '(i64.const 666)',
    'global_f32': '(f32.const 666.6)',
    'global_f64': '(f64.const 666.6)',
}

IMPORTS = '''
(import "wasi_snapshot_preview1" "sched_yield" (func $play.take (result i32)))
(import "wasi_snapshot_preview1" "fd_close" (func $play.put (param i32) (result i32)))'''

# Words to values and back; those of vectors only where there are vectors.
VALUES = '''
(func $play.give.i32 (param i32) (drop (call $play.put (local.get 0))))
(func $play.give.i64 (param i64) (call $play.give.i32 (i32.wrap_i64 (local.get 0)))
  (call $play.give.i32 (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))))
(func $play.give.f32 (param f32) (call $play.give.i32 (i32.reinterpret_f32 (local.get 0))))
(func $play.give.f64 (param f64) (call $play.give.i64 (i64.reinterpret_f64 (local.get 0))))
(func $play.give.funcref (param funcref) (call $play.give.i32 (ref.is_null (local.get 0))))
(func $play.give.externref (param externref) (call $play.give.i32 (ref.is_null (local.get 0))))
(func $play.take.i32 (result i32) (call $play.take))
(func $play.take.i64 (result i64) (local i64) (local.set 0 (i64.extend_i32_u (call $play.take)))
  (i64.or (local.get 0) (i64.shl (i64.extend_i32_u (call $play.take)) (i64.const 32))))
(func $play.take.f32 (result f32) (f32.reinterpret_i32 (call $play.take)))
(func $play.take.f64 (result f64) (f64.reinterpret_i64 (call $play.take.i64)))
(func $play.take.funcref (result funcref) (drop (call $play.take)) (ref.null func))
(func $play.take.externref (result externref) (drop (call $play.take)) (ref.null extern))'''
VECTORS = '''
(func $play.give.v128 (param v128) (call $play.give.i64 (i64x2.extract_lane 0 (local.get 0)))
  (call $play.give.i64 (i64x2.extract_lane 1 (local.get 0))))
(func $play.take.v128 (result v128) (local i64) (local.set 0 (call $play.take.i64))
  (i64x2.replace_lane 1 (i64x2.splat (local.get 0)) (call $play.take.i64)))'''


class Inexpressible(Exception):
    pass


class Step:
    """One thing to do: call a function with arguments of these types, or get a global; and its results' types."""

    def __init__(self, kind, field, arguments, results):
        self.kind, self.field, self.arguments, self.results = kind, field, tuple(arguments), tuple(results)

    def key(self):
        return self.kind, self.field, self.arguments, self.results

    def text(self, number, target):
        takes = ' '.join(f'(call $play.take.{type})' for type in self.arguments)
        does = f'(call {target} {takes})' if self.kind == 'invoke' else f'(global.get {target})'
        results = range(len(self.results))
        keeps = ' '.join(f'(local.set {i})' for i in reversed(results))
        gives = ' '.join(f'(call $play.give.{self.results[i]} (local.get {i}))' for i in results)
        return f'(func $play.step.{number} (local {" ".join(self.results)}) {does} {keeps} {gives})'


def unescaped(name):
    """A name as it stands in a text, as what it is."""
    def one(match):
        return bytes([int(match[1], 16)]) if len(match[1]) == 2 else match[1]
    return re.sub(rb'\\([0-9a-f]{2}|.)', one, name.encode()).decode('utf-8', 'surrogateescape')


def words_of(value, type):
    """A number of so many bits as words, the lowest first."""
    return [value >> 32 * i & 0xFFFFFFFF for i in range(WORDS[type])]


def value_of(words):
    return sum(word << 32 * i for i, word in enumerate(words))


class Module:
    """A module's text (one field after the other, everything named), without its imports and exports."""

    def __init__(self, text):
        self.fields, self.exports, self.constants = [], {}, {}
        self.imports_from = set()
        body = text.rstrip()
        body = body[body.index('\n'):-1] if '\n' in body else ''
        for field in re.split(r'\n  (?=\()', body)[1:]:
            {'import': self.supply, 'export': self.export}.get(re.match(r'\((\w+)', field)[1], self.keep)(field)
        self.settle_constants()

    def keep(self, field):
        self.fields.append(field)

    def export(self, field):
        name, what = re.fullmatch(r'\(export "(.*)" \(\w+ (\S+)\)\)', field).groups()
        self.exports[unescaped(name)] = what

    def supply(self, field):
        where, name, kind, what, rest = re.fullmatch(r'\(import "(.*)" "(.*)" \((\w+) (\S+) ?(.*)\)\)', field).groups()
        if where != 'spectest':
            self.imports_from.add(where)
        elif kind == 'func' and name.startswith('print'):
            self.keep(f'(func {what} {rest})')
        elif kind == 'global' and name in SPECTEST and '(mut' not in rest:
            self.constants[what] = SPECTEST[name]
            self.keep(f'(global {what} {rest} {SPECTEST[name]})')
        elif name == kind:
            self.keep(f'({kind} {what} {SPECTEST[name]})')
        else:
            self.imports_from.add(f'spectest {name}')

    def settle_constants(self):
        """A constant expression may only name what is imported, and nothing of that is left."""
        for i, field in enumerate(self.fields):
            if self.constants and re.match(r'\((global|elem|data)', field):
                self.fields[i] = re.sub(r'\(global\.get (\S+?)\)', lambda m: self.constants.get(m[1], m[0]), field)

    def declared(self):
        """What was exported may be named by ref.func; without the exports it must be declared."""
        named = sorted({name for field in self.fields for name in re.findall(r'\bref\.func (\$[^\s()]+)', field)})
        return [f'(elem declare func {" ".join(named)})'] if named else []

    def program(self, steps):
        """Text of the program with these steps, which are numbered in their order."""
        if self.imports_from:
            raise Inexpressible('imports from another module')
        for step in steps:
            if step.field not in self.exports:
                raise Inexpressible('uses what the module does not export')
        functions = [step.text(i, self.exports[step.field]) for i, step in enumerate(steps)]
        choices = ' '.join(f'(if (i32.eq (local.get 0) (i32.const {i})) (then (call $play.step.{i}) (br 1)))'
                           for i in range(len(steps)))
        vectors = [VECTORS] if any('v128' in step.arguments + step.results for step in steps) else []
        start = f'(func $play (export "_start") (local i32) (loop (local.set 0 (call $play.take)) {choices} unreachable))'
        return '\n'.join(['(module', IMPORTS, *self.fields, *self.declared(), VALUES, *vectors, *functions, start, ')'])

