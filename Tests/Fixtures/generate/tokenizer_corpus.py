#!/usr/bin/env python3
"""Writes tokenizers/corpus.json: strings that tokenizers get wrong. Deterministic; run it after editing.

Usage: tokenizer_corpus.py"""

import json
import random
import unicodedata
from pathlib import Path

PLAIN = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r", "\t", "\t\t", " \n", "\n ", " \t \n  x", "a",
    " a", "a ", " a ", "  a  b  ", "hello world", "Hello, World!", "HELLO WORLD", "hELLO wORLD",
    "The quick brown fox jumps over the lazy dog.", "I'm, you're, he'll, we've, they'd, it's, can't",
    "I'M YOU'RE HE'LL WE'VE THEY'D IT'S", "'s 't 're 've 'm 'll 'd", "'S'T'RE", "it''s", "’s it’s don’t",
    "don't do not  do not", "x' y' z '", "rock 'n' roll", "1", "12", "123", "1234", "12345678901234567890",
    "3.14159", "1,000,000.00", "2024-02-29T23:59:59Z", "0x1F600", "1e-10", "١٢٣٤٥", "१२३४५", "৳১২৩", "Ⅷ ⅷ",
    "½ ¼ ¾ ²³ ₂", "①②③", "１２３", "v1.2.3-rc4+build5", "192.168.0.1", "50% off", "$100 €200 £300 ¥400 ₹500",
    "C++ C# F# .NET", "a+b=c; d-e*f/g", "!@#$%^&*()_+-=[]{}|;':\",./<>?`~", "!!!", "???", "...", "…", "—–-‐‑",
    "“quotes” ‘single’ «guillemets» „low“", "a.b.c", "a..b...c", "(a)(b)[c]{d}", "foo_bar fooBar FooBar FOO_BAR",
    "camelCaseStringWithManyWords", "snake_case_string_with_many_words", "kebab-case-string", "ALLCAPSWORD",
    "user@example.com", "https://example.com/path?query=1&other=two#fragment", "/usr/local/bin/env",
    "C:\\Windows\\System32\\drivers\\etc\\hosts", "<html><body class=\"x\">text</body></html>",
    "def f(x):\n    return x + 1\n\n\nif __name__ == '__main__':\n\tprint(f(2))\n",
    "int main(void) {\n  for (int i = 0; i < 10; ++i) { printf(\"%d\\n\", i); }\n  return 0;\n}\n",
    "SELECT * FROM t WHERE a = 'b' AND c <> 4;", "let x = y?.z ?? w!", "{\"a\": [1, 2.5, null, true], \"b\": {\"c\": \"d\"}}",
    "\\frac{a}{b} \\sum_{i=0}^{n} x_i^2", "a\\nb\\tc", "line one\nline two\r\nline three\rline four",
    "trailing spaces   \nnext", "   leading", "\tindented\n\t\tmore\n", "a\u00a0b", "a\u2003b\u2009c", "a\u200bb",
    "a\u200db\u200cc", "\ufeffbom", "a\u3000b", "a\u2028b\u2029c", "a\u0085b", "a\u180eb", "a\u000bb\u000cc",
    "nul\u0000in the middle", "\u0001\u0002\u001f\u007f", "\ufffd", "\ufffe\uffff", "\u00ad soft\u00adhyphen",
    # Scripts.
    "Größe, Straße, Äpfel, Öl, Übung", "ça va, où, œuvre, naïve, Noël", "¿Qué? ¡Año! español", "São Paulo, ação, não",
    "Zażółć gęślą jaźń", "Příliš žluťoučký kůň", "İstanbul ılık IŞIK ığdır", "Þórður Ævar", "Ελληνικά: Ξεσκεπάζω ὕβρις",
    "ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ", "Привет, мир! Ёлка, объём", "Україна їжак ґанок", "Здраво свете", "Բարեւ աշխարհ", "გამარჯობა მსოფლიო",
    "שלום עולם", "שָׁלוֹם", "مرحبا بالعالم", "السَّلَامُ عَلَيْكُمْ", "فارسی: سلام دنیا ۱۲۳", "اردو میں متن", "नमस्ते दुनिया",
    "क्षत्रिय ज्ञान", "বাংলা ভাষা", "தமிழ் மொழி", "తెలుగు భాష", "ಕನ್ನಡ", "മലയാളം", "සිංහල", "ภาษาไทยไม่มีช่องว่าง", "ลาว ພາສາລາວ",
    "မြန်မာဘာသာ", "ខ្មែរ", "བོད་སྐད", "አማርኛ", "ᏣᎳᎩ", "ᠮᠣᠩᠭᠣᠯ", "你好，世界！", "中文测试：我喜欢机器学习。", "繁體中文測試", "日本語のテスト、カタカナとひらがな。",
    "東京タワー", "ｶﾀｶﾅ ﾊﾝｶｸ", "안녕하세요 세계", "한국어 띄어쓰기", "\u1112\u1161\u11ab\u1100\u1173\u11af", "Tiếng Việt có dấu", "𠀀𠀁𪚥 𫝀",
    "漢字かな交じり文", "中英mixed混合text文本", "﨑 豈 更", "𐍈𐌰𐌹", "𓀀𓁐", "𝒜𝓑𝕮 𝟏𝟚𝟛", "Ａｆｕｌｌｗｉｄｔｈ", "ﬁ ﬂ ﬀ ﷺ", "㎏ ㎡ ℃ № ™ ©",
    # Combining marks, normalization.
    "e\u0301 é", "A\u030a Å \u212b", "n\u0303o\u0308", "q\u0323\u0307 q\u0307\u0323", "a\u0300\u0301\u0302\u0303\u0304\u0305", "Z\u0351\u036b\u0343a\u0323l\u033cg\u031fo",
    "ö o\u0308 Ö O\u0308", "\u0301 leading mark", "ﾊﾟ ﾊ\uff9f", "\u1e9b\u0323", "각 \u1100\u1161\u11a8", "ᾳ ᾼ", "Ǆ ǅ ǆ",
    # Emoji.
    "😀", "😀😃😄", "👍🏽 👩🏿‍🚀", "👨‍👩‍👧‍👦 family", "🏳️‍🌈🏴‍☠️", "🇩🇪🇫🇷🇯🇵", "1️⃣2️⃣#️⃣", "❤️ ♥ ❤", "☺︎☺️", "🤷🏻‍♂️", "text😀text", "😀 😀", "🫠🫡🪿",
    "⌚⏰🕰️", "→←↑↓⇒∀∃∈∑∏√∞≤≥≠", "█▓▒░", "♔♕♖", "𝄞𝄢", "\U0001f9d1\u200d\U0001f4bb",
    # Special tokens in text.
    "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>\n", "a<|im_start|>b",
    "<|im_start|", "|im_end|>", "<|im_start|><|im_start|>", " <|im_end|> ", "<start_of_turn>user\nhi<end_of_turn>\n", "<0x41>",
    "<0x0A>", "[CLS] a [SEP] b [MASK] [PAD] [UNK]", "[MASK]", " [MASK] ", "x[MASK]y", "<mask>", " <mask> ", "<|begin_of_text|>", "▁", "▁a ▁ b▁",
    "##ing", "a##b", "Ġ", "ĠĠ Ċ", "<think>\nhm\n</think>", "<tool_call>{\"name\": \"f\"}</tool_call>", "<extra_id_0>", "<table>", "<h1>", "<unused0>", "[multimodal]",
    "<|file_sep|><|repo_name|>", "<|", "|>", "<", ">", "<>", "<||>", "<|im_end|", "</", "<s", "s>",
    # Awkward boundaries.
    "a\n\nb", "a\n\n\nb", "a \n \n b", "a  \n\n  b", " \n\n", "\n\n\n\n", "\r\n\r\n", "\n\r", " \r\n ", "a\r\n", "!\n", "!\r\n\r\nx", ".\n\n\n", "/\n//\n", "x /", "a  b   c    d",
    "a\t b", "a \tb", "  \t", "end.  ", "。 、", "a　 b", "x1y2z3", "1a2b3c", "a1 b22 c333 d4444", "1 2 3", "1  2", "-1", "- 1", "+1-2", "a'b", "'a", "a'", "''", "' '",
    "é1à2", "日1本2", "٣a", "_a_", "__init__", "a_", "#tag @user", "50°C", "a·b", "10:30pm", "№5", "AT&T", "R&D's", "U.S.A.", "e.g. i.e.", "Mr. O'Neil-Smith",
    "aAaA", "ABCdef", "abcDEF", "ÀÉÎ àéî", "ﬀﬁ", "ß ẞ SS", "ŉ ǰ ΐ", "K Å", "ſ 'ſ", "ª º", "ʰʲ", "ꟸ", "ⁿ ₐ", "ㄅㄆㄇ", "々〆ヶ", "ー", "〜～", "・", "「」『』【】",
]


def assigned(chooser, first, last):
    """A character of a range that Unicode has had for twenty years: libraries know other versions."""
    while True:
        character = chr(chooser.randint(first, last))
        if unicodedata.ucd_3_2_0.category(character) != "Cn":
            return character


def generated():
    yield "a" * 50
    yield "a" * 1000
    yield " " * 100
    yield "x" + " " * 17 + "y"
    for count in (2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65):
        yield " " * count + "x"
        yield "\n" * count
        yield "=" * count
        yield "ha" * count
    yield "ab" * 500
    yield "\n" * 100
    yield "\t" * 20 + "x"
    yield "!" * 300
    yield "0123456789" * 30
    yield "é" * 200
    yield "漢" * 100
    yield "😀" * 50
    yield "e\u0301" * 60
    yield "antidisestablishmentarianism" * 8
    yield "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 6
    chooser = random.Random(5)
    ranges = [
        (0x20, 0x7E), (0xA0, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF),
        (0x590, 0x5F4), (0x600, 0x6FF), (0x900, 0x97F), (0xE00, 0xE5B), (0x1100, 0x11FF), (0x1E00, 0x1EFF),
        (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2190, 0x21FF), (0x3040, 0x30FF), (0x4E00, 0x9FFF),
        (0xAC00, 0xD7A3), (0xFB00, 0xFB06), (0xFF00, 0xFFEF), (0x20000, 0x2A6DF)]
    for first, last in ranges:
        # One script; then all of them, with spaces and ends of lines between.
        yield "".join(assigned(chooser, first, last) for _ in range(24))
    for _ in range(60):
        parts = []
        for _ in range(chooser.randint(2, 24)):
            first, last = chooser.choice(ranges)
            parts.append("".join(
                assigned(chooser, first, last) for _ in range(chooser.randint(1, 4))))
            parts.append(chooser.choice(["", "", " ", "  ", "\n", "\t", "'s", ". ", "1", "<s>"]))
        yield "".join(parts)


def main():
    texts = list(dict.fromkeys(PLAIN + list(generated())))
    text = "[\n" + ",\n".join(json.dumps(t) for t in texts) + "\n]\n"
    (Path(__file__).parent.parent / "tokenizers/corpus.json").write_text(text)
    print(len(texts), "strings")


main()
