"""The grammar of conditions (reference 5.1), for an LALR(1) parser.

Words are read by shape and judged afterwards, so that a misspelt operator is called so. AND and OR
cannot stand beside each other at one level, since Azure does not define which binds closer.
"""

from __future__ import annotations

from typing import Final

GRAMMAR: Final = r"""
?start: expression

?expression: term
           | term (AND term)+          -> conjunction
           | term (OR term)+           -> disjunction

?term: NOT term                        -> negation
     | LPAR expression RPAR            -> group
     | EXISTS attribute                -> exists
     | ACTION LBRACE STRING RBRACE     -> action
     | SUBOPERATION LBRACE STRING RBRACE -> suboperation
     | attribute OPERATOR operand      -> plain
     | attribute PREFIX OPERATOR (values | attribute) -> crossed

attribute: SOURCE NAME
?operand: literal | attribute | values
values: LBRACE literal (COMMA literal)* RBRACE
literal: STRING | INTEGER | GUID | TRUE | FALSE

AND.3: /(?:AND\b|&&)/i
OR.3: /(?:OR\b|\|\|)/i
NOT.3: /(?:NOT\b|!)/i
TRUE.3: /true\b/i
FALSE.3: /false\b/i
EXISTS.3: /Exists\b/i
ACTION.3: /ActionMatches\b/i
SUBOPERATION.3: /SubOperationMatches\b/i
GUID.2: /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z-])/i
PREFIX.1: /[A-Za-z]+[ \t\r\n]*:/
OPERATOR: /[A-Za-z][A-Za-z0-9_]*/
INTEGER: /-?[0-9]+(?![0-9A-Za-z_.-])/
STRING: /'(?:[^'\r\n]|'')*'(?!')/
SOURCE: /@[A-Za-z]*/
NAME: /\[[^\[\]\r\n]*\]/
LPAR: "("
RPAR: ")"
LBRACE: "{"
RBRACE: "}"
COMMA: ","

%ignore /[ \t\r\n]+/
"""
