"""What the benchmark asks CPython about Python source: run as `python3 corpus.py MODE`, answers JSON on stdout.

stdlib           where the standard library is, and the version of this Python
units            the top-level statements of the standard library's own modules, by name, private modules last
places           (source on stdin) where a person edits: inside expressions, and after simple statements
broken           (JSON list of sources on stdin) for each, whether CPython refuses to parse it

Lines count from 0, columns are UTF-16 code units, as in the Language Server Protocol.
"""

import ast
import json
import os
import sys
import sysconfig
import warnings
from collections.abc import Iterator

warnings.simplefilter("ignore")


def stdlib() -> dict[str, str]:
    return {"path": sysconfig.get_paths()["stdlib"], "version": sys.version.split()[0]}


def module_sources() -> Iterator[tuple[str, str]]:
    """Every top-level module that is plain UTF-8; packages are left out, there is more than enough."""
    folder = stdlib()["path"]
    for name in sorted(os.listdir(folder), key=lambda name: (name.startswith("_"), name)):
        if not name.endswith(".py"):
            continue
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        try:
            text = content.decode("utf-8").replace("\r\n", "\n")
            ast.parse(text)
        except (UnicodeDecodeError, SyntaxError):
            continue
        yield name, text


def annotated(text: str) -> str:
    """The same source with `object` wherever a parameter or a return type is missing, as a typed project has them."""
    lines = [line.encode() for line in text.split("\n")]
    inserts: list[tuple[int, int, bytes]] = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        for argument in every:
            if argument is not None and argument.annotation is None and argument.arg not in ("self", "cls"):
                inserts.append((argument.end_lineno - 1, argument.end_col_offset, b": object"))
        first = node.body[0]
        header_end = lines[first.lineno - 1][: first.col_offset].rstrip()
        on_one_line = first.lineno == node.lineno and header_end.endswith(b"):")
        header = lines[node.lineno - 1]
        if node.returns is not None:
            continue
        if on_one_line:
            inserts.append((node.lineno - 1, len(header_end) - 1, b" -> object"))
        elif header.rstrip().endswith(b"):"):
            inserts.append((node.lineno - 1, len(header.rstrip()) - 1, b" -> object"))
    for line, column, insert in sorted(inserts, reverse=True):
        lines[line] = lines[line][:column] + insert + lines[line][column:]
    result = b"\n".join(lines).decode()
    try:
        ast.parse(result)
    except SyntaxError:
        return text
    return result


def units() -> list[dict[str, object]]:
    """Consecutive top-level statements; comments belong to the statement that follows them."""
    modules = []
    for name, plain in module_sources():
        versions = {}
        for kind, text in (("plain", plain), ("typed", annotated(plain))):
            lines = text.split("\n")
            texts: list[str] = []
            start = 0
            for statement in ast.parse(text).body:
                end = statement.end_lineno
                first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
                if first <= start:
                    continue
                future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
                if not future:
                    texts.append("\n".join(lines[start:end]) + "\n")
                start = end
            versions[kind] = texts
        modules.append({"name": name, **versions})
    return modules


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def places(text: str) -> dict[str, list[list[int]]]:
    lines = text.split("\n")

    def column(line: int, offset: int) -> int:
        return utf16(lines[line].encode()[:offset].decode())

    expressions: list[list[int]] = []
    statements: list[list[int]] = []
    pending: list[ast.AST] = [ast.parse(text)]
    while pending:
        node = pending.pop()
        # The positions of what is inside an f-string are wrong before Python 3.12.
        if isinstance(node, ast.JoinedStr):
            continue
        if isinstance(node, ast.Name | ast.Attribute) or (
            isinstance(node, ast.Constant) and isinstance(node.value, int)
        ):
            line = node.end_lineno - 1
            expressions.append([line, column(line, node.end_col_offset)])
        simple = isinstance(node, ast.stmt) and not hasattr(node, "body") and not isinstance(node, ast.Match)
        if simple:
            line = node.end_lineno - 1
            if column(line, node.end_col_offset) == utf16(lines[line]):
                own = lines[node.lineno - 1]
                indent = len(own) - len(own.lstrip(" \t"))
                if own[:indent].isspace() or indent == 0:
                    statements.append([line, utf16(lines[line]), indent])
        pending.extend(ast.iter_child_nodes(node))
    return {"expressions": sorted(expressions), "statements": sorted(statements)}


def is_broken(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return True
    return False


def read_input() -> str:
    """Bytes, not text mode: newline translation would shift what the harness counted."""
    return sys.stdin.buffer.read().decode("utf-8")


def main() -> None:
    sys.setrecursionlimit(10_000)
    mode = sys.argv[1]
    if mode == "stdlib":
        answer: object = stdlib()
    elif mode == "units":
        answer = units()
    elif mode == "places":
        answer = places(read_input())
    elif mode == "broken":
        answer = [is_broken(text) for text in json.loads(read_input())]
    else:
        sys.exit(f"corpus.py: unknown mode {mode}")
    sys.stdout.buffer.write(json.dumps(answer).encode("utf-8"))


main()
