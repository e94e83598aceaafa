"""`make bench`: what a login costs, measured in turns with the floor, the least a program can do for one.

Read ratios, not milliseconds: the machine drifts, and both targets drift with it. docs/performance.md explains the
table.
"""
