"""binary.py: an export named _start for a module that need not be valid, so that the lack of one is no reason to refuse it.

Only whole sections are looked at: what is inside the module stays as it is, at the same indices. A function that takes and
gives nothing is exported if there is one; else one is added behind the others.
"""

TYPE, IMPORT, FUNCTION, EXPORT, CODE = 1, 2, 3, 7, 10
ORDER = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 13: 6, 6: 7, 7: 8, 8: 9, 9: 10, 12: 11, 10: 12, 11: 13}
HEADER = b'\0asm\1\0\0\0'
NOTHING_TO_NOTHING = b'\x60\0\0'


class Unreadable(Exception):
    """Not even divided into sections as it should be."""


def number(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 28:
            raise Unreadable
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def encoded(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def sections_of(data):
    """A list of [id, body]."""
    if data[:8] != HEADER:
        raise Unreadable
    sections, at = [], 8
    while at < len(data):
        size, begin = number(data, at + 1)
        if begin + size > len(data):
            raise Unreadable
        sections.append([data[at], data[begin:begin + size]])
        at = begin + size
    return sections


class Sections:
    def __init__(self, data):
        self.all = sections_of(data)
        self.by_id = {id: body for id, body in self.all if id}
        order = [ORDER.get(id, 0) for id, body in self.all if id]
        if 0 in order or order != sorted(set(order)):
            raise Unreadable

    def count(self, id):
        return number(self.by_id[id], 0)[0] if id in self.by_id else 0

    def set(self, id, body):
        if id in self.by_id:
            next(section for section in self.all if section[0] == id)[1] = body
        else:
            before = [i for i, section in enumerate(self.all) if section[0] and ORDER[section[0]] < ORDER[id]]
            self.all.insert(before[-1] + 1 if before else 0, [id, body])
        self.by_id[id] = body

    def append(self, id, item):
        """The index of the new item."""
        count = self.count(id)
        rest = self.by_id[id][number(self.by_id[id], 0)[1]:] if id in self.by_id else b''
        self.set(id, encoded(count + 1) + rest + item)
        return count

    def type_of_nothing(self):
        """The index of () -> () if that is the first type, which is the only one easily read; else of a new one."""
        body = self.by_id.get(TYPE, b'\0')
        return 0 if body[number(body, 0)[1]:].startswith(NOTHING_TO_NOTHING) else self.append(TYPE, NOTHING_TO_NOTHING)

    def write(self):
        return HEADER + b''.join(bytes([id]) + encoded(len(body)) + body for id, body in self.all)


def with_start(data):
    """The module with an export of that name; Unreadable if its sections are not in order."""
    sections = Sections(data)
    kind = sections.type_of_nothing()
    functions = sections.by_id.get(FUNCTION, b'\0')
    indices = functions[number(functions, 0)[1]:]
    if sections.count(IMPORT):
        raise Unreadable
    if kind == 0 and 0 in indices and max(indices) < 0x80:
        which = indices.index(0)
    else:
        which = sections.append(FUNCTION, encoded(kind))
        sections.append(CODE, b'\x02\0\x0b')
    sections.append(EXPORT, b'\x06_start\0' + encoded(which))
    return sections.write()
