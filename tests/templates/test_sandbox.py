"""The child process holds what an author's template may take, and has nothing to give away."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from templates import sandbox, sandbox_child
from templates.drafts import ContentDraft
from templates.errors import MissingMergeTag, RenderFailed, TooCostly
from templates.linting import Terms
from tests.support.messages import BRAND, UNSUBSCRIBE, codes, content

LARGE = "<p title='{{ x }}'>{{ first_name }} <a href='https://a.test/{{ y }}'>b</a></p>" + "z" * 680


ROOT = Path(sandbox.__file__).parent.parent


def rendered(html: str, **fields: object) -> str:
    parsed = {"language": "en", "subject": "S", "preheader": "", "html": html, "text": "", "urls": []}
    return sandbox.render(
        parsed, policy={"skip_missing": True}, fields=fields, brand=BRAND, unsubscribe=UNSUBSCRIBE
    ).html


def test_it_compiles_as_the_compiler_does() -> None:
    good, bad = sandbox.compile_contents(
        [content("<a href='https://a.test'>{{ x }}</a>{% render 'f' %}"), content("{{")], {"f": "!"}
    )
    assert good.compiled
    assert good.compiled.html == "<a href='{% _slot 0 %}'>{{ x }}</a>!"
    assert [link.url for link in good.compiled.links] == ["https://a.test"]
    assert (good.merge_tags, good.blocks, good.findings) == (["x"], ["f"], [])
    assert (bad.compiled, codes(bad.findings)) == (None, ["E001"])
    assert bad.findings[0].pointer == "/contents/1/body"


def test_the_largest_source_fits_into_the_limits() -> None:
    body = LARGE * 630
    assert 450_000 < len(body) < 500_000
    (result,) = sandbox.compile_contents([content(body)], {})
    assert result.compiled
    assert "message_templates.W002" in {item.code for item in sandbox.lint_contents([content(body)], {}, Terms())}


def test_what_takes_too_long_is_stopped() -> None:
    with pytest.raises(TooCostly):
        sandbox.compile_contents([content(LARGE * 630)] * 16, {})


def test_a_child_out_of_memory_says_so_by_its_exit_code() -> None:
    code = "from templates import sandbox_child as c; c.MEMORY = 64 << 20; c.main()"
    job = json.dumps({"job": "compile", "contents": ["x" * 40_000_000], "blocks": {}}).encode()
    child = subprocess.run([sys.executable, "-c", code], input=job, check=False, env={}, cwd=ROOT, capture_output=True)
    assert child.returncode == sandbox_child.TOO_COSTLY


def test_a_child_that_hangs_is_too_costly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "WALL_SECONDS", 0.01)
    with pytest.raises(TooCostly):
        rendered("x")


def test_a_defect_is_not_taken_for_an_author_s_fault() -> None:
    with pytest.raises(RuntimeError, match="KeyError"):
        sandbox._run("nonsense")


def test_a_preview_fails_as_the_message_would() -> None:
    assert rendered("<p>{{ n }}</p>", n="<x>") == "<p>&lt;x&gt;</p>"
    with pytest.raises(MissingMergeTag, match="'n'"):
        rendered("<p>{{ n }}</p>")
    with pytest.raises(RenderFailed, match="too long"):
        rendered("{% for i in (1..99999999) %}{% endfor %}")


def test_the_child_has_no_secrets_and_no_django() -> None:
    code = (
        "import json, os, runpy, sys; runpy.run_module('templates.sandbox_child', run_name='__main__');"
        "json.dump([sorted(os.environ), 'django' in sys.modules], sys.stderr)"
    )
    job = json.dumps({"job": "compile", "contents": [vars(content("x"))], "blocks": {}}).encode()
    child = subprocess.run([sys.executable, "-c", code], input=job, capture_output=True, check=True, env={}, cwd=ROOT)
    names, has_django = json.loads(child.stderr)
    assert set(names) <= {"LC_CTYPE"}
    assert not has_django


def test_its_jobs_are_those_of_the_parent() -> None:
    assert set(sandbox_child.JOBS) == {"compile", "lint", "render", "try"}
    work = sandbox_child.JOBS["compile"]([vars(ContentDraft("en", "html", "S", "<p>{{ x }}</p>"))], {})
    assert work[0]["merge_tags"] == ["x"]
    assert sandbox_child.JOBS["lint"]([vars(ContentDraft("en", "html", "", "x"))], {}, {"purpose": "transactional"})
    parsed = {"language": "en", "subject": "S", "preheader": "", "html": "{{ x }}", "text": "", "urls": []}
    assert sandbox_child.JOBS["render"](parsed, {"skip_missing": True}, {}, BRAND, "")["missing"] == "x"
    assert sandbox_child.JOBS["render"](parsed, {}, {"x": "1"}, BRAND, "")["rendered"]["html"] == "1"
    tried = sandbox_child.JOBS["try"](
        [parsed, parsed], [{}, {"x": "1"}], {"skip_missing": False, "fallbacks": {}}, BRAND, ""
    )
    assert [item["missing"] for item in tried] == [["x"], []]
