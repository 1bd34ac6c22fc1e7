"""generate.py: valid modules by chance, from a seed; the same seed gives the same module.

Every function burns fuel where it begins and where it loops, so each ends. What the specification leaves open, the bits of
a not-a-number, is made one value wherever it could be seen: $nan.* before floats become integers, go to memory or give
their sign, and behind every operation on vectors of floats.

What is called from outside is not the functions but their wrappers $try.N: all parameters and results are integers
(reinterpreted, and a vector as two), memory, globals and table are put back to what they were at first, and the last
result is a checksum of what the call left of memory and globals.
"""
import random

I32, I64, F32, F64, V128 = 'i32', 'i64', 'f32', 'f64', 'v128'
SCALARS = I32, I64, F32, F64
FUEL = 200
PAGE, WINDOW, TABLE = 65536, 512, 16

EDGES = {
    I32: [0, 1, 2, 7, 31, 32, 33, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF],
    I64: [0, 1, 63, 64, 65, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
          0xFFFFFFFFFFFFFFFF, 0x0020000000000001, 0xFFFFFFFF80000000],
    F32: [0, 0x80000000, 0x3F800000, 0xBF800000, 0x00000001, 0x807FFFFF, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000,
          0xFFA00001, 0x4B000001, 0x3EFFFFFF, 0x4F000000, 0xCF000000, 0x4F7FFFFF, 0x4F800000, 0x5F000000, 0xBF7FFFFF, 0x40200000],
    F64: [0, 1 << 63, 0x3FF0000000000000, 0xBFF0000000000000, 1, 0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000,
          0xFFF0000000000000, 0x7FF8000000000000, 0xFFF4000000000001, 0x41DFFFFFFFC00000, 0x41E0000000000000,
          0xC1E0000000000000, 0xC1E0000000200000, 0x41EFFFFFFFE00000, 0x43E0000000000000, 0xC3E0000000000000, 0x4340000000000001,
          0x3FE0000000000000, 0x4004000000000000, 0x47EFFFFFE0000000],
}
BITS = {I32: 32, I64: 64, F32: 32, F64: 64, V128: 128}
INTEGER = {F32: I32, F64: I64}

COMPARE_INT = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'.split()
COMPARE_FLOAT = 'eq ne lt gt le ge'.split()
UNARY = {
    I32: 'clz ctz popcnt extend8_s extend16_s'.split(),
    I64: 'clz ctz popcnt extend8_s extend16_s extend32_s'.split(),
    F32: 'abs neg ceil floor trunc nearest sqrt'.split(),
    F64: 'abs neg ceil floor trunc nearest sqrt'.split(),
}
BINARY = {
    I32: 'add sub mul and or xor shl shr_s shr_u rotl rotr'.split(),
    I64: 'add sub mul and or xor shl shr_s shr_u rotl rotr'.split(),
    F32: 'add sub mul div min max'.split(),
    F64: 'add sub mul div min max'.split(),
}
DIVIDE = 'div_s div_u rem_s rem_u'.split()
CONVERT = {
    I32: [('i32.wrap_i64', I64), ('i32.trunc_sat_f32_s', F32), ('i32.trunc_sat_f32_u', F32), ('i32.trunc_sat_f64_s', F64),
          ('i32.trunc_sat_f64_u', F64), ('i64.eqz', I64), ('i32.eqz', I32)],
    I64: [('i64.extend_i32_s', I32), ('i64.extend_i32_u', I32), ('i64.trunc_sat_f32_s', F32), ('i64.trunc_sat_f32_u', F32),
          ('i64.trunc_sat_f64_s', F64), ('i64.trunc_sat_f64_u', F64)],
    F32: [('f32.convert_i32_s', I32), ('f32.convert_i32_u', I32), ('f32.convert_i64_s', I64), ('f32.convert_i64_u', I64),
          ('f32.demote_f64', F64), ('f32.reinterpret_i32', I32)],
    F64: [('f64.convert_i32_s', I32), ('f64.convert_i32_u', I32), ('f64.convert_i64_s', I64), ('f64.convert_i64_u', I64),
          ('f64.promote_f32', F32), ('f64.reinterpret_i64', I64)],
}
LOADS = {
    I32: ['i32.load', 'i32.load8_s', 'i32.load8_u', 'i32.load16_s', 'i32.load16_u'],
    I64: ['i64.load', 'i64.load8_s', 'i64.load8_u', 'i64.load16_s', 'i64.load16_u', 'i64.load32_s', 'i64.load32_u'],
    F32: ['f32.load'],
    F64: ['f64.load'],
    V128: ['v128.load', 'v128.load8x8_s', 'v128.load8x8_u', 'v128.load16x4_s', 'v128.load16x4_u', 'v128.load32x2_s',
           'v128.load32x2_u', 'v128.load8_splat', 'v128.load16_splat', 'v128.load32_splat', 'v128.load64_splat',
           'v128.load32_zero', 'v128.load64_zero'],
}
STORES = {
    I32: ['i32.store', 'i32.store8', 'i32.store16'],
    I64: ['i64.store', 'i64.store8', 'i64.store16', 'i64.store32'],
    F32: ['f32.store'],
    F64: ['f64.store'],
    V128: ['v128.store'],
}

# Vectors: shape -> operations by what they take. Those of floats are followed by $nan.f32x4 or $nan.f64x2.
LANES = {'i8x16': (16, I32), 'i16x8': (8, I32), 'i32x4': (4, I32), 'i64x2': (2, I64), 'f32x4': (4, F32), 'f64x2': (2, F64)}
V_UNARY = (['v128.not'] + [f'{s}.{op}' for s in ('i8x16', 'i16x8', 'i32x4', 'i64x2') for op in ('abs', 'neg')]
           + [f'{s}.{op}' for s in ('f32x4', 'f64x2') for op in ('abs', 'neg')] + ['i8x16.popcnt']
           + [f'{to}.{op}_{half}_{of}_{sign}' for to, of in (('i16x8', 'i8x16'), ('i32x4', 'i16x8'), ('i64x2', 'i32x4'))
              for op, half in (('extend', 'low'), ('extend', 'high')) for sign in 'su']
           + ['i16x8.extadd_pairwise_i8x16_s', 'i16x8.extadd_pairwise_i8x16_u', 'i32x4.extadd_pairwise_i16x8_s',
              'i32x4.extadd_pairwise_i16x8_u', 'i32x4.trunc_sat_f32x4_s', 'i32x4.trunc_sat_f32x4_u',
              'i32x4.trunc_sat_f64x2_s_zero', 'i32x4.trunc_sat_f64x2_u_zero', 'f32x4.convert_i32x4_s',
              'f32x4.convert_i32x4_u', 'f64x2.convert_low_i32x4_s', 'f64x2.convert_low_i32x4_u'])
V_FLOAT_UNARY = ([f'{s}.{op}' for s in ('f32x4', 'f64x2') for op in ('ceil', 'floor', 'trunc', 'nearest', 'sqrt')]
                 + ['f32x4.demote_f64x2_zero', 'f64x2.promote_low_f32x4'])
V_BINARY = (['v128.and', 'v128.or', 'v128.xor', 'v128.andnot', 'i8x16.swizzle', 'i32x4.dot_i16x8_s', 'i16x8.q15mulr_sat_s',
             'i8x16.avgr_u', 'i16x8.avgr_u', 'i16x8.mul', 'i32x4.mul', 'i64x2.mul']
            + [f'{s}.{op}' for s in ('i8x16', 'i16x8', 'i32x4', 'i64x2') for op in ('add', 'sub', 'eq', 'ne')]
            + [f'{s}.{op}_{sign}' for s in ('i8x16', 'i16x8', 'i32x4') for op in ('min', 'max', 'lt', 'gt', 'le', 'ge') for sign in 'su']
            + [f'i64x2.{op}_s' for op in ('lt', 'gt', 'le', 'ge')]
            + [f'{s}.{op}_sat_{sign}' for s in ('i8x16', 'i16x8') for op in ('add', 'sub') for sign in 'su']
            + [f'{to}.narrow_{of}_{sign}' for to, of in (('i8x16', 'i16x8'), ('i16x8', 'i32x4')) for sign in 'su']
            + [f'{to}.extmul_{half}_{of}_{sign}' for to, of in (('i16x8', 'i8x16'), ('i32x4', 'i16x8'), ('i64x2', 'i32x4'))
               for half in ('low', 'high') for sign in 'su']
            + [f'{s}.{op}' for s in ('f32x4', 'f64x2') for op in ('eq', 'ne', 'lt', 'gt', 'le', 'ge', 'pmin', 'pmax')])
V_FLOAT_BINARY = [f'{s}.{op}' for s in ('f32x4', 'f64x2') for op in ('add', 'sub', 'mul', 'div', 'min', 'max')]
V_SHIFT = [f'{s}.{op}' for s in ('i8x16', 'i16x8', 'i32x4', 'i64x2') for op in ('shl', 'shr_s', 'shr_u')]
V_TO_I32 = ['v128.any_true'] + [f'{s}.{op}' for s in ('i8x16', 'i16x8', 'i32x4', 'i64x2') for op in ('all_true', 'bitmask')]

PRELUDE = '''
(global $fuel (mut i32) (i32.const 0))
(func $burn (result i32) (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))) (i32.gt_s (global.get $fuel) (i32.const 0)))
(func $nan.f32 (param f32) (result f32) (select (f32.const nan) (local.get 0) (f32.ne (local.get 0) (local.get 0))))
(func $nan.f64 (param f64) (result f64) (select (f64.const nan) (local.get 0) (f64.ne (local.get 0) (local.get 0))))
(func $mix (param i64 i64) (result i64)
  (i64.mul (i64.xor (i64.rotl (local.get 0) (i64.const 23)) (local.get 1)) (i64.const 0x9e3779b97f4a7c15)))
(func $sum (param i32 i32) (result i64) (local i64)
  (loop (local.set 2 (call $mix (local.get 2) (i64.load (local.get 0))))
    (local.set 0 (i32.add (local.get 0) (i32.const 8)))
    (br_if 0 (i32.lt_u (local.get 0) (local.get 1))))
  (local.get 2))'''
PRELUDE_VECTORS = '''
(func $nan.f32x4 (param v128) (result v128)
  (v128.bitselect (local.get 0) (v128.const f32x4 nan nan nan nan) (f32x4.eq (local.get 0) (local.get 0))))
(func $nan.f64x2 (param v128) (result v128)
  (v128.bitselect (local.get 0) (v128.const f64x2 nan nan) (f64x2.eq (local.get 0) (local.get 0))))'''


def as_integer(type, value):
    """The expression's bits, without telling apart what is not a number."""
    return f'({INTEGER[type]}.reinterpret_{type} (call $nan.{type} {value}))' if type in INTEGER else value


class Function:
    def __init__(self, parameters, results, type_name):
        self.parameters, self.results, self.type_name = parameters, results, type_name
        self.locals, self.statements, self.values = [], [], []

    def text(self, number, whole=True):
        """Without `whole` only its values are left, which are constants then."""
        statements = self.statements if whole else []
        values = self.values if whole else [f'({type}.const {"i64x2 0 0" if type == V128 else 0})' for type in self.results]
        return (f'(func $f{number} (type {self.type_name}) (param {" ".join(self.parameters)}) (result {" ".join(self.results)})'
                f' (local {" ".join(self.locals)})\n  ' + '\n  '.join(statements + values) + ')')


class Generator:
    def __init__(self, seed, functions, vectors):
        self.random = random.Random(f'{seed}')
        self.vectors = vectors
        self.types = SCALARS + (V128, V128) if vectors else SCALARS
        self.labels = 0
        r = self.random
        self.data = ''.join(f'\\{r.randrange(256):02x}' for _ in range(WINDOW))
        self.globals = [(type, self.constant(type)) for type in self.types for _ in range(2)]
        self.signatures = [([r.choice(self.types) for _ in range(r.choice((0, 1, 2, 2, 3, 4)))],
                            [r.choice(self.types) for _ in range(r.choice((0, 1, 1, 1, 2, 3)))]) for _ in range(6)]
        self.signatures.append(([I32], [I32]))
        self.functions = []
        for _ in range(functions):
            which = r.randrange(len(self.signatures))
            self.functions.append(Function(*self.signatures[which], f'$t{which}'))
        self.table = [r.choice([None] + list(range(functions)) * 4) if functions else None for _ in range(TABLE)]
        self.changes_table = r.random() < 0.3
        self.pages_max = r.choice((1, 1, 2))
        for function in self.functions:
            self.fill(function)

    # --- what stands in a function

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def constant(self, type):
        r = self.random
        if type == V128:
            return f'(v128.const i64x2 {" ".join(str(self.bits(I64)) for _ in range(2))})'
        bits = self.bits(type)
        return f'({type}.reinterpret_{INTEGER[type]} ({INTEGER[type]}.const {bits}))' if type in INTEGER else f'({type}.const {bits})'

    def bits(self, type):
        """Edges, few, or anything."""
        r = self.random
        if type == V128:
            return self.bits(I64) | self.bits(I64) << 64
        if r.random() < (0.5 if type in (I32, I64) else 0.3):
            return r.choice(EDGES[type])
        if type in (I32, I64):
            return r.randrange(-100, 1000) & (1 << BITS[type]) - 1 if r.random() < 0.5 else r.getrandbits(BITS[type])
        # floats: often of a size where rounding shows
        exponent, mantissa = (8, 23) if type == F32 else (11, 52)
        middle = (1 << exponent - 1) - 1
        return (r.getrandbits(1) << exponent + mantissa | (middle + r.randrange(-6, 30)) << mantissa | r.getrandbits(mantissa))

    def fill(self, function):
        r = self.random
        function.locals = [r.choice(self.types) for _ in range(r.randrange(2, 6))]
        self.places = list(enumerate(function.parameters + function.locals))
        self.function, self.breaks = function, []
        function.statements = [f'(if (i32.eqz (call $burn)) (then (return {self.zeros(function.results)})))']
        function.statements += [self.statement(2) for _ in range(r.randrange(1, 5))]
        function.values = [self.value(type, 2) for type in function.results]

    def zeros(self, types):
        return ' '.join('(v128.const i64x2 0 0)' if type == V128 else f'({type}.const 0)' for type in types)

    def place(self, type):
        there = [i for i, t in self.places if t == type]
        return self.random.choice(there) if there else None

    def a_global(self, type):
        return self.random.choice([i for i, (t, _) in enumerate(self.globals) if t == type])

    def address(self, depth):
        """(offset=N, expression): known addresses close together, the windows, the edge, and rarely anything."""
        r, chance = self.random, self.random.random()
        if chance < 0.35:
            return '', f'(i32.const {r.randrange(48)})'
        if chance < 0.96:
            offset = r.choice(('', '', ' offset=1', ' offset=4', f' offset={r.randrange(64)}', f' offset={PAGE - WINDOW - 128}'))
            return offset, f'(i32.and {self.value(I32, depth)} (i32.const {r.choice((15, 63, 127, 120))}))'
        if chance < 0.998:
            return '', f'(i32.const {PAGE - r.choice((16, 16, 24, 16, 17, 8, 8, 4, 1))})'
        return r.choice(('', f' offset={r.getrandbits(32)}', ' offset=65520')), self.value(I32, depth)

    def load(self, type, depth):
        offset, address = self.address(depth - 1)
        return f'({self.random.choice(LOADS[type])}{offset} {address})'

    # --- expressions

    def value(self, type, depth):
        r = self.random
        if depth <= 0:
            return self.leaf(type)
        kinds = [self.leaf, self.unary, self.binary, self.binary, self.binary, self.convert, self.loaded, self.chosen, self.branching,
                 self.called, self.kept, self.special]
        return r.choice(kinds)(type, depth - 1)

    def leaf(self, type, depth=0):
        place = self.place(type)
        chance = self.random.random()
        if place is not None and chance < 0.6:
            return f'(local.get {place})'
        return f'(global.get $g{self.a_global(type)})' if chance < 0.7 else self.constant(type)

    def unary(self, type, depth):
        if type == V128:
            op = self.random.choice(V_UNARY + V_FLOAT_UNARY)
            return self.vector(op, f'({op} {self.value(V128, depth)})', V_FLOAT_UNARY)
        return f'({type}.{self.random.choice(UNARY[type])} {self.value(type, depth)})'

    def vector(self, op, text, floats):
        return f'(call $nan.{op.split(".")[0]} {text})' if op in floats else text

    def binary(self, type, depth):
        r = self.random
        left, right = self.value(type, depth), self.value(type, depth)
        if type == V128:
            op = r.choice(V_BINARY + V_FLOAT_BINARY)
            return self.vector(op, f'({op} {left} {right})', V_FLOAT_BINARY)
        if type in (I32, I64):
            if self.one_in(6):
                right = right if self.one_in(20) else f'({type}.or {right} ({type}.const {r.choice((1, 2, 3, 5))}))'
                return f'({type}.{r.choice(DIVIDE)} {left} {right})'
            if type == I32 and self.one_in(3):
                return self.comparison(depth)
        elif self.one_in(8):
            return f'({type}.copysign {left} (call $nan.{type} {right}))'
        elif self.one_in(2):  # what must not become one operation
            return f'({type}.{r.choice(("add", "sub"))} ({type}.mul {left} {right}) {self.value(type, depth)})'
        return f'({type}.{r.choice(BINARY[type])} {left} {right})'

    def comparison(self, depth):
        type = self.random.choice(SCALARS)
        op = self.random.choice(COMPARE_FLOAT if type in INTEGER else COMPARE_INT)
        return f'({type}.{op} {self.value(type, depth)} {self.value(type, depth)})'

    def convert(self, type, depth):
        r = self.random
        if type == V128:
            shape = r.choice(list(LANES))
            lanes, of = LANES[shape]
            lane = self.clean(of, self.value(of, depth))
            if self.one_in(2):
                return f'({shape}.splat {lane})'
            return f'({shape}.replace_lane {r.randrange(lanes)} {self.value(V128, depth)} {lane})'
        if self.vectors and self.one_in(3):
            return self.lane(type, depth)
        if type in (I32, I64) and self.one_in(5):
            of = F32 if type == I32 else F64
            return as_integer(of, self.value(of, depth))
        if type in (I32, I64) and self.one_in(8):
            of = r.choice((F32, F64))
            return f'({type}.trunc_{of}_{r.choice("su")} ({of}.mul ({of}.const 0.5) ({of}.convert_i32_s {self.value(I32, depth)})))'
        op, of = r.choice(CONVERT[type])
        return f'({op} {self.value(of, depth)})'

    def clean(self, type, text):
        return f'(call $nan.{type} {text})' if type in INTEGER else text

    def lane(self, type, depth):
        r = self.random
        if type == I32 and self.one_in(3):
            return f'({r.choice(V_TO_I32)} {self.value(V128, depth)})'
        shape = r.choice([shape for shape, (_, of) in LANES.items() if of == type])
        sign = f'_{r.choice("su")}' if shape in ('i8x16', 'i16x8') else ''
        return f'({shape}.extract_lane{sign} {r.randrange(LANES[shape][0])} {self.value(V128, depth)})'

    def loaded(self, type, depth):
        if type == V128 and self.one_in(5):
            bits = self.random.choice((8, 16, 32, 64))
            offset, address = self.address(depth)
            return f'(v128.load{bits}_lane{offset} {self.random.randrange(128 // bits)} {address} {self.value(V128, depth)})'
        return self.load(type, depth)

    def chosen(self, type, depth):
        condition = self.value(I32, depth)
        return f'(select {self.value(type, depth)} {self.value(type, depth)} {condition})'

    def branching(self, type, depth):
        """A block that gives a value on two ways."""
        if self.one_in(2):
            return (f'(if (result {type}) {self.value(I32, depth)} (then {self.value(type, depth)}) '
                    f'(else {self.value(type, depth)}))')
        self.labels += 1
        label = f'$v{self.labels}'
        return (f'(block {label} (result {type}) (drop (br_if {label} {self.value(type, depth)} {self.value(I32, depth)})) '
                f'{self.value(type, depth)})')

    def call(self, results, depth):
        """A call that gives just these, or None."""
        r = self.random
        which = [i for i, f in enumerate(self.functions) if f.results == results]
        if not which:
            return None
        callee = r.choice(which)
        function = self.functions[callee]
        arguments = ' '.join(self.value(type, depth) for type in function.parameters)
        if not self.one_in(3):
            return f'(call $f{callee} {arguments})'
        there = [i for i, f in enumerate(self.table) if f is not None and self.functions[f].type_name == function.type_name]
        if not there:
            return f'(call $f{callee} {arguments})'
        if self.one_in(30):
            entry = f'(i32.and {self.value(I32, depth)} (i32.const {r.choice((15, 31))}))'
        else:
            entry = f'(i32.const {r.choice(there)})'
        return f'(call_indirect (type {function.type_name}) {arguments} {entry})'

    def called(self, type, depth):
        return self.call([type], depth) or self.leaf(type)

    def kept(self, type, depth):
        place = self.place(type)
        return self.leaf(type) if place is None else f'(local.tee {place} {self.value(type, depth)})'

    def special(self, type, depth):
        r = self.random
        if type == V128:
            chance = r.randrange(3)
            if chance == 0:
                return f'({r.choice(V_SHIFT)} {self.value(V128, depth)} {self.value(I32, depth)})'
            if chance == 1:
                lanes = ' '.join(str(r.randrange(32)) for _ in range(16))
                return f'(i8x16.shuffle {lanes} {self.value(V128, depth)} {self.value(V128, depth)})'
            return f'(v128.bitselect {self.value(V128, depth)} {self.value(V128, depth)} {self.value(V128, depth)})'
        if type == I32:
            return r.choice(('(memory.size)', '(memory.grow (i32.const 0))', '(memory.grow (i32.const 65536))', '(global.get $fuel)'))
        return self.binary(type, depth)

    # --- statements

    def statement(self, depth):
        kinds = [self.set_local, self.set_local, self.set_global, self.store, self.store, self.drop, self.take_many]
        if depth > 0:
            kinds += [self.either, self.repeat, self.switch, self.block, self.bulk, self.leave]
            if self.changes_table:
                kinds.append(self.set_entry)
        return self.random.choice(kinds)(depth - 1)

    def statements(self, depth):
        return ' '.join(self.statement(depth) for _ in range(self.random.randrange(1, 4)))

    def set_local(self, depth):
        place, type = self.random.choice(self.places)
        return f'(local.set {place} {self.value(type, depth + 1)})'

    def set_global(self, depth):
        which = self.random.randrange(len(self.globals))
        return f'(global.set $g{which} {self.value(self.globals[which][0], depth + 1)})'

    def store(self, depth):
        type = self.random.choice(self.types)
        offset, address = self.address(depth)
        value = self.clean(type, self.value(type, depth + 1))
        if type == V128 and self.one_in(3):
            bits = self.random.choice((8, 16, 32, 64))
            return f'(v128.store{bits}_lane{offset} {self.random.randrange(128 // bits)} {address} {value})'
        return f'({self.random.choice(STORES[type])}{offset} {address} {value})'

    def drop(self, depth):
        return f'(drop {self.load(self.random.choice(self.types), depth + 1)})'

    def take_many(self, depth):
        """Several results, kept where there is a place for them."""
        function = self.random.choice(self.functions)
        call = self.call(function.results, depth)
        keeps = []
        for type in reversed(function.results):
            place = self.place(type)
            keeps.append('drop' if place is None else f'local.set {place}')
        return f'{call} {" ".join(keeps)}'

    def either(self, depth):
        other = f'(else {self.statements(depth)})' if self.one_in(2) else ''
        return f'(if {self.value(I32, depth)} (then {self.statements(depth)}) {other})'

    def repeat(self, depth):
        self.labels += 1
        label = f'$l{self.labels}'
        return (f'(loop {label} {self.statements(depth)} '
                f'(br_if {label} (i32.and (i32.ne {self.value(I32, depth)} (i32.const 0)) (call $burn))))')

    def block(self, depth):
        self.labels += 1
        label = f'$b{self.labels}'
        self.breaks.append(label)
        text = f'(block {label} {self.statements(depth)} {self.statements(depth)})'
        self.breaks.pop()
        return text

    def leave(self, depth):
        if self.breaks and not self.one_in(4):
            return f'(br_if {self.random.choice(self.breaks)} {self.value(I32, depth)})'
        values = ' '.join(self.value(type, depth) for type in self.function.results)
        return f'(if {self.value(I32, depth)} (then (return {values})))'

    def switch(self, depth):
        self.labels += 1
        labels = [f'$s{self.labels}.{i}' for i in range(self.random.randrange(2, 5))]
        choices = ' '.join(self.random.choice(labels) for _ in range(self.random.randrange(1, 6)))
        text = f'(br_table {choices} {self.random.choice(labels)} (i32.and {self.value(I32, depth)} (i32.const 7)))'
        for label in labels:
            text = f'(block {label} {text}) {self.statements(depth)}'
        return text

    def bulk(self, depth):
        r = self.random
        size = f'(i32.and {self.value(I32, depth)} (i32.const 63))'
        offset, to = self.address(depth)
        kind = r.randrange(3)
        if kind == 0:
            return f'(memory.fill {to} {self.value(I32, depth)} {size})'
        if kind == 1:
            return f'(memory.copy {to} {self.address(depth)[1]} {size})'
        return f'(memory.init $data {to} (i32.const {r.randrange(WINDOW - 63)}) {size})'

    def set_entry(self, depth):
        r = self.random
        entry = f'(i32.and {self.value(I32, depth)} (i32.const {15 if not self.one_in(20) else 31}))'
        return f'(table.set 0 {entry} (ref.func $f{r.randrange(len(self.functions))}))'

    # --- the module

    def wrapper(self, number, function):
        parameters, arguments, at = [], [], 0
        for type in function.parameters:
            if type == V128:
                arguments.append(f'(i64x2.replace_lane 1 (i64x2.splat (local.get {at})) (local.get {at + 1}))')
                parameters += [I64, I64]
                at += 2
                continue
            parameters.append(INTEGER.get(type, type))
            arguments.append(f'({type}.reinterpret_{INTEGER[type]} (local.get {at}))' if type in INTEGER else f'(local.get {at})')
            at += 1
        keeps = ' '.join(f'(local.set {at + i})' for i in reversed(range(len(function.results))))
        gives, results = [], []
        for i, type in enumerate(function.results):
            value = f'(local.get {at + i})'
            if type == V128:
                gives += [f'(i64x2.extract_lane {lane} {value})' for lane in (0, 1)]
                results += [I64, I64]
            else:
                gives.append(as_integer(type, value))
                results.append(INTEGER.get(type, type))
        function.outer = parameters, results + [I64]
        return (f'(func $try.{number} (export "try.{number}") (param {" ".join(parameters)}) (result {" ".join(results)} i64) '
                f'(local {" ".join(function.results)}) (call $reset) (call $f{number} {" ".join(arguments)}) {keeps} '
                f'{" ".join(gives)} (call $left))')

    def reset(self):
        """What a call begins with. Here, not where globals are declared, any bits of a float can be written."""
        sets = ' '.join(f'(global.set $g{i} {value})' for i, (_, value) in enumerate(self.globals))
        table = f'(table.init $entries (i32.const 0) (i32.const 0) (i32.const {TABLE}))' if self.changes_table else ''
        return (f'(func $reset (global.set $fuel (i32.const {FUEL})) {sets} '
                f'(memory.fill (i32.const 0) (i32.const 0) (i32.const {PAGE})) '
                f'(memory.init $data (i32.const 0) (i32.const 0) (i32.const {WINDOW})) '
                f'(memory.init $data (i32.const {PAGE - WINDOW}) (i32.const 0) (i32.const {WINDOW})) {table})')

    def left(self):
        text = f'(call $mix (call $sum (i32.const 0) (i32.const {WINDOW})) (call $sum (i32.const {PAGE - WINDOW}) (i32.const {PAGE})))'
        for i, (type, _) in enumerate(self.globals):
            value = f'(global.get $g{i})'
            lanes = [f'(i64x2.extract_lane {lane} {value})' for lane in (0, 1)] if type == V128 else [as_integer(type, value)]
            for lane in lanes:
                wide = f'(i64.extend_i32_u {lane})' if type in (I32, F32) else lane
                text = f'(call $mix {text} {wide})'
        return f'(func $left (result i64) {text})'

    def fields(self, keep=None):
        """The module's fields. keep: numbers of the functions that keep their bodies; None: all."""
        yield PRELUDE + (PRELUDE_VECTORS if self.vectors else '')
        for i, (parameters, results) in enumerate(self.signatures):
            yield f'(type $t{i} (func (param {" ".join(parameters)}) (result {" ".join(results)})))'
        yield f'(memory 1 {self.pages_max})'
        yield f'(data $data "{self.data}")'
        for i, (type, _) in enumerate(self.globals):
            yield f'(global $g{i} (mut {type}) {self.zeros([type])})'
        yield f'(table {TABLE} {TABLE} funcref)'
        yield from (f'(elem (i32.const {i}) $f{entry})' for i, entry in enumerate(self.table) if entry is not None)
        if self.changes_table:
            entries = ' '.join('(ref.null func)' if entry is None else f'(ref.func $f{entry})' for entry in self.table)
            yield f'(elem $entries funcref {entries})'
            yield f'(elem declare func {" ".join(f"$f{i}" for i in range(len(self.functions)))})'
        yield self.reset()
        yield self.left()
        for i, function in enumerate(self.functions):
            yield function.text(i, keep is None or i in keep)
            yield self.wrapper(i, function)

    def arguments(self, number):
        """Bits for the parameters of function `number`, one number for each of the wrapper's."""
        values = []
        for type in self.functions[number].parameters:
            bits = self.bits(type)
            values += [bits & (1 << 64) - 1, bits >> 64] if type == V128 else [bits]
        return values
