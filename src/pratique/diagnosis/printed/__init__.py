"""Reads what somebody pasted: which cause an error text names, and what to type.

It promises to touch nothing but the text, to read at most 64 KiB of it in linear time, and that
neither a secret of the text nor anything that a shell would run gets into a finding: a pasted
error is hostile input, and commands get pasted into a shell. The tables (`signs_*`) hold what
clients, servers and helpers print; `answers_*` what is told about each cause.

It refuses to know this machine, the network, and how a finding is shown.
"""

from pratique.diagnosis.printed.explaining import explain, words_in

__all__ = ["explain", "words_in"]
