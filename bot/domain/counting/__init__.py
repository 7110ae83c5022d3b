"""How the answers to each kind of poll are added up: one file for each way of counting.

Rule: whole numbers and fractions only. What is equal is called equal, nothing is drawn by lot, and `is_certain` never
says yes where some way of filling in what could not be read would give another result.
"""
