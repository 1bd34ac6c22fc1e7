#!/usr/bin/env python3
"""Writes hostile modules, each with what has to become of it.

    evil.py [--big] FOLDER

FOLDER gets NAME.wasm for every module and a file `expected`, a line each, fields separated by tabs:

    NAME  accepted  END            is compiled; a run of it ENDs: exits, loops (until stopped), traps CAUSE
    NAME  refused   REGEX          is refused, with a reason in which REGEX is found
    NAME  needs     FEATURE REGEX  accepted if `aotc --toolchain` lists FEATURE (a run exits), else refused like that
    NAME  either    -              a matter of time and memory: compiled or refused, but within the limits

CAUSE is one of the words of trap_text(). --big adds modules of up to tens of megabytes.
"""
import os
import random
import sys

I32, I64, F32, V128, FUNCREF, EXTERNREF = 0x7F, 0x7E, 0x7D, 0x7B, 0x70, 0x6F
CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT, TAG = range(14)
ORDER = [TYPE, IMPORT, FUNCTION, TABLE, MEMORY, TAG, GLOBAL, EXPORT, START, ELEMENT, DATA_COUNT, CODE, DATA]
HEADER = b'\0asm\1\0\0\0'
WASI = 'wasi_snapshot_preview1'


# --- pieces of the binary format

def u(n):
    """An unsigned number (LEB128)."""
    out = b''
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def s(n):
    """A signed number."""
    out = b''
    while not -64 <= n <= 63:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n & 0x7F])


def vec(items):
    return u(len(items)) + b''.join(items)


def sized(bytes_):
    return u(len(bytes_)) + bytes_


def name(text):
    return sized(text.encode() if isinstance(text, str) else text)


def section(number, bytes_):
    return bytes([number]) + sized(bytes_)


def signature(params=(), results=()):
    return b'\x60' + vec([bytes([p]) for p in params]) + vec([bytes([r]) for r in results])


def i32(n):
    return b'\x41' + s(n)


def body(code=b'', locals_=()):
    """locals_: pairs of how many and what type."""
    return sized(vec([u(n) + bytes([t]) for n, t in locals_]) + code + b'\x0b')


def export(text, index=0, kind=0):
    return name(text) + bytes([kind]) + u(index)


def imported(module_name, field, type_=0):
    return name(module_name) + name(field) + b'\0' + u(type_)


def active(offset, data):
    return b'\0' + i32(offset) + b'\x0b' + sized(data)


def passive(data):
    return b'\1' + sized(data)


def elements(offset, indices):
    return b'\0' + i32(offset) + b'\x0b' + vec([u(i) for i in indices])


def module(code=b'', locals_=(), more=(), types=(), of=None, exports=(), custom=(), sections=None):
    """
    A program whose function 0 is _start. more: bodies of further functions; of: the types of all; types: those after
    type 0, () -> (). sections: bodies of whole sections, instead of the ordinary ones; None leaves one out.
    """
    bodies = [body(code, locals_), *more]
    parts = {
        TYPE: vec([signature(), *types]),
        FUNCTION: vec([u(t) for t in of or [0] * len(bodies)]),
        MEMORY: vec([b'\0\1']),
        EXPORT: vec([export('_start'), *exports]),
        CODE: vec(bodies),
    }
    parts.update(sections or {})
    out = [HEADER] + [section(n, parts[n]) for n in ORDER if parts.get(n) is not None]
    return b''.join(out + [section(CUSTOM, name(n) + b) for n, b in custom])


# --- what has to become of them

modules = {}


def add(name_, verdict, detail, bytes_):
    assert name_ not in modules, name_
    modules[name_] = (verdict, detail, bytes_)


def accepted(name_, bytes_, end='exits'):
    add(name_, 'accepted', end, bytes_)


def refused(name_, reason, bytes_):
    add(name_, 'refused', reason, bytes_)


def needs(name_, feature, reason, bytes_):
    add(name_, 'needs', feature + '\t' + reason, bytes_)


def either(name_, bytes_):
    add(name_, 'either', '-', bytes_)


PLAIN = module()
DROP, UNREACHABLE, RETURN, NOP = b'\x1a', b'\0', b'\x0f', b'\1'
BLOCK, LOOP, IF, ELSE, END = b'\2\x40', b'\3\x40', b'\4\x40', b'\5', b'\x0b'
LOCAL_0 = b'\x20\0'


def unless_equal(value):
    """Traps unless the i32 on the stack is value."""
    return i32(value) + b'\x47' + IF + UNREACHABLE + END


def not_modules():
    other = 'is not a WebAssembly module'
    accepted('plain', PLAIN)
    refused('empty', other, b'')
    refused('magic', other, b'\0asn' + PLAIN[4:])
    refused('text', other, b'(module (func (export "_start")))\n')
    refused('elf', other, b'\x7fELF\2\1\1' + bytes(57))
    refused('version', 'another version', b'\0asm\2\0\0\0' + PLAIN[8:])
    refused('component', 'component', b'\0asm\x0d\0\1\0' + PLAIN[8:])
    refused('header_only', 'has no _start', HEADER)
    refused('cut_short', 'malformed', PLAIN[:-3])
    refused('zeros', 'malformed', HEADER + bytes(1000))


def malformed():
    def bad(name_, bytes_):
        refused(name_, 'malformed at byte', bytes_)

    types = section(TYPE, vec([signature()]))
    bad('number_too_long', HEADER + b'\1\xff\xff\xff\xff\x7f')
    bad('number_unused_bits', HEADER + b'\1\x81\x80\x80\x80\x10\0')
    bad('number_endless', HEADER + b'\1' + b'\x80' * 100000)
    bad('count_4g_types', HEADER + section(TYPE, u(0xFFFFFFFF)))
    bad('count_256m_functions', HEADER + types + section(FUNCTION, u(0x0FFFFFFF) + bytes(10)))
    bad('section_beyond_end', HEADER + b'\1\xff\xff\xff\xff\x0f')
    bad('section_twice', HEADER + types + types)
    bad('section_out_of_order', HEADER + section(FUNCTION, vec([])) + section(TYPE, vec([])))
    bad('section_unknown', PLAIN + section(14, b''))
    bad('section_left_over', module(sections={TYPE: vec([signature()]) + b'\0'}))
    bad('custom_without_name', PLAIN + section(CUSTOM, b''))
    bad('custom_name_not_utf8', module(custom=[(b'\xff\xfe', b'')]))
    bad('export_not_utf8', module(exports=[export(b'\xc0\x80')]))
    bad('export_surrogate', module(exports=[export(b'\xed\xa0\x80')]))
    bad('body_without_end', module(sections={CODE: vec([sized(b'\0\1')])}))
    bad('body_empty', module(sections={CODE: vec([sized(b'')])}))
    bad('body_goes_on', module(END + NOP))
    bad('body_size_lies', module(sections={CODE: b'\1\x7f\0\x0b'}))
    bad('bodies_lacking', module(sections={FUNCTION: vec([u(0), u(0)])}))
    bad('bodies_absent', HEADER + types + section(FUNCTION, vec([u(0)])))
    bad('functions_absent', module(sections={FUNCTION: None}))
    bad('type_range', module(sections={FUNCTION: vec([u(7)])}))
    bad('export_range', module(exports=[export('x', 99)]))
    bad('start_range', module(sections={START: u(7)}))
    bad('call_range', module(b'\x10\x07'))
    bad('branch_range', module(b'\x0c\x07'))
    bad('block_type_range', module(b'\2\x07\x0b'))
    bad('value_type_unknown', module(locals_=[(1, 0x11)]))
    bad('memory_least_above_most', module(sections={MEMORY: vec([b'\1\2\1'])}))
    bad('element_table_range', module(sections={ELEMENT: vec([elements(0, [0])])}))
    bad('element_function_range', module(sections={TABLE: vec([b'\x70\0\1']), ELEMENT: vec([elements(0, [9])])}))
    bad('element_form', module(sections={TABLE: vec([b'\x70\0\1']), ELEMENT: vec([b'\x08'])}))
    bad('data_form', module(sections={DATA: vec([b'\3'])}))
    bad('data_without_memory', module(sections={MEMORY: None, DATA: vec([active(0, b'x')])}))
    bad('data_count_lies', module(sections={DATA_COUNT: u(3), DATA: vec([active(0, b'x')])}))
    bad('data_count_lacking', module(b'\xfc\x09\0', sections={DATA: vec([passive(b'x')])}))
    bad('code_without_memory', module(i32(0) + b'\x28\2\0' + DROP, sections={MEMORY: None}))


def limits():
    accepted('locals_50000', module(locals_=[(50000, I32)]))
    for n in (50001, 1000000, 10000000, 50000000, 0xFFFFFFFF):
        refused('locals_%d' % n, r'has \d+ locals, more than', module(locals_=[(n, I32)]))
    refused('locals_2_to_64', 'locals, more than', module(locals_=[(0xFFFFFFFF, I64)] * 40))
    refused('locals_in_all', 'locals in all', module(more=[body(b'', [(40000, I32)])] * 30))
    accepted('blocks_nested_999', module(BLOCK * 999 + END * 999))
    accepted('loops_nested_999', module(LOOP * 999 + END * 999))
    accepted('ifs_nested_100', module((i32(1) + IF) * 100 + END * 100))
    for n in (1000, 100000):
        refused('blocks_nested_%d' % n, 'nests deeper', module(BLOCK * n + END * n))
    refused('ifs_nested_10000', 'nests deeper', module((i32(1) + IF) * 10000 + END * 10000))
    refused('loops_nested_10000', 'nests deeper', module(LOOP * 10000 + END * 10000))
    accepted('targets_1000', module(BLOCK + i32(5) + b'\x0e' + u(1000) + bytes(1001) + END))
    refused('targets_65521', 'branch table', module(BLOCK + i32(5) + b'\x0e' + u(65521) + bytes(65522) + END))
    accepted('parameters_1000', module(types=[signature([I64] * 1000)], of=[0, 1], more=[body()]))
    refused('parameters_1001', 'parameters in one type', module(types=[signature([I64] * 1001)]))
    accepted('results_1000', module(types=[signature((), [I32] * 1000)], of=[0, 1], more=[body(i32(1) * 1000)]))
    refused('results_1001', 'results in one type', module(types=[signature((), [I32] * 1001)]))
    accepted('types_1000', module(types=[signature([I32] * (i % 20), [I64] * (i % 2)) for i in range(999)]))
    refused('types_100001', 'types, more than', module(types=[signature()] * 100000))
    accepted('functions_1000', module(more=[body()] * 999))
    accepted('globals_1000', module(sections={GLOBAL: vec([b'\x7f\1\x41\0\x0b'] * 1000)}))
    refused('globals_100001', 'globals, more than', module(sections={GLOBAL: vec([b'\x7f\1\x41\0\x0b'] * 100001)}))
    accepted('exports_10000', module(exports=[export('e%d' % i) for i in range(10000)]))
    refused('imports_10001', 'imports, more than',
            module(types=[signature([I32], [I32])], sections={IMPORT: vec([imported(WASI, 'fd_close', 1)] * 10001)}))
    accepted('memory_65536', module(sections={MEMORY: vec([b'\0' + u(65536)])}))
    refused('memory_65537', 'memory pages', module(sections={MEMORY: vec([b'\0' + u(65537)])}))
    refused('memory_most_65537', 'memory pages at most', module(sections={MEMORY: vec([b'\1\0' + u(65537)])}))
    accepted('memory_absent', module(sections={MEMORY: None}))
    accepted('memory_empty', module(sections={MEMORY: vec([b'\0\0'])}))
    accepted('table_100000', module(sections={TABLE: vec([b'\x70\0' + u(100000)])}))
    accepted('table_most_4g', module(sections={TABLE: vec([b'\x70\1\1' + u(0xFFFFFFFF)])}))
    refused('table_10000001', 'table entries', module(sections={TABLE: vec([b'\x70\0' + u(10000001)])}))
    refused('table_4g', 'table entries', module(sections={TABLE: vec([b'\x70\0' + u(0xFFFFFFFF)])}))
    refused('tables_entries_in_all', 'table entries',
            module(sections={TABLE: vec([b'\x70\0' + u(6000000), b'\x6f\0' + u(6000000)])}))
    refused('tables_65', 'tables, more than', module(sections={TABLE: vec([b'\x70\0\1'] * 65)}))
    accepted('unreachable_10000', module(UNREACHABLE * 10000), 'traps unreachable')
    accepted('nop_1000000', module(NOP * 1000000))
    either('straight_10000', module(arithmetic(10000), [(200, I32)]))
    either('branches_1000', module(branches(1000), [(100, I32)]))
    either('ifs_nested_999', module((i32(1) + IF) * 999 + END * 999))
    either('blocks_with_targets', module(BLOCK * 900 + LOCAL_0 + b'\x0e' + u(899) + b''.join(u(i) for i in range(900)) +
                                         (END + LOCAL_0 + i32(1) + b'\x6a\x21\0') * 900, [(1, I32)]))
    either('inlining_bomb', module(more=[body(LOCAL_0 + (b'\x10' + u(i + 2)) * 6 if i < 12 else LOCAL_0 + i32(3) + b'\x6c')
                                         for i in range(13)],
                                   types=[signature([I32], [I32])], of=[0] + [1] * 13))


def arithmetic(n):
    """n statements `a = b op c` over 200 locals."""
    pick, out = random.Random(1), []
    for _ in range(n):
        a, b, c = (u(pick.randrange(200)) for _ in range(3))
        out.append(b'\x20' + a + b'\x20' + b + bytes([pick.choice(b'\x6a\x6b\x6c\x71\x72\x73')]) + b'\x21' + c)
    return b''.join(out)


def branches(n):
    """n statements `if (a) b = load(c) else store(c, b)` over 100 locals."""
    pick, out = random.Random(2), []
    for _ in range(n):
        a, b, c = (u(pick.randrange(100)) for _ in range(3))
        out.append(b'\x20' + a + IF + b'\x20' + b + b'\x28\2\0\x21' + c + ELSE + b'\x20' + b + b'\x20' + c +
                   b'\x36\2\0' + END)
    return b''.join(out)


def memory_and_tables():
    table = {TABLE: vec([b'\x70\0\4'])}
    accepted('data_256k', module(i32(65536) + b'\x2d\0\0' + unless_equal(0x5A),
                                 sections={MEMORY: vec([b'\0\5']), DATA: vec([active(1, b'\x5a' * 262144)])}))
    accepted('data_later_wins', module(i32(5) + b'\x2d\0\0' + unless_equal(ord('y')),
                                       sections={DATA: vec([active(0, b'x' * 9), active(5, b'y')])}))
    accepted('data_zeros_win', module(i32(5) + b'\x2d\0\0' + unless_equal(0),
                                      sections={DATA: vec([active(0, b'x' * 9), active(4, bytes(4))])}))
    accepted('data_last_byte', module(i32(65535) + b'\x2d\0\0' + unless_equal(7),
                                      sections={DATA: vec([active(65535, b'\7')])}))
    accepted('data_nothing_at_the_end', module(sections={DATA: vec([active(65536, b'')])}))
    refused('data_nothing_beyond_the_end', "beyond the memory's 65536", module(sections={DATA: vec([active(65537, b'')])}))
    refused('data_beyond_the_end', "beyond the memory's 65536", module(sections={DATA: vec([active(65535, b'ab')])}))
    refused('data_negative', "beyond the memory's", module(sections={DATA: vec([active(-1, b'a')])}))
    refused('data_scattered', 'scattered', module(sections={
        MEMORY: vec([b'\0' + u(32768)]), DATA: vec([active(i << 20, b'x') for i in range(2000)])}))
    accepted('data_300_islands', module(i32(299 << 13) + b'\x2d\0\0' + unless_equal(ord('i')), sections={
        MEMORY: vec([b'\0' + u(64)]), DATA: vec([active(i << 13, b'i' * 2048) for i in range(300)])}))
    accepted('data_at_own_global', module(i32(12) + b'\x2d\0\0' + unless_equal(ord('g')), sections={
        GLOBAL: vec([b'\x7f\0\x41\x0c\x0b']), DATA: vec([b'\0\x23\0\x0b\1g'])}))
    accepted('data_at_calculated', module(i32(14) + b'\x2d\0\0' + unless_equal(ord('c')), sections={
        DATA: vec([b'\0' + i32(4) + i32(3) + b'\x6c' + i32(-2) + b'\x6b\x0b\1c'])}))
    refused('data_at_mutable_global', 'not constant', module(sections={
        GLOBAL: vec([b'\x7f\1\x41\x0c\x0b']), DATA: vec([b'\0\x23\0\x0b\1g'])}))
    refused('data_at_i64', 'wrong type', module(sections={DATA: vec([b'\0\x42\0\x0b\1g'])}))
    refused('data_at_call', 'not constant', module(sections={DATA: vec([b'\0\x10\0\x0b\1g'])}))
    refused('constant_too_deep', 'too deep', module(sections={
        GLOBAL: vec([b'\x7f\0' + i32(1) * 1000 + b'\x6a' * 999 + b'\x0b'])}))
    accepted('constant_long', module(b'\x23\0' + unless_equal(5001), sections={
        GLOBAL: vec([b'\x7f\0' + i32(1) + (i32(1) + b'\x6a') * 5000 + b'\x0b'])}))
    init = i32(8) + i32(1) + i32(2) + b'\xfc\x08\1\0' + i32(8) + b'\x2f\0\0' + unless_equal(0x6362)
    both = {DATA_COUNT: u(2), DATA: vec([active(0, b'active'), passive(b'abcd')])}
    accepted('passive_read', module(init, sections=both))
    accepted('passive_dropped', module(b'\xfc\x09\1' + init, sections=both), 'traps out of bounds')
    accepted('active_is_dropped', module(i32(8) + i32(0) + i32(1) + b'\xfc\x08\0\0', sections=both),
             'traps out of bounds')
    accepted('active_reads_nothing', module(i32(8) + i32(0) + i32(0) + b'\xfc\x08\0\0', sections=both))
    refused('passive_too_much', 'bytes of passive data', module(init, sections={
        DATA_COUNT: u(2), DATA: vec([passive(b'x'), passive(b'y' * (1 << 20))])}))
    accepted('passive_never_read', module(sections={DATA_COUNT: u(1), DATA: vec([passive(b'y' * (1 << 20))])}))
    call = b'\x11\0\0'
    accepted('element_called', module(i32(3) + call, more=[body()], sections={
        **table, ELEMENT: vec([elements(3, [1])])}))
    accepted('element_null', module(i32(2) + call, sections={**table, ELEMENT: vec([elements(3, [0])])}),
             'traps indirect call mismatch')
    accepted('element_other_type', module(i32(0) + call, types=[signature([], [I32])], of=[0, 1], more=[body(i32(1))],
                                          sections={**table, ELEMENT: vec([elements(0, [1])])}),
             'traps indirect call mismatch')
    accepted('element_beyond_table', module(i32(4) + call, sections=table), 'traps indirect call mismatch')
    accepted('element_far_beyond_table', module(i32(-1) + call, sections=table), 'traps indirect call mismatch')
    refused('element_too_far', 'element segment 0 fills', module(sections={**table, ELEMENT: vec([elements(4, [0])])}))
    refused('element_negative', 'element segment 0 fills', module(sections={**table, ELEMENT: vec([elements(-1, [0])])}))
    accepted('element_at_own_global', module(i32(2) + call, more=[body()], sections={
        **table, GLOBAL: vec([b'\x7f\0\x41\2\x0b']), ELEMENT: vec([b'\0\x23\0\x0b\1\1'])}))
    accepted('tables_two', module(i32(1) + b'\x11\0\1', more=[body()], sections={
        TABLE: vec([b'\x70\0\4', b'\x70\0\2']), ELEMENT: vec([b'\2\1' + i32(1) + b'\x0b\0\1\1'])}))
    accepted('table_of_externs', module(i32(0) + b'\x25\0\xd1' + unless_equal(1), sections={TABLE: vec([b'\x6f\0\1'])}))
    accepted('table_set', module(i32(1) + b'\xd2\1\x26\0' + i32(1) + call, more=[body()], exports=[export('f', 1)],
                                 sections=table))
    accepted('table_grows', module(b'\xd0\x70' + i32(1000) + b'\xfc\x0f\0' + unless_equal(4), sections=table))
    accepted('table_grows_too_far', module(b'\xd0\x70' + i32(-2) + b'\xfc\x0f\0' + unless_equal(-1), sections=table))
    accepted('table_initialised', module(
        i32(0) + i32(0) + i32(1) + b'\xfc\x0c\0\0' + i32(0) + call, more=[body()],
        sections={**table, ELEMENT: vec([b'\1\0\1\1'])}))
    accepted('table_expressions', module(i32(1) + call, more=[body()], sections={
        **table, ELEMENT: vec([b'\4' + i32(0) + b'\x0b\2\xd0\x70\x0b\xd2\1\x0b'])}))


def imports_and_exports():
    close = signature([I32], [I32])

    def importing(*imports, **more):
        return module(exports=[], types=[close], sections={
            IMPORT: vec(imports), EXPORT: vec([export('_start', len(imports))]), **more})

    accepted('import_twice', importing(imported(WASI, 'fd_close', 1), imported(WASI, 'fd_close', 1)))
    refused('import_unknown', 'imports env.foo, which nothing provides', importing(imported('env', 'foo')))
    refused('import_wrong_type', r'fd_write with type \(i32\) -> i32, but it is \(i32, i32, i32, i32\) -> i32',
            importing(imported(WASI, 'fd_write', 1)))
    refused('import_two_types', r'fd_close with type \(\) -> \(\), but',
            importing(imported(WASI, 'fd_close', 1), imported(WASI, 'fd_close', 0)))
    refused('import_function_as_global', 'a global: only functions',
            importing(imported(WASI, 'fd_close', 1), name(WASI) + name('fd_close') + b'\3\x7f\0'))
    refused('import_of_runtime', 'which nothing provides', importing(imported('wasm_rt', 'trap')))
    refused('import_of_canonical_name', 'imports h.i0, which nothing provides', importing(imported('h', 'i0')))
    refused('import_of_nothing', 'which nothing provides', importing(imported('', '')))
    refused('import_memory', 'imports env.m, a memory', importing(name('env') + name('m') + b'\2\0\1'))
    refused('import_table', 'imports env.t, a table', importing(name('env') + name('t') + b'\1\x70\0\1'))
    refused('import_tag', 'imports env.e, a tag', importing(name('env') + name('e') + b'\4\0\0'))
    refused('export_twice', 'exports x twice', module(exports=[export('x'), export('y'), export('x')]))
    refused('no_start', 'has no _start: not a command', module(sections={EXPORT: vec([export('main')])}))
    refused('reactor', r'_initialize with type', module(
        LOCAL_0, types=[close], of=[1], sections={EXPORT: vec([export('_initialize')])}))
    refused('start_is_memory', '_start, but not as a function', module(sections={EXPORT: vec([export('_start', 0, 2)])}))
    refused('start_of_type', r'_start with type \(i32\) -> i32', module(
        LOCAL_0, types=[close], of=[1]))
    accepted('exports_everything', module(sections={
        TABLE: vec([b'\x70\0\1']), GLOBAL: vec([b'\x7f\1\x41\0\x0b']),
        EXPORT: vec([export('_start'), export('memory', 0, 2), export('table', 0, 1), export('global', 0, 3)])}))


PAYLOADS = [
    'a */ int pwn1=1; /*', '*/\nint pwn2=1;\n/*', '*/\n__attribute__((constructor)) void pwn3(void){}\n/*',
    '*/\n__asm__(".incbin \\"/etc/shadow\\"");\n/*', '*/\n#include "/etc/shadow"\n/*', '\n#error pwned\n',
    '\n#pragma GCC poison int\n', '"; int pwn4=1; //', "'", '\\', 'foo\\\n', '??/', '??/\n', '%s%n%n%n', '$(id)', '`id`',
    '; rm -rf /', '../../../../etc/passwd', '/dev/null', '-o', '--help', '@/etc/passwd', 'a\0b', '\0', '', '\r\n', '\t',
    '\x1b[2J\x1b]0;pwned\x07', '\u202e evil', '\u2028', '\ufeff', '\u00e9\u4e2d\U0001f600', '\U0010ffff', 'main', '_init',
    '_fini', 'malloc', 'memcpy', 'exit', 'wasm_rt_trap', 'wasm_rt_grow_memory', '__libc_start_main', 'rs_object_run',
    'rs_object_instantiate', 'rs_instance', 'int', 'return', 'goto', '__attribute__', '__asm__', '$', 'instance', 'h', 'i0',
    'e0', 'Z_', 'w2c_', 'a_b', 'a__b', 'a.b', 'a-b', 'aZ5Fb', 'x' * 65536,
]


def names():
    accepted('names_exported', module(exports=[export(p) for p in PAYLOADS]))
    accepted('names_of_sections', module(custom=[(p, p.encode()) for p in PAYLOADS]))
    payloads = [name(p) for p in PAYLOADS]
    functions_ = section(1, vec([u(i) + p for i, p in enumerate(payloads)]))
    many = [body()] * (len(PAYLOADS) - 1)
    accepted('names_of_functions', module(more=many, custom=[('name', functions_)]))
    accepted('names_of_locals', module(locals_=[(len(PAYLOADS), I32)], custom=[
        ('name', section(2, vec([u(0) + vec([u(i) + p for i, p in enumerate(payloads)])])))]))
    accepted('names_of_globals', module(sections={GLOBAL: vec([b'\x7f\1\x41\0\x0b'] * len(PAYLOADS))}, custom=[
        ('name', section(7, vec([u(i) + p for i, p in enumerate(payloads)])))]))
    for i, p in enumerate(PAYLOADS[:6]):
        accepted('name_of_module_%d' % i, module(custom=[('name', section(0, name(p)))]))
        refused('import_module_%d' % i, 'which nothing provides', module(sections={IMPORT: vec([imported(p, 'f')])}))
        refused('import_field_%d' % i, 'which nothing provides', module(sections={IMPORT: vec([imported(WASI, p)])}))
    refused('import_long', 'which nothing provides', module(sections={IMPORT: vec([imported('x' * 65536, 'y' * 65536)])}))
    for i, b in enumerate([b'\1\xff\xff\xff\xff\x0f', b'\1', section(1, vec([u(99) + name('x')])),
                           section(1, u(0xFFFFFFFF)), section(1, vec([u(0) + name(b'\xff')])),
                           section(1, vec([u(0) + name('x')])) * 2, section(99, b'') + b'\0', b'\x80' * 99]):
        accepted('names_broken_%d' % i, module(custom=[('name', b)]))
    accepted('names_twice', module(custom=[('name', section(0, name('a'))), ('name', section(0, name('b')))]))
    accepted('debug_sections', module(custom=[('.debug_info', b'\xff' * 1000), ('sourceMappingURL', name('http://[::1]/')),
                                              ('dylink.0', b'\1\4\0\0\0\0'), ('linking', b'\2')]))


def features():
    i32x4 = b'\xfd\x0c' + bytes(16)
    needs('simd', 'simd', 'uses SIMD, which', module(i32x4 + DROP))
    needs('simd_locals', 'simd', 'uses SIMD, which', module(locals_=[(3, V128)]))
    needs('tail_call', 'tail-calls', 'uses tail calls, which', module(b'\x12\1', more=[body()]))
    refused('simd_relaxed', 'relaxed SIMD', module(i32x4 * 2 + b'\xfd\x8d\2' + DROP))
    refused('simd_reserved', 'unknown opcode, 0xfd 0x9a', module(i32x4 * 2 + b'\xfd\x9a\1' + DROP))
    refused('atomics', 'uses threads', module(i32(0) + b'\xfe\x10\2\0' + DROP))
    refused('memory_shared', 'shared memory', module(sections={MEMORY: vec([b'\3\1\1'])}))
    refused('memory_64', '64-bit', module(sections={MEMORY: vec([b'\4\1'])}))
    refused('memory_page_size', 'page size', module(sections={MEMORY: vec([b'\x08\1\0'])}))
    refused('memories_two', 'memories', module(sections={MEMORY: vec([b'\0\1', b'\0\1'])}))
    refused('memory_1_used', 'several memories', module(i32(0) + b'\x28\x42\1\0' + DROP))
    needs('exceptions_try', 'exceptions', 'uses exceptions, which', module(b'\6\x40\x19\x0b'))
    refused('exceptions_try_table', 'exceptions', module(b'\x1f\x40\0\x0b'))
    needs('exceptions_tag', 'exceptions', 'uses exceptions, which', module(sections={TAG: vec([b'\0\0'])}))
    refused('exceptions_and_tail_calls', 'which cannot be translated|which wasm2c', module(
        b'\x12\1', more=[body()], sections={TAG: vec([b'\0\0'])}))
    refused('gc_struct', 'garbage-collected', module(types=[b'\x5f\0']))
    refused('gc_rec', 'garbage-collected', module(types=[b'\x4e\1\x60\0\0']))
    refused('gc_reference', 'garbage-collected', module(locals_=[(1, 0x6E)]))
    refused('gc_instruction', 'garbage-collected', module(b'\xfb\x00\0'))
    refused('call_ref', 'typed function references', module(b'\x14\0'))
    refused('stack_switching', 'stack switching', module(b'\xe0\0'))
    refused('wide_arithmetic', 'wide arithmetic', module(b'\xfc\x13'))
    refused('opcode_unknown', 'unknown opcode, 0x27', module(b'\x27'))
    refused('opcode_unknown_ff', 'unknown opcode, 0xff', module(b'\xff'))
    refused('opcode_unknown_fc', 'unknown opcode, 0xfc 0x63', module(b'\xfc\x63'))
    refused('opcode_unknown_wide', 'unknown opcode, 0xfc 0xffffffff', module(b'\xfc\xff\xff\xff\xff\x0f'))
    accepted('several_results', module(b'\2\1' + i32(1) + i32(2) + b'\x0b\x6a' + unless_equal(3),
                                       types=[signature([], [I32, I32])]))
    accepted('reference_of_export', module(b'\xd2\1\xd1' + unless_equal(0), more=[body()], exports=[export('f', 1)]))
    accepted('sign_extension', module(i32(0x80) + b'\xc0' + unless_equal(-128)))
    accepted('saturating', module(b'\x43\0\0\xc0\x7f\xfc\0' + unless_equal(0)))


def invalid():
    """Well-formed, but breaking the rules of types: the translator's validator refuses."""
    def bad(name_, bytes_):
        refused(name_, '.', bytes_)

    bad('stack_underflow', module(b'\x6a' + DROP))
    bad('stack_left_over', module(i32(1)))
    bad('type_mismatch', module(i32(1) + b'\x42\1\x6a' + DROP))
    bad('local_range', module(LOCAL_0 + DROP))
    bad('global_range', module(b'\x23\0' + DROP))
    bad('global_set_constant', module(i32(1) + b'\x24\0', sections={GLOBAL: vec([b'\x7f\0\x41\0\x0b'])}))
    bad('alignment', module(i32(0) + b'\x28\3\0' + DROP))
    bad('else_without_if', module(BLOCK + ELSE + END))
    bad('if_without_else', module(i32(1) + b'\4\x7f' + i32(1) + END + DROP))
    bad('table_absent', module(i32(0) + b'\x11\0\0'))
    bad('start_with_parameter', module(types=[signature([I32])], of=[0, 1], more=[body()], sections={START: u(1)}))
    bad('data_range', module(b'\xfc\x09\5', sections={DATA_COUNT: u(1), DATA: vec([passive(b'')])}))
    bad('element_range', module(b'\xfc\x0d\5'))
    bad('element_of_externs', module(sections={TABLE: vec([b'\x6f\0\1']), ELEMENT: vec([elements(0, [0])])}))


def behaviour():
    load, far = b'\x28\2\0', b'\x28\2\xff\xff\xff\xff\x0f'
    outside = 'traps out of bounds'
    accepted('load_dropped', module(i32(-1) + load + DROP), outside)
    accepted('load_at_the_edge', module(i32(65532) + load + DROP))
    accepted('load_over_the_edge', module(i32(65533) + load + DROP), outside)
    accepted('load_at_8_gib', module(i32(-1) + far + DROP), outside)
    accepted('store_at_8_gib', module(i32(-1) + i32(1) + b'\x36\2\xff\xff\xff\xff\x0f'), outside)
    accepted('load_without_pages', module(i32(0) + load + DROP, sections={MEMORY: vec([b'\0\0'])}), outside)
    accepted('load_after_grow', module(
        i32(1) + b'\x40\0' + DROP + i32(131068) + load + DROP, sections={MEMORY: vec([b'\0\1'])}))
    accepted('load_after_grow_over', module(i32(1) + b'\x40\0' + DROP + i32(131069) + load + DROP), outside)
    accepted('grow_past_maximum', module(i32(9) + b'\x40\0' + unless_equal(-1), sections={MEMORY: vec([b'\1\1\2'])}))
    accepted('grow_past_4_gib', module(i32(65536) + b'\x40\0' + unless_equal(-1)))
    accepted('grow_by_4g', module(i32(-1) + b'\x40\0' + unless_equal(-1)))
    accepted('copy_outside', module(i32(65535) + i32(0) + i32(2) + b'\xfc\x0a\0\0'), outside)
    accepted('fill_outside', module(i32(0) + i32(0) + i32(65537) + b'\xfc\x0b\0'), outside)
    accepted('fill_huge', module(i32(1) + i32(0) + i32(-1) + b'\xfc\x0b\0'), outside)
    accepted('divide_by_zero', module(i32(1) + i32(0) + b'\x6d' + DROP), 'traps division by zero')
    accepted('divide_overflow', module(i32(-2147483648) + i32(-1) + b'\x6d' + DROP), 'traps integer overflow')
    accepted('remainder_no_overflow', module(i32(-2147483648) + i32(-1) + b'\x6f' + unless_equal(0)))
    accepted('truncate_nan', module(b'\x43\0\0\xc0\x7f\xa8' + DROP), 'traps invalid conversion to integer')
    accepted('unreachable', module(UNREACHABLE), 'traps unreachable')
    accepted('endless_loop', module(LOOP + b'\x0c\0' + END), 'loops')
    accepted('endless_start', module(more=[body(LOOP + b'\x0c\0' + END)], sections={START: u(1)}), 'loops')
    accepted('trap_in_start', module(more=[body(UNREACHABLE)], sections={START: u(1)}), 'traps unreachable')
    accepted('start_twice', module(b'\x23\0' + i32(1) + b'\x6a\x24\0\x23\0' + i32(3) + b'\x4f' + IF + UNREACHABLE + END,
                                   sections={START: u(0), GLOBAL: vec([b'\x7f\1\x41\0\x0b'])}))
    accepted('recursion', module(b'\x10\0'), 'traps stack overflow')
    accepted('recursion_of_two', module(b'\x10\1', more=[body(b'\x10\0')]), 'traps stack overflow')
    accepted('recursion_indirect', module(i32(0) + b'\x11\0\0', sections={
        TABLE: vec([b'\x70\0\1']), ELEMENT: vec([elements(0, [0])])}), 'traps stack overflow')
    accepted('recursion_big_frames', module(
        b''.join(b'\x20' + u(i) + b'\x21' + u(i + 1) for i in range(999)) + b'\x10\0' +
        b''.join(b'\x20' + u(i) + DROP for i in range(999)), [(1000, I64)]), 'traps stack overflow')


def big():
    pick = random.Random(3)
    block = pick.randbytes(1 << 16)
    accepted('big_data_64m', module(sections={MEMORY: vec([b'\0' + u(2000)]), DATA: vec([active(0, block * 1024)])}))
    accepted('big_name_16m', module(exports=[export('x' * (16 << 20))]))
    accepted('big_nop_7m', module(NOP * 7000000))
    refused('big_body', r'function 0 has \d+ bytes', module(NOP * 7654321))
    refused('big_functions_1000001', 'functions, more than', module(more=[body()] * 1000000))
    accepted('big_exports_1m', module(exports=[export('e%d' % i) for i in range(999999)]))
    refused('big_blocks_1m', 'nests deeper', module(BLOCK * 1000000 + END * 1000000))
    either('big_functions_100000', module(more=[body()] * 99999))
    either('big_types_100000', module(types=[signature([I32] * (i % 100)) for i in range(99999)]))
    either('big_table_10m', module(sections={TABLE: vec([b'\x70\0' + u(10000000)])}))
    either('big_elements_1m', module(sections={
        TABLE: vec([b'\x70\0' + u(1000000)]), ELEMENT: vec([elements(0, [0] * 1000000)])}))
    either('big_straight_100000', module(arithmetic(100000), [(200, I32)]))
    either('big_branches_20000', module(branches(20000), [(100, I32)]))
    either('big_targets_65520', module(BLOCK + i32(5) + b'\x0e' + u(65520) + bytes(65521) + END))
    either('big_globals_100000', module(sections={GLOBAL: vec([b'\x7f\1\x41\0\x0b'] * 100000)}))


def main():
    arguments = [a for a in sys.argv[1:] if a != '--big']
    if len(arguments) != 1 or arguments[0].startswith('-'):
        sys.exit('usage: evil.py [--big] FOLDER')
    families = [not_modules, malformed, limits, memory_and_tables, imports_and_exports, names, features, invalid, behaviour]
    for family in families + ([big] if '--big' in sys.argv else []):
        family()
    folder = arguments[0]
    os.makedirs(folder, exist_ok=True)
    for name_, (_, _, bytes_) in modules.items():
        with open(os.path.join(folder, name_ + '.wasm'), 'wb') as file:
            file.write(bytes_)
    with open(os.path.join(folder, 'expected'), 'w') as file:
        file.writelines('%s\t%s\t%s\n' % (name_, verdict, detail) for name_, (verdict, detail, _) in modules.items())


if __name__ == '__main__':
    main()
