#!/usr/bin/env python3
"""Writes chat-templates/expected.json: what Python's Jinja, set up as transformers sets it up for chat
templates, makes of the templates there and of the snippets below. null where it refuses.

The templates are ours, in the style of models' own. Needs: jinja2==3.1.6. Usage: chat_templates.py"""

import datetime
import json
from pathlib import Path

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = Path(__file__).parent.parent / "chat-templates"
NOW = datetime.datetime(2026, 11, 27, 3, 4, 5, tzinfo=datetime.timezone.utc)


class Generation(Extension):
    """The block that marks what an assistant wrote."""

    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = NOW.strftime
    return made


TOOLS = [
    {"type":"function","function":{"name":"get_weather","description":"Weather of a city, now \"exactly\".","parameters":{"type":"object","properties":{"city":{"type":"string","description":"The city's name"},"unit":{"type":"string","enum":["celsius","fahrenheit"],"default":"celsius"},"days":{"type":["integer","null"]}},"required":["city"]},"return":{"type":"string","description":"text"}}},
    {"type":"function","function":{"name":"add","description":"Adds <two> numbers & more","parameters":{"type":"object","properties":{"a":{"type":"number","description":"first"},"b":{"type":"number","description":"second"},"list":{"type":"array","items":{"type":"string"}}},"required":["a","b"]}}}]


def call(name, args, id="call12345"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": args}}



def said(role, content, **more):
    return {"role": role, "content": content, **more}


def user(content):
    return said("user", content)


def assistant(content, **more):
    return said("assistant", content, **more)


def system(content):
    return said("system", content)


CONVERSATIONS = {
    "user":[user("Hello there")],
    "turns":[user("Hi"),assistant("Hello! How can I help?"),user("What is 1+1?\nThink."),assistant("  2  "),user("Größe 漢字 😀 \"quoted\" <tag> & 'x'")],
    "system":[system("You are terse.\nVery."),user("Hi"),assistant("Yes?"),user("Bye")],
    "thinking":[user("2+2?"),assistant("<think>\nadd them\n</think>\n\nIt is 4."),user("sure?"),assistant("Yes.",reasoning_content="Check again."),user("ok")],
    "tools":[system("Use tools."),user("Weather in Paris?"),assistant("",tool_calls=[call("get_weather",{"city":"Paris","days":3})]),{"role":"tool","name":"get_weather","tool_call_id":"call12345","content":"{\"temp\": 21.5}"},assistant("21.5 degrees."),user("And 1+2?")],
    "toolstext":[user("Weather?"),assistant("Let me look.",tool_calls=[call("get_weather",{"city":"Köln","unit":"celsius"}),call("add",{"a":1,"b":2.5,"list":["x","y"]},"call67890")]),{"role":"tool","name":"get_weather","tool_call_id":"call12345","content":"rain"},{"role":"tool","name":"add","tool_call_id":"call67890","content":"3.5"}],
    "tooljson":[user("Weather?"),assistant(None,tool_calls=[call("get_weather","{\"city\": \"Rome\"}")]),{"role":"tool","name":"get_weather","tool_call_id":"call12345","content":"sun"}],
    "parts":[user([{"type":"text","text":"Look: "},{"type":"image"},{"type":"text","text":" what?"}]),assistant([{"type":"text","text":"A cat."}]),user("Sure?")],
    "wrong":[assistant("I begin"),user("no")],
    "twice":[user("a"),user("b")],
    "empty":[],
}
OPTIONS = [
    dict(add_generation_prompt=True),
    dict(add_generation_prompt=False),
    dict(add_generation_prompt=True,tools=TOOLS),
    dict(add_generation_prompt=True,tools=None,enable_thinking=False),
    dict(add_generation_prompt=True,tools=TOOLS,enable_thinking=True,custom_tools=None,documents=[{"title":"t","text":"d"}],date_string="26 Jul 2024",reasoning_effort="high",builtin_tools=["python"])]
COMMON = dict(bos_token="<s>",eos_token="</s>",pad_token="<pad>",unk_token="<unk>")
VALUES = {"a":1,"b":"two","c":[1,2,3],"d":{"x":{"y":5},"k":"v"},"n":None,"t":True,"f":1.5,"s":"  Hello, World! ","l":[{"r":"u","v":3},{"r":"a","v":1},{"r":"u","v":2}],"u":"Größe 漢字 😀","e":"","z":[],"m":"a,b,,c","big":1e20,"neg":-7,"q":"it's \"q\"\n\t\\ \u0001 \u200b é"}
EXPRESSIONS = r"""{{ a }}|{{ b }}|{{ c }}|{{ d }}|{{ n }}|{{ t }}|{{ f }}|{{ q }}|{{ [q] }}|{{ big }}|{{ [1.0, 1e16, 1e-5, 0.1, 123456789.123, 1e22] }}
{{ q|tojson }}|{{ d|tojson(indent=2) }}|{{ c|tojson(indent=4) }}|{{ l|tojson(separators=(',',':')) }}|{{ d|tojson(sort_keys=true) }}|{{ u|tojson(ensure_ascii=true) }}|{{ []|tojson(indent=2) }}|{{ {}|tojson }}|{{ {1:2, 'a':none, none:true}|tojson }}
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 + 2.0 }} {{ -a }} {{ +a }} {{ 2 * 3 + 4 * 5 - 6 }} {{ 10 - 2 - 3 }} {{ 2 ** 3 ** 1 }}
{{ 'a' ~ 1 ~ none ~ true }} {{ 'ab' * 3 }} {{ 'x' + 'y' }} {{ c + [4] }} {{ '%s-%d' % ('a', 5) }} {{ 'n: %s' % 3 }}
{{ a == 1 }} {{ a == 1.0 }} {{ t == 1 }} {{ 'a' < 'b' }} {{ [1,2] == [1,2] }} {{ {'a':1} == {'a':1} }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 2 in c }} {{ 'ell' in s }} {{ 'x' in d }} {{ 'y' not in d }} {{ not a }} {{ not not a }} {{ n is none }} {{ n is not none }}
{{ x }}|{{ x is defined }}|{{ d.zz is defined }}|{{ d['x'].y }}|{{ d.x['y'] }}|{{ x|default('dd') }}|{{ e|default('dd', true) }}|{{ e|default('dd') }}|{{ n or 'o' }}|{{ a and b }}|{{ x or 'w' }}|{{ 'a' if t else 'b' }}|{{ 'a' if n }}|{{ 'y' if a == 2 else 'n' if a == 3 else 'm' }}
{{ c[0] }} {{ c[-1] }} {{ c[1:] }} {{ c[:-1] }} {{ c[::-1] }} {{ c[::2] }} {{ c[5:] }} {{ c[-2:] }} {{ c[9] }} {{ u[0] }} {{ u[-1] }} {{ u[2:5] }} {{ u|length }} {{ 'abc'[::-1] }} {{ c[10:0:-1] }} {{ c[-100:100] }}
{{ s.strip() }}|{{ s.lstrip() }}|{{ s.rstrip() }}|{{ s|trim }}|{{ s.strip(' H!') }}|{{ 'xxaxx'.strip('x') }}|{{ s.upper() }}|{{ s.lower() }}|{{ s|title }}|{{ 'hello wORLD'.title() }}|{{ 'hello wORLD'|capitalize }}|{{ u.upper() }}
{{ m.split(',') }} {{ 'a b  c'.split() }} {{ m.split(',', 1) }} {{ m.rsplit(',', 1) }} {{ 'a\nb\r\nc'.splitlines() }} {{ m.replace(',', ';') }} {{ m.replace(',', ';', 1) }} {{ 'abc'.replace('', '-') }} {{ m|replace(',', '+') }} {{ ' a b '.split(' ') }} {{ 'a b c d'.rsplit(None, 2) }}
{{ s.startswith('  H') }} {{ s.endswith('! ') }} {{ 'abc'.startswith(('x','a')) }} {{ 'abc'.find('c') }} {{ 'abc'.find('z') }} {{ 'abcabc'.rfind('b') }} {{ 'aXbX'.count('X') }} {{ ','.join(['a','b']) }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ '12'.isdigit() }} {{ 'a1'.isalnum() }} {{ 'ab'.isalpha() }} {{ ' '.isspace() }} {{ 'AB'.isupper() }} {{ ''.isdigit() }} {{ '{} {} {x} {{}}'.format('p','q',x=3) }} {{ '{1}{0}'.format(1, 2) }}
{{ d.keys()|list }} {{ d.values()|list }} {{ d.get('k') }} {{ d.get('zz') }} {{ d.get('zz', 3) }} {{ d|items|list|tojson }} {{ d|dictsort|tojson }} {{ d|length }} {% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d %}{{ k }}{% endfor %}
{{ l|map(attribute='r')|list }} {{ l|selectattr('r','equalto','u')|list }} {{ l|rejectattr('r','eq','u')|list }} {{ c|select('odd')|list }} {{ c|reject('gt', 2)|list }} {{ c|map('string')|join('-') }} {{ l|map(attribute='zz', default='q')|list }} {{ ['b','A','c']|sort }} {{ ['b','A','c']|sort(case_sensitive=true) }} {{ c|sort(reverse=true) }} {{ l|sort(attribute='v')|map(attribute='v')|list }} {{ [1,1,2,'a','A']|unique|list }} {{ c|sum }} {{ l|sum(attribute='v') }} {{ c|min }} {{ c|max }} {{ c|first }} {{ c|last }} {{ z|first }} {{ c|reverse|list }} {{ 'abc'|reverse }} {{ c|join(', ') }} {{ l|join(', ', attribute='r') }} {{ u|list }} {{ n|map('upper')|list }}
{{ '3'|int }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ 3.9|int }} {{ '2.5'|float }} {{ 3|float }} {{ 2.567|round(2) }} {{ 2.5|round }} {{ 2.1|round(0,'ceil') }} {{ -3|abs }} {{ 3|string }} {{ 'a\nb\n\nc'|indent }} {{ 'a\nb'|indent(2, true) }} {{ 'a\n\nb'|indent(2, false, true) }} {{ '<a & "b">'|e }} {{ 'a b c'|wordcount }} {{ 'x'|safe }}
{{ a is number }} {{ b is string }} {{ c is iterable }} {{ b is iterable }} {{ d is mapping }} {{ c is mapping }} {{ t is boolean }} {{ a is boolean }} {{ t is true }} {{ a is integer }} {{ f is float }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }} {{ 3 is odd }} {{ 3 is even }} {{ a is sameas 1 }} {{ n is sameas none }} {{ 2 is in c }} {{ c is sequence }} {{ x is undefined }} {{ t is integer }} {{ t is number }} {{ a is eq 1 and b is string }} {{ a is ge 1 }} {{ 'A' is upper }}
{% set ns = namespace(x=1, y='q') %}{% for i in c %}{% set ns.x = ns.x + i %}{% set a = i %}{% endfor %}{{ ns.x }} {{ a }} {{ ns.y }} {% set a, b2 = [8, 9] %}{{ a }}{{ b2 }}
{% for i in c if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.index0 }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('x','y') }}{{ loop.changed(i) }} {% else %}none{% endfor %}{% for i in z %}x{% else %}empty{% endfor %}{% for i in c %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% if i == 3 %}{% break %}{% endif %}{% endfor %}{% for i in c %}{% for j in c %}{{ loop.depth }}{% endfor %}{% endfor %}
{% macro f(x, y=2, z=none) %}[{{ x }}{{ y }}{{ z }}]{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(y=5, x=4) }}{{ f() }}{{ f(1)|length }}{% macro r(n) %}{{ n }}{% if n > 0 %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(5) }}
{% set cap %}  block {{ a }} {% endset %}[{{ cap }}]{% set cap2 | upper | trim %} x {% endset %}[{{ cap2 }}]{% filter upper %}abc{% endfilter %}{% with q1=1, q2=2 %}{{ q1 }}{{ q2 }}{% endwith %}{{ q1 is defined }}{% raw %}{{ raw }}{% endraw %}{% generation %}gen{% endgeneration %}
{{ range(3)|list }} {{ range(1, 7, 2)|list }} {{ range(5, 0, -2)|list }} {{ dict(b=1)|tojson }} {{ strftime_now('%d %b %Y %H:%M:%S %j %A %p %I %y %B %a %%') }} {{ (1, 2)|list }} {{ 1_000 }} {{ 'a' 'b' }} {{ "\u00e9\x41\n\t\101\q"|tojson }} {{ [1, [2, {'a': (3,)}]]|tojson }}
{{ '' if false else 'z' }}{{ {'a': {'b': [1,2]}}['a']['b'][1] }}{{ {'a': 1}.a }}{{ [1,2,3][1] }}{{ ('a','b')[0] }}{{ 'abc'.upper().lower()[1] }}{{ (a + 1) * 2 }}{{ not (a == 1) }}{{ a if a is defined and a else 0 }}{{ (x.y is defined) if x is defined else 'no' }}
""".splitlines()
SPACE = [
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n",
    "a\n  {%- if true -%}\n  b\n  {%- endif -%}\nc\n\n",
    "  {{ 1 }}  \n  {{- 2 -}}  \n x",
    "{# c #}\nx{# d #} y\n  {# e #}\nz {#- f -#} w",
    "{%+ if true %}\n  x{%+ endif %}\n y",
    "a {%- if true %} b {% endif -%} c",
    "x\r\ny\r{% if true %}\r\nz{% endif %}\r\n",
    "{% for i in [1,2] %}\n  {{ i }}\n{% endfor %}\nend",
    "\n\n{{ 1 }}\n\n",
    "{% set x = 1 %}\n\n{{ x }}\n{% if true %}{{ x }}\n{% endif %}q",
    "a{% if true +%}\nb{% endif +%}\nc",
    "  {% raw %}  \n {{ x }} {% endraw %} \n y",
    "{{ '{{' }}{{ '%}' }}{{ {'a':{'b':1}} }}",
    "\t {% if true %}\t\n\t x \t{% endif %}\t\n",
    "x   {% if true %}y{% endif %}   z",
    "{%- set a = 1 -%}\n{{- a -}}\n{%- set b = 2 -%}",
    "a\n\n\n{%- if true %}\n\n b{% endif %}",
    "{{ 1 -}}   \n\n x {{- 2 }}",
]
MISTAKES = [
    "{{",
    "{% if %}",
    "{{ 1 + }}",
    "{% for %}",
    "{% endfor %}",
    "{{ a b }}",
    "{% if a %}",
    "{% foo %}",
    "{{ 'a }}",
    "{# x",
    "{{ ) }}",
    "{{ a..b }}",
    "{{ x.y }}",
    "{{ 1/0 }}",
    "{{ 'a' + 1 }}",
    "{{ 1 < 'a' }}",
    "{{ n() }}",
    "{{ a|nofilter }}",
    "{{ a is notest }}",
    "{{ x + 1 }}",
    "{% set a.b = 1 %}",
    "{{ raise_exception('no') }}",
    "{{ [1]|tojson(1,2,3,4,5) if false else c.append(1) }}",
    "{{ d.update({}) }}",
    "{{ ''.__class__.__mro__ }}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% import 'x' as y %}",
    "{{ f(1, 2 }}",
    "{% macro f(a %}",
    "{{ {'a' 1} }}",
    "{{ range(1000000) }}",
    "{{ 'x' % }}",
    "{% for a, b in [1] %}{% endfor %}",
    "{{ [1,2] - [1] }}",
    "{{ d.x() }}",
    "{{ lipsum.__globals__.x }}",
    "{{ namespace() + 1 }}",
]


def rendered(template, messages, **values):
    try:
        return environment().from_string(template).render(messages=messages, **values)
    except (jinja2.exceptions.TemplateError, TypeError, ValueError, ArithmeticError, AttributeError):
        return None


def main():
    snippets = [
        {"source": source, "output": rendered(source, [], add_generation_prompt=True, **VALUES)}
        for source in EXPRESSIONS + SPACE + MISTAKES]
    assert all(s["output"] is not None for s in snippets[:-len(MISTAKES)])
    assert all(s["output"] is None for s in snippets[-len(MISTAKES):])
    templates = {}
    for path in sorted(FOLDER.glob("*.jinja")):
        source = path.read_bytes().decode()
        templates[path.name] = [
            [rendered(source, messages, **COMMON, **options) for options in OPTIONS]
            for messages in CONVERSATIONS.values()]
    expected = {
        "now": int(NOW.timestamp()), "values": VALUES, "snippets": snippets, "common": COMMON,
        "options": OPTIONS, "conversations": list(CONVERSATIONS.values()), "templates": templates}
    text = json.dumps(expected, ensure_ascii=False, indent=0, separators=(",", ":"))
    (FOLDER / "expected.json").write_text(text + "\n")
    for name, rows in templates.items():
        texts = [text for row in rows for text in row]
        print(name, len(texts), "texts,", texts.count(None), "refused")
    print(len(snippets), "snippets")


main()
