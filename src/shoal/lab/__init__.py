"""Guarantee: the lab shows what training does, computed by the engine that trains.

Floor 7, just below the command line. A run is a pure function of a scenario and an iteration, so
that the page can go back, branch, share a link and outlive a restart.
"""
