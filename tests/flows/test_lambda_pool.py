"""What a lambda can do and what it cannot: results, logs, and every kind of failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from identity.outbound.default_lambdas import TWITTER_RECONCILE
from identity.outbound.reconcile import LambdaFailed, LambdaPool, LambdaResult, LogLine
from identity.runtime import Runtime
from identity.settings import Lambda
from tests.flows.lambda_sources import ES5, MODERN, PROFILE

Run = Callable[..., LambdaResult]


@pytest.fixture(scope="module")
def pool() -> Iterator[LambdaPool]:
    """The engine's own limit decides here, however busy the machine is; test_lambda_processes has the wall clock."""
    shared = LambdaPool(Lambda(cpu_seconds=0.3, wall_seconds=30), Runtime())
    yield shared
    shared.close()


@pytest.fixture
def run(pool: LambdaPool) -> Run:
    """Call `reconcile` with a body for `function reconcile(user, registration, outside)`."""

    def call(body: str, *arguments: Any, before: str = "", **options: Any) -> LambdaResult:
        source = f"{before}\nfunction reconcile(user, registration, outside) {{ {body} }}"
        return pool.call(source, "reconcile", list(arguments) or [{}, {}], **options)

    return call


def failure(run: Run, body: str, *arguments: Any, **options: Any) -> LambdaFailed:
    with pytest.raises(LambdaFailed) as caught:
        run(body, *arguments, **options)
    return caught.value


@pytest.mark.parametrize("source", [ES5, MODERN, TWITTER_RECONCILE], ids=["es5", "modern", "default"])
def test_the_well_known_twitter_lambda_runs_in_every_style(pool: LambdaPool, source: str) -> None:
    result = pool.call(source, "reconcile", [{"email": "ann@example.com"}, {}, PROFILE], mutable=2)
    assert result.arguments == [
        {"email": "ann@example.com", "fullName": "Ann Example", "imageUrl": "https://pbs.example/ann.png"},
        {"username": "ann"},
    ]


@pytest.mark.parametrize("source", [ES5, MODERN, TWITTER_RECONCILE], ids=["es5", "modern", "default"])
def test_the_well_known_twitter_lambda_copes_with_a_bare_profile(pool: LambdaPool, source: str) -> None:
    result = pool.call(source, "reconcile", [{"fullName": "Ann"}, {}, {"screen_name": "ann"}], mutable=2)
    assert result.arguments == [{"fullName": "Ann"}, {"username": "ann"}]


@pytest.mark.parametrize(
    "definition",
    [
        "function reconcile(u) { u.ran = true }",
        "var reconcile = function (u) { u.ran = true };",
        "let reconcile = function (u) { u.ran = true };",
        "const reconcile = (u) => { u.ran = true };",
        "const reconcile = async (u) => { await null; u.ran = true };",
        "globalThis.reconcile = (u) => { u.ran = true };",
        "'use strict'; function reconcile(u) { u.ran = true }",
        "function reconcile(u) { u.ran = true } // no line end after this",
        "function reconcile(u) { u.ran = true } /* }); */",
        "'*/ }); `${'; function reconcile(u) { u.ran = true } '</script>'",
        "JSON = Reflect = String = Promise = undefined; function reconcile(u) { u.ran = true }",
        "class steps {}; const values = 1, logs = 2; function reconcile(u) { u.ran = true }",
    ],
)
def test_the_function_may_be_defined_in_any_way(pool: LambdaPool, definition: str) -> None:
    assert pool.call(definition, "reconcile", [{}]).arguments == [{"ran": True}]


def test_the_name_of_the_function_is_no_way_to_run_code(pool: LambdaPool) -> None:
    with pytest.raises(LambdaFailed, match="input"):
        pool.call("function reconcile() {}", "reconcile, 1", [])


def test_the_console_collects_one_text_per_level(run: Run) -> None:
    result = run(
        "console.info('one'); console.log('two', 'never seen'); console.log({a: 1}); console.debug([1, [2]]);"
        "console.error(null); console.error(); console.error(Symbol('s'));"
    )
    assert result.logs == (
        LogLine("info", "one\ntwo\n[object Object]"),
        LogLine("debug", "1,2"),
        LogLine("error", "null\nundefined\nSymbol(s)"),
    )


def test_a_log_is_storable_text_whatever_the_lambda_writes(run: Run) -> None:
    assert run(r"console.info('a\u0000b\ud800c \u{1F600} é')").logs == (LogLine("info", "a\ufffdb?c 😀 é"),)


def test_a_flood_of_log_is_cut(run: Run) -> None:
    (line,) = run("for (let i = 0; i < 2000; i++) console.info('x'.repeat(1000))").logs
    assert len(line.text) < 70_000
    assert line.text.endswith("dropped)")


def test_a_lambda_that_throws_fails_with_its_message_and_its_log(run: Run) -> None:
    failed = failure(run, "console.info('so far'); user.fullName = 'x'; throw new Error('no entry')")
    assert failed.kind == "threw"
    assert failed.message.startswith("Error: no entry\n    at reconcile")
    assert failed.logs == (LogLine("info", "so far"),)


@pytest.mark.parametrize(
    "body",
    [
        "throw 'text'",
        "throw {a: 1}",
        "throw undefined",
        "throw Symbol('s')",
        "throw {toString() { throw 1 }}",
        r"throw new Error('\ud800 \u0000')",
        "noSuchFunction()",
        "user.a.b.c = 1",
        "return Promise.reject(new Error('late'))",
        "return new Promise(() => {})",
        "fetch('http://127.0.0.1')",
    ],
)
def test_whatever_is_thrown_is_a_failure_that_the_child_survives(pool: LambdaPool, run: Run, body: str) -> None:
    run("")
    before = pool.process_ids()
    failed = failure(run, body)
    assert failed.kind == "threw"
    assert failed.message.encode("utf-8")
    assert "\x00" not in failed.message
    assert pool.process_ids() == before


@pytest.mark.parametrize(
    "source", ["function reconcile( {", "syntax error", "throw 1", "let reconcile = 1", "", "\x00", "\ud800"]
)
def test_a_source_without_the_function_fails_and_does_not_pass_the_check(pool: LambdaPool, source: str) -> None:
    with pytest.raises(LambdaFailed) as caught:
        pool.call(source, "reconcile", [{}])
    assert caught.value.kind == "threw"
    assert pool.check(source, "reconcile")


def test_a_good_source_passes_the_check_without_being_called(pool: LambdaPool) -> None:
    assert pool.check("function reconcile() { throw new Error('called') }", "reconcile") is None


def test_a_source_that_loops_at_its_top_level_does_not_pass_the_check(pool: LambdaPool) -> None:
    assert "CPU" in str(pool.check("while (true); function reconcile() {}", "reconcile"))


@pytest.mark.parametrize(
    "body",
    [
        "while (true);",
        "for (;;) { try { while (true); } catch (e) {} finally { continue; } }",
        "/^(a+)+$/.test('a'.repeat(50) + 'b')",
        "user.toJSON = () => { while (true); }",
        "const again = () => Promise.resolve().then(again); again()",
        "Promise.resolve().then(() => { while (true); })",
    ],
    ids=["loop", "caught loop", "regexp", "toJSON", "endless microtasks", "microtask loop"],
)
def test_a_lambda_that_does_not_end_is_stopped_and_its_child_replaced(pool: LambdaPool, run: Run, body: str) -> None:
    run("")
    before = pool.process_ids()
    failed = failure(run, "console.info('started');" + body)
    assert failed.kind == "timeout"
    assert failed.logs == (LogLine("info", "started"),)
    assert run("user.ran = true").arguments[0] == {"ran": True}
    assert set(pool.process_ids()) != set(before)


@pytest.mark.parametrize(
    "body",
    [
        "const hold = []; while (true) hold.push('x'.repeat(10000) + hold.length)",
        "const hold = []; while (true) hold.push(new Array(10000))",
        "globalThis.hold = []; while (true) hold.push({hold})",
        "const hold = {}; for (let i = 0; ; i++) hold[i] = ('x'.repeat(1 << 20) + i).split('').join('')",
        "new ArrayBuffer(1 << 30)",
    ],
)
def test_a_memory_bomb_fails_alone(run: Run, body: str) -> None:
    failed = failure(run, "console.info('started');" + body)
    assert failed.kind == "memory"
    assert failed.logs == (LogLine("info", "started"),)
    assert run("user.ran = true").arguments[0] == {"ran": True}


@pytest.mark.parametrize(
    "body",
    [
        "(function again() { return 1 + again() })()",
        "JSON.parse('['.repeat(200000))",
        "eval('('.repeat(200000))",
        "const p = new Proxy({}, { get: (t, n, r) => r[n] }); p.x",
    ],
)
def test_deep_recursion_is_an_error_of_the_lambda(run: Run, body: str) -> None:
    failed = failure(run, body)
    assert failed.kind == "threw"
    assert "RangeError" in failed.message


@pytest.mark.parametrize(
    "body",
    [
        "user.self = user",
        "user.toJSON = () => undefined",
        "user.toJSON = () => 'text'",
        "user.toJSON = () => []",
        "Object.prototype.toJSON = () => 7",
        "Object.defineProperty(user, 'a', { enumerable: true, get() { throw new Error('no') } })",
        "const p = Proxy.revocable({}, {}); user.a = p.proxy; p.revoke()",
        "user.a = 1n",
        "user.a = 'x'.repeat(300000)",
        "user.a = 'é'.repeat(140000)",
        "user.a = 'x'.repeat(200000); registration.a = 'x'.repeat(200000)",
        "let deep = []; for (let i = 0; i < 200000; i++) deep = [deep]; user.a = deep",
        "let deep = []; for (let i = 0; i < 1500; i++) deep = [deep]; user.a = deep",
    ],
)
def test_nonsense_left_behind_is_no_result(run: Run, body: str) -> None:
    assert failure(run, body).kind == "output"
    assert run("user.ran = true").arguments[0] == {"ran": True}


def test_nonsense_in_an_argument_that_is_only_read_does_no_harm(run: Run) -> None:
    result = run("outside.self = outside; user.name = outside.name", {}, {}, {"name": "Ann"}, mutable=2)
    assert result.arguments == [{"name": "Ann"}, {}]


def test_what_json_cannot_say_is_left_out_as_json_stringify_does(run: Run) -> None:
    result = run("user.a = undefined; user.f = () => 1; user.n = NaN; user.d = new Date(0); user.m = new Map()")
    assert result.arguments[0] == {"n": None, "d": "1970-01-01T00:00:00.000Z", "m": {}}


def test_members_may_be_deleted_and_emptied(run: Run) -> None:
    assert run("delete user.a; user.b = null", {"a": 1, "b": 2, "c": 3}, {}).arguments[0] == {"b": None, "c": 3}


def test_nothing_of_one_call_is_there_in_the_next(run: Run) -> None:
    before = "Object.prototype.admin = true; Array.prototype.map = () => 'bad'; globalThis.left = 1; JSON.parse = 1;"
    run("user.a = {}.admin", before=before)
    result = run("user.a = typeof {}.admin; user.b = typeof left; user.c = [1].map(x => x + 1); JSON.parse('1')")
    assert result.arguments[0] == {"a": "undefined", "b": "undefined", "c": [2]}


def test_a_polluted_prototype_does_not_reach_the_service(run: Run) -> None:
    result = run("user.__proto__.admin = true; user['__proto__'] = 1; user.constructor.prototype.x = 1; user.a = 1")
    assert result.arguments == [{"a": 1}, {}]


@pytest.mark.parametrize(
    "name",
    ["fetch", "require", "process", "setTimeout", "setInterval", "XMLHttpRequest", "WebSocket", "os", "std", "Java",
     "Packages", "load", "print", "Deno", "module", "exports", "WebAssembly", "Worker", "steps", "logs"],
)  # fmt: skip
def test_the_world_outside_is_not_there(run: Run, name: str) -> None:
    assert run(f"user.kind = typeof {name}").arguments[0] == {"kind": "undefined"}


@pytest.mark.parametrize("module", ["fs", "os", "std", "/etc/passwd", "./x.js"])
def test_no_module_can_be_imported(run: Run, module: str) -> None:
    assert failure(run, f"return import('{module}')").kind == "threw"


def test_numbers_that_the_lambda_does_not_touch_stay_exact(run: Run) -> None:
    user = {"data": {"id": 2**63 + 1, "ids": [2**53 + 1, 1], "rate": 0.1, "count": 3, "whole": 2.0}, "big": 10**40}
    result = run("user.data.count++; user.data.ids[1] = true", user, {})
    assert result.arguments[0] == {**user, "data": {**user["data"], "count": 4, "ids": [2**53 + 1, True]}}
    assert result.arguments[0]["data"]["ids"][1] is True


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "1e21", "9007199254740991", "5e-324", "-0.0"])
def test_numbers_come_through(run: Run, number: str) -> None:
    assert run(f"user.n = {number}; user.m = user.m + 1", {"m": 41}, {}).arguments[0] == {"n": float(number), "m": 42}


@pytest.mark.parametrize(
    "text", ["é", "日本語", "😀", "\u2028\u2029", "\x00\x1f", "\ud800", "</script>", '"\\"', "\U0010ffff"]
)
def test_text_of_every_kind_comes_through(run: Run, text: str) -> None:
    result = run("user.copy = user.text; user[user.text] = 1", {"text": text}, {})
    assert result.arguments[0] == {"text": text, "copy": text, text: 1}


@pytest.mark.parametrize("argument", [{"a": "x" * 270_000}, {"a": float("nan")}])
def test_arguments_that_are_too_large_or_no_json_are_refused(run: Run, argument: dict[str, Any]) -> None:
    assert failure(run, "", argument).kind == "input"


def test_a_200_000_deep_argument_is_refused(run: Run) -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    assert failure(run, "", {"a": deep}).kind == "input"
    while deep:  # taken apart by hand: a value this deep is hard on whatever else walks it
        deep = deep.pop()


def test_a_source_beyond_its_limit_is_refused(run: Run) -> None:
    assert failure(run, "", before="/" * 270_000).kind == "input"


def test_source_and_arguments_at_their_limits_pass(run: Run) -> None:
    large = {"a": "é" * 130_000}
    assert run("user.n = user.a.length", large, {}, before="//" + "x" * 260_000).arguments[0] == {**large, "n": 130_000}
