"""The bench: how fast, how lean and how quiet poe-tui is, beside a bare Textual app and an httpx loop in the same run.

``python -m bench`` measures everything, ``python -m bench start fast`` some of it, ``--quick`` once and short.
Programs run in a real pseudo-terminal, servers in a process of their own. What is measured from ``/proc`` is Linux only
and n/a elsewhere.
"""
