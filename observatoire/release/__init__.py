"""What may be shown to everybody: counts made coarse enough that nobody is exposed. Pure."""
