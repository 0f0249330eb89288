// Compiles Python files: `node compile.mjs DIRECTORY PREFIX …`, the prefix being where a directory
// will be when its files run. What it writes is what CPython 3.14 writes anywhere: bytecode depends
// on the version alone (docs/adr/0060).

import { loadPyodide } from "pyodide";

const python = await loadPyodide();
const [, , ...words] = process.argv;
for (let at = 0; at < words.length; at += 2) {
  const mounted = `/built/${at}`;
  python.FS.mkdirTree(mounted);
  python.mountNodeFS(mounted, words[at]);
  python.globals.set("mounted", mounted);
  python.globals.set("prefix", words[at + 1]);
  python.runPython(`
import compileall, py_compile, sys
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
if not compileall.compile_dir(
    mounted, quiet=1, stripdir=mounted, prependdir=prefix, invalidation_mode=mode
):
    raise SystemExit(1)
`);
}
