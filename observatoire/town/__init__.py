"""The simulated city besides its reports and facts: streets, works, events, noise, lights. Pure, seeded.

Each part is drawn after, and consistent with, the others; what was planted and its known answers are in `planted`.
"""
