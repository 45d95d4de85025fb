"""The texts found in code and templates, and what is said of a catalogue that does not fit them."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config import catalogue
from config.catalogue import Text

TEMPLATE = """{% load i18n %}
<p title="don't">{% translate "提交" %}</p> {% include "x.html" with title=_("标题") only %} {{ _("甲") }}
{% blocktranslate count n=firms|length trimmed %}
  有 {{ n }} 家
{% plural %}
  共有 {{ n }} 家
{% endblocktranslate %} {% translate "开" context "动作" as verb %}
{% comment %}{% translate "不要" %}{% endcomment %}
"""
CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext
a = _("第一"
      "句")
b = ngettext("%(n)s 天", "%(n)s 天们", 3)
c = pgettext("动作", "关")
d = f"{_('里面')}"
# _("注释")
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text(TEMPLATE)
    (tmp_path / "code.py").write_text(CODE)
    return tmp_path


def test_texts_of_a_template_and_of_code_are_found(room):
    found = catalogue.extract([room], base=room)
    assert set(found) >= {
        Text(None, ("提交",)),
        Text(None, ("标题",)),
        Text(None, ("甲",)),
        Text(None, ("有 %(n)s 家", "共有 %(n)s 家")),
        Text("动作", ("开",)),
        Text(None, ("第一句",)),
        Text(None, ("%(n)s 天", "%(n)s 天们")),
        Text("动作", ("关",)),
    }
    assert not {text.forms[0] for text in found} & {"不要", "注释"}


def test_a_catalogue_survives_writing_and_reading(room, tmp_path):
    texts = catalogue.extract([room], base=room)
    english = {"提交": "Submit", "有 %(n)s 家": ["%(n)s firm", "%(n)s firms"], "动作\x04开": "Open"}
    path = tmp_path / "django.po"
    catalogue.write(catalogue.updated(catalogue.read(path), texts, english), path)
    again = catalogue.updated(catalogue.read(path), texts)
    assert again.get("提交").string == "Submit"
    assert again.get("开", context="动作").string == "Open"
    assert again.get(("有 %(n)s 家", "共有 %(n)s 家")).string == ("%(n)s firm", "%(n)s firms")


def test_missing_stale_and_wrong_placeholders_are_named(room, tmp_path):
    texts = catalogue.extract([room], base=room)
    path = tmp_path / "django.po"
    english = {text.key: "English" for text in texts}
    catalogue.write(catalogue.updated(catalogue.read(path), texts, english), path)
    gone = {Text(None, ("新的",)): ["code.py"], **texts}
    del gone[Text(None, ("提交",))]
    findings = catalogue.check(catalogue.read(path), gone)
    assert findings.missing == ["新的 (code.py)"]
    assert findings.stale == ["提交"]
    assert sorted(findings.placeholders) == ["%(n)s 天", "有 %(n)s 家"]


def test_a_fuzzy_entry_is_named(tmp_path):
    path = tmp_path / "django.po"
    path.write_text(catalogue.HEADER + '#, fuzzy\nmsgid "提交"\nmsgstr "Submit"\n')
    assert catalogue.check(catalogue.read(path), {Text(None, ("提交",)): ["code.py"]}).fuzzy == ["提交"]


def test_compiling_is_skipped_when_up_to_date(tmp_path):
    source, target = tmp_path / "django.po", tmp_path / "django.mo"
    source.write_text(catalogue.HEADER + 'msgid "提交"\nmsgstr "Submit"\n')
    assert catalogue.compile_catalogue(source, target)
    assert not catalogue.compile_catalogue(source, target)


def test_check_fails_naming_what_has_no_english(settings, tmp_path, capsys):
    settings.LOCALE_PATHS = [tmp_path]
    with pytest.raises(CommandError, match="texts need work"):
        call_command("messages", check=True)
    assert "no English: " in capsys.readouterr().out
