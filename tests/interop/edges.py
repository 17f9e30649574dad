"""Documents at the edges of the grammar, which random ones seldom meet, and where a reader of docs/format.md could go wrong."""

from __future__ import annotations

_BASE64 = b"QUJD" * 8
_THREE = [quote * 3 for quote in (b"'", b'"', b"`")]

_QUOTES = [
    *(b"A=" + three + text for three in _THREE for text in (b"", three[:1], three, b"\nB=1\n" + three + b" # C=1\nD=2")),
    *(b'A="""x\\%b\nB=1\n"""\nC=1\n' % quotes for quotes in (b'"', b'"""', b'""""', b'"" ""', b'\\"""')),
]

_UNFINISHED = [
    b"A=%b\n  B=1\n\tC=2\nD=3\n" % value
    for value in (b"|", b"x >", b"{ ", b"[", b"(\x0b", b"1,", b"don't", b"a'b'", b"\\", b"\xa0")
]

# Names that are, or are not, the last line of wrapped base64 by themselves, or after a line of it.
_TAILS = [
    *(
        b"abcdefgHIJ=\n",
        b"abcdefgHIJk=\n",
        b"abcdefghiJKLMN1=\n",
        b"abcdefghiJKLMN1o=\n",
        b"abcdefghiJKLMNop=\n",
        b"ABCDEFGHIJK=\n",
    ),
    *(
        start + _BASE64 + end + b"\n" + name + b"=\n"
        for start in (b"A=", b"# ", b"x ", b"A='x' # ")
        for end in (b"", b" ", b"\r", b"\\", b".")
        for name in (b"QUJ", b"QUJDRE", b"QUJDREU", b"A_B", b"A_", b"q")
    ),
    b"A=" + b"f" * 32 + b"\nQUJDREU=\nA=" + b"f" * 300 + b"g" + b"f" * 200 + b"\nQUJDREU=\n",
]

_BLOCKS = [
    b"A=1\n  B=2\n\n  C=3\nx\n  D=4\n\n  E=5\n",
    b"<<<<<<< a\n<<<<<<< b\n>>>>>>> a\n=======\n>>>>>>> b\n=======\n>>>>>>> c\n<<<<<<<x\n<<<<<<<<<<<<<<<<<<<<\n",
    b"# -----BEGIN A-----END A\nA=1\n# -----END A-----BEGIN A\nA=1\n<<<<<<< a\n-----END\nB=1\n",
]

_CONTINUED = [
    b"A=1" + end
    for end in (
        *(b"\\", b"\\\n", b"\\\r\n", b"\\\\\n", b"\\\n\n", b"\\\n\nB=1", b"'\\\n'\\\n", b"\\\r", b"\r\\\n"),
        *(b"\nx\\\n", b"\n# x\\\n", b"\n<<<<<<< x\\\n", b"'\\\n'x\\\n"),
    )
]

EDGES = [*_QUOTES, *_UNFINISHED, *_TAILS, *_BLOCKS, *_CONTINUED]
