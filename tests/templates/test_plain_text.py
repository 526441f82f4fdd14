"""The text part made from HTML reads well and keeps its Liquid."""

import pytest

from tests.support.messages import rendered


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One\n  two</p><p>three</p>", "One two\n\nthree"),
        ("one<br>two<br/><br>three", "one\ntwo\n\nthree"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d", "- a\n- b\n  - c\n\nd"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<table><tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr></table>", "a 1\nb 2"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ('<a href="https://a.test">Go</a> there', "Go <https://a.test> there"),
        ('see <a href="https://a.test">https://a.test</a>', "see https://a.test"),
        ('<a href="mailto:a@a.test">Write</a>', "Write <a@a.test>"),
        ('<a href="#x">Top</a>', "Top"),
        ('<a href="https://a.test"><img src="x.png" alt="Shop"></a>', "Shop <https://a.test>"),
        ('<a href="https://a.test"><img src="x.png" alt=""></a>', "https://a.test"),
        ("a &lt;b&gt; &amp; c&nbsp;d &eacute;", "a <b> & c d é"),
        ("<style>p { x }</style><script>y</script><title>t</title>a", "a"),
        ("<div style='display: none'>hidden<div>too</div></div>shown", "shown"),
        ("<!--[if mso]>outlook<![endif]-->a<!-- note -->", "a"),
        ("{% raw %}{{ x }}{% endraw %} &#123;&#123; y }} {z}", "{{ x }} {{ y }} {z}"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert rendered(html).text == text


def test_liquid_keeps_its_place() -> None:
    html = "<p>Hi {{ first_name }}</p>{% if vip %}<p>Gold</p>{% endif %}<p>Bye</p>"
    assert rendered(html, {"first_name": "Ana", "vip": True}).text == "Hi Ana\n\nGold\n\nBye"
    assert rendered(html, {"first_name": "Ana"}).text == "Hi Ana\n\nBye"


def test_a_block_that_begins_in_a_comment_for_outlook_still_encloses_what_it_did() -> None:
    html = "<!--[if mso]>{% if vip %}<i><![endif]-->Gold<!--[if mso]></i>{% endif %}<![endif]-->"
    assert rendered(html, {}).text == ""
    assert rendered(html, {"vip": True}).text == "Gold"


def test_nothing_is_escaped_in_the_text_part() -> None:
    message = rendered(
        "<p>{{ first_name }} {{ address | newline_to_br }}</p>", {"first_name": "A & <B>", "address": "x\ny"}
    )
    assert message.text == "A & <B> x\ny"
    assert "A &amp; &lt;B&gt; x<br />\ny" in message.html
