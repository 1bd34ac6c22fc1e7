"""workshop.py: from a module's text to what happened when it was played: wat2wasm, aotc in some configuration, player.

A configuration is a way to compile: which translator, compiler, tier, form and CPU. What the machine or aotc lacks is
left out of configurations(), and said by the caller with missing().
"""
import os
import re
import shutil
import subprocess
import tempfile

WABT_FEATURES = ['--enable-tail-call', '--enable-extended-const']
FORMS = 'special', 'plain'
COMPILERS = 'gcc', 'clang'
DONE, REFUSED, UNFIT = 0, 3, 4  # exit codes of aotc


class Configuration:
    def __init__(self, family, translator, compiler, tier, form, cpu):
        self.family, self.translator, self.compiler, self.tier, self.form, self.cpu = (
            family, translator, compiler, tier, form, cpu)
        self.environment = dict(os.environ, REDSHIRT_WASM2C=translator, REDSHIRT_CC=shutil.which(compiler))
        self.arguments = ['--tier', tier, '--form', form, '--target-cpu', cpu]
        self.name = '/'.join([family, tier if tier == 'quick' else f'{tier}-{compiler}', form]
                             + ([cpu] if cpu != 'native' else []))


class Built:
    """What aotc made of a module: an object, or the reason for none."""

    def __init__(self, code, object_path, reason):
        self.code, self.object, self.reason = code, object_path, reason


class Workshop:
    def __init__(self, build):
        """build: the folder of what make made; with the tree and the player in it."""
        build = os.path.abspath(build)
        self.aotc = f'{build}/tree/libexec/redshirt/aotc'
        self.player = f'{build}/tests/spec/player'
        self.translators = [('1.0.32', shutil.which('wasm2c')), ('newer', f'{build}/tree/libexec/redshirt/wabt/bin/wasm2c')]
        self.folder = tempfile.mkdtemp(prefix='redshirt-spec-')
        self.count = 0

    def close(self):
        shutil.rmtree(self.folder)

    def path(self, ending):
        self.count += 1
        return f'{self.folder}/{self.count}.{ending}'

    # --- configurations

    def tiers(self, translator, compiler):
        """The tiers that aotc has with these two."""
        environment = dict(os.environ, REDSHIRT_WASM2C=translator, REDSHIRT_CC=shutil.which(compiler))
        said = subprocess.run([self.aotc, '--toolchain'], env=environment, capture_output=True, text=True)
        return [line.split()[1] for line in said.stdout.splitlines() if line.startswith('id ')]

    def configurations(self):
        """All there are: quick once for each translator and form, the others for each compiler as well."""
        all_of_them = []
        for family, translator in self.translators:
            if not translator or not os.access(translator, os.X_OK):
                continue
            for compiler in filter(shutil.which, COMPILERS):
                tiers = self.tiers(translator, compiler)
                for tier in ('quick', 'full'):
                    if tier not in tiers or tier == 'quick' and compiler != COMPILERS[0]:
                        continue
                    all_of_them += [Configuration(family, translator, compiler, tier, form, 'native') for form in FORMS]
                    if tier == 'full':
                        all_of_them.append(Configuration(family, translator, compiler, tier, 'special', 'x86-64'))
        return all_of_them

    def chosen(self, words):
        """all; few: the tiers of the newest translator, and the other form of the oldest; or those with these names."""
        there = self.configurations()
        if words == 'all':
            return there
        names = words.split()
        if words == 'few':
            few = ['newer/quick/special', 'newer/full-gcc/special', '1.0.32/quick/plain']
            names = few if all(name in [c.name for c in there] for name in few) else [there[0].name, there[-1].name]
        return [c for c in there if c.name in names]

    def missing(self):
        """What would give more configurations."""
        names = [c.name for c in self.configurations()]
        wanted = {'a newer wasm2c': 'newer/', 'the quick tier (tcc)': '/quick/', 'clang': '-clang/', 'gcc': '-gcc/'}
        return [what for what, part in wanted.items() if not any(part in name for name in names)]

    # --- steps

    def text_of(self, module):
        """A module as text with a name for everything; None if wasm2wat cannot read it."""
        said = subprocess.run(['wasm2wat', '--generate-names', '--no-check', *WABT_FEATURES, module],
                              capture_output=True, text=True)
        # a function exported as "" is given a name of no letters, which no other tool reads
        return re.sub(r'\$(?=[\s)])', '$nameless', said.stdout) if said.returncode == 0 else None

    def assemble(self, text):
        """The path of the module, or ValueError."""
        wat, wasm = self.path('wat'), self.path('wasm')
        with open(wat, 'w') as file:
            file.write(text)
        said = subprocess.run(['wat2wasm', '--debug-names', *WABT_FEATURES, wat, '-o', wasm], capture_output=True, text=True)
        if said.returncode:
            raise ValueError(said.stderr.splitlines()[0] if said.stderr else 'wat2wasm failed')
        return wasm

    def build(self, configuration, wasm):
        path = self.path('object')
        said = subprocess.run([self.aotc, *configuration.arguments, '--jobs', '1', '-o', path, wasm],
                              env=configuration.environment, capture_output=True, text=True, errors='replace')
        return Built(said.returncode, path, re.sub('^aotc: .*?: (refused: |unfit: )?', '', said.stderr.strip()))

    def translates(self, configuration, wasm):
        """Does the translator take the module as it is?"""
        return subprocess.run([configuration.translator, wasm, '-o', self.path('c')], capture_output=True).returncode == 0

    def play(self, object_path, calls):
        """calls: (traps, words). The start's end, then one end for each call: (word for it, rest)."""
        script = ''.join(f'{"trap" if traps else "call"} {" ".join(f"{word:x}" for word in words)}\n' for traps, words in calls)
        said = subprocess.run([self.player, object_path], input=script, capture_output=True, text=True)
        ends = [tuple(line.split(' ', 1)) if ' ' in line else (line, '') for line in said.stdout.splitlines()]
        if said.returncode or len(ends) != len(calls) + 1:
            ends = [('failed', said.stderr.strip())] + [('missing', '')] * len(calls)
        return ends
