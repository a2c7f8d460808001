"""The doctor: why an image cannot be pulled from here, for any registry.

It promises to look before it speaks: probes observe (`credentials`, `network`, `protocol`), what
they saw is a value (`facts`), and `rules` are pure functions from that value to findings. A cause
is called certain only where an observation proves it. No secret is ever in a finding.

It refuses to know how it is shown, what the server of Pratique is made of, and any host but those
of the image, its realm and its storage.
"""
