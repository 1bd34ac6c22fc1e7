// node.mjs MODULE: calls the exports c0, c1, ... in order and prints each as wasm-interp does.
import fs from 'fs';

const bytes = fs.readFileSync(process.argv[2]);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));

function text(value) {
	return typeof value === 'bigint' ? `i64:${BigInt.asUintN(64, value)}` : `i32:${value >>> 0}`;
}

function said(call) {
	try {
		const values = call();
		return [values].flat().map(text).join(', ');
	} catch (error) {
		return `error: ${error.message}`;
	}
}

const lines = [];
for (let i = 0; exports[`c${i}`]; i++)
	lines.push(`c${i}() => ${said(exports[`c${i}`])}`);
console.log(lines.join('\n'));
